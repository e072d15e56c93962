import { DuckDBListValue, DuckDBStructValue, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import { invalidQuery, type Position, unsupported } from './errors.ts';
import type { QueryConfiguration } from './job-configuration.ts';
import type { Job } from './jobs.ts';
import { byteSize } from './sizes.ts';
import type { Variable, Variables } from './sql/bindings.ts';
import type { ScriptText } from './sql/script.ts';
import { type DataType, scalar, structKey } from './types.ts';

const STACK_TRACE: DataType = {
  kind: 'ARRAY',
  element: struct({ line: 'INT64', column: 'INT64', filename: 'STRING', location: 'STRING' }),
};

/** An error that a handler may read. */
export interface Caught {
  readonly error: Error;
  /** The part of the script that failed. */
  readonly text: ScriptText;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#declare */
const MAX_BYTES = 1024 ** 2;
const MAX_TOTAL_BYTES = 10 * MAX_BYTES;

interface SizedVariable extends Variable {
  /** Logical bytes. */
  readonly bytes: number;
}

/** The variables that a script declares, in blocks. */
export class ScopedVariables implements Variables {
  /** By lower-case name, the innermost block last. */
  readonly #blocks: Map<string, SizedVariable>[] = [];

  /** Runs `work` in a block of its own. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    const depth = this.#blocks.push(new Map());
    try {
      return await work();
    } finally {
      this.#blocks.length = depth - 1;
    }
  }

  find(name: string): Variable | undefined {
    const key = name.toLowerCase();
    return this.#blocks.findLast((block) => block.has(key))?.get(key);
  }

  declare(name: string, at: Position, variable: Variable): void {
    if (this.find(name)) throw invalidQuery(`Variable '${name}' redeclaration`, at);
    this.#put(this.#blocks.at(-1), name, variable);
  }

  /** Throws for a variable that is not declared. */
  declared(name: string, at: Position): Variable {
    const variable = this.find(name);
    if (variable) return variable;
    throw invalidQuery(`Undeclared variable: ${name}`, at);
  }

  /** Throws for a value that is too large. */
  assign(name: string, variable: Variable): void {
    const key = name.toLowerCase();
    this.#put(
      this.#blocks.findLast((block) => block.has(key)),
      name,
      variable,
    );
  }

  #put(block: Map<string, SizedVariable> | undefined, name: string, variable: Variable): void {
    const key = name.toLowerCase();
    const bytes = byteSize(variable.type, variable.value);
    if (bytes > MAX_BYTES) {
      throw invalidQuery(`Variable '${name}' has ${bytes} bytes: a variable may have at most ${MAX_BYTES}`);
    }
    const all = this.#blocks.flatMap((each) => [...each.values()]);
    const total = all.reduce((sum, each) => sum + each.bytes, bytes - (block?.get(key)?.bytes ?? 0));
    if (total > MAX_TOTAL_BYTES) {
      throw invalidQuery(
        `With '${name}' the variables of the script have ${total} bytes: they may have at most ${MAX_TOTAL_BYTES}`,
      );
    }
    block?.set(key, { ...variable, bytes });
  }
}

/** System variables of every statement. https://docs.cloud.google.com/bigquery/docs/reference/system-variables */
export function systemVariables(projectId: string, { defaultDataset }: QueryConfiguration): Variables {
  return variablesOf({
    '@@project_id': text(projectId),
    '@@dataset_id': text(defaultDataset?.datasetId),
    '@@dataset_project_id': text(defaultDataset?.projectId ?? projectId),
    '@@time_zone': text('UTC'),
  });
}

/** What a script shows of itself. */
interface ScriptProgress {
  /** Of the last statement, when it changed rows. */
  readonly rowCount: number | undefined;
  readonly lastJobId: string | undefined;
  readonly caught: Caught | undefined;
}

/** System variables of a script and of the job that runs a part of it. */
export function scriptSystemVariables(
  script: Job,
  current: Job,
  { rowCount, lastJobId, caught }: ScriptProgress,
): Variables {
  const { bytes } = script.summary ?? {};
  const created = new DuckDBTimestampValue(BigInt(script.creationTime) * 1000n);
  return variablesOf({
    '@@current_job_id': text(current.id),
    '@@last_job_id': text(lastJobId),
    '@@location': text(script.location),
    '@@row_count': integer(rowCount),
    '@@script': record({
      bytes_billed: integer(bytes?.billed ?? 0),
      bytes_processed: integer(bytes?.processed ?? 0),
      creation_time: { type: scalar('TIMESTAMP'), value: created },
      job_id: text(script.id),
      num_child_jobs: integer(script.children),
    }),
    '@@error': caughtVariable(caught),
  });
}

function caughtVariable(caught: Caught | undefined): Variable {
  const { start } = caught?.text ?? {};
  const frame = start && record({ ...frameOf(start), filename: text(undefined), location: text(undefined) });
  return record({
    message: text(caught?.error.message),
    statement_text: text(caught?.text.text),
    stack_trace: { type: STACK_TRACE, value: frame ? new DuckDBListValue([frame.value]) : null },
    formatted_stack_trace: text(start && `At [${start.line}:${start.column}]\n`),
  });
}

function frameOf({ line, column }: Position) {
  return { line: integer(line), column: integer(column) };
}

/** The first of these that knows a name. */
export function firstOf(...all: readonly Variables[]): Variables {
  return { find: (name) => all.map((variables) => variables.find(name)).find((found) => found) };
}

/** Checks the name of a system variable that a statement sets. */
export function assertSettable(name: string, at: Position): void {
  if (/^@@(dataset_id|dataset_project_id|time_zone)$/.test(name)) return;
  if (/^@@(query_label|reservation|location|session_id)$/.test(name)) throw unsupported(`SET ${name}`, at);
  throw invalidQuery(`Cannot assign to the system variable ${name}`, at);
}

function variablesOf(values: Readonly<Record<string, Variable>>): Variables {
  return { find: (name) => (Object.hasOwn(values, name) ? values[name] : undefined) };
}

function text(value: string | undefined): Variable {
  return { type: scalar('STRING'), value: value ?? null };
}

function integer(value: number | undefined): Variable {
  return { type: scalar('INT64'), value: value === undefined ? null : BigInt(value) };
}

function record(fields: Readonly<Record<string, Variable>>): Variable {
  const names = Object.keys(fields);
  const type: DataType = {
    kind: 'STRUCT',
    fields: Object.entries(fields).map(([name, variable]) => ({ name, type: variable.type })),
  };
  const value = structOf(names.map((name) => fields[name]?.value ?? null));
  return { type, value };
}

/** A STRUCT of DuckDB with these values. */
export function structOf(values: readonly DuckDBValue[]): DuckDBStructValue {
  return new DuckDBStructValue(Object.fromEntries(values.map((value, index) => [structKey(index), value])));
}

function struct(fields: Readonly<Record<string, 'INT64' | 'STRING'>>): DataType {
  return {
    kind: 'STRUCT',
    fields: Object.entries(fields).map(([name, kind]) => ({ name, type: scalar(kind) })),
  };
}
