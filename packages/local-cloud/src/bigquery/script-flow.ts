import { setImmediate } from 'node:timers/promises';
import type { DuckDBValue } from '@duckdb/node-api';
import { CloudError } from '../errors.ts';
import { invalidQuery } from './errors.ts';
import { type Caught, type ScopedVariables, structOf } from './script-variables.ts';
import type { Variable } from './sql/bindings.ts';
import type { Script, ScriptExpression, ScriptNode, ScriptText } from './sql/script.ts';
import { type DataType, type Field, scalar, typeOfField } from './types.ts';

/** Rows that a FOR loop may have: they are in memory. */
const MAX_ROWS = 100_000;

type Node<K extends ScriptNode['node']> = Extract<ScriptNode, { node: K }>;

/** A statement that decides nothing about what runs next. */
export type Action = Node<
  'declare' | 'set' | 'set system' | 'raise' | 'execute' | 'transaction' | 'statement'
>;

type ForQuery = Node<'for'>['query'];

/** What runs the statements and expressions of a script. */
interface FlowHost {
  readonly variables: ScopedVariables;
  /** Stops the script. */
  readonly signal: AbortSignal;
  act(node: Action): Promise<void>;
  evaluate(value: ScriptExpression, type: DataType): Promise<Variable>;
  /** The columns and the first rows of a query: one too many tells that there are more. */
  rows(
    query: ForQuery,
    count: number,
  ): Promise<{ fields: readonly Field[]; rows: readonly (readonly DuckDBValue[])[] }>;
}

/** Why a list of statements ended early. */
type Jump =
  | { readonly to: 'break' | 'continue'; readonly label: string | undefined }
  | { readonly to: 'return'; readonly label?: undefined };

/** Which statements of a script run, and in what order. */
export class ScriptFlow {
  readonly #host: FlowHost;
  /** The errors that handlers are handling, the innermost last. */
  readonly #handled: Caught[] = [];
  #failed: Caught | undefined;

  constructor(host: FlowHost) {
    this.#host = host;
  }

  /** The error that is being handled. */
  get handled(): Caught | undefined {
    return this.#handled.at(-1);
  }

  /** Runs statements in a block of their own. */
  async run(script: Script): Promise<void> {
    await this.#host.variables.within(() => this.#all(script));
  }

  async #all(script: Script): Promise<Jump | undefined> {
    for (const node of script) {
      const jump = await this.#node(node);
      if (jump) return jump;
    }
    return undefined;
  }

  async #node(node: ScriptNode): Promise<Jump | undefined> {
    this.#host.signal.throwIfAborted();
    return await this.watched(node, () => this.#step(node));
  }

  /** Remembers the innermost text that fails. */
  async watched<T>(text: ScriptText, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && this.#failed?.error !== error) this.#failed = { error, text };
      throw error;
    }
  }

  async #step(node: ScriptNode): Promise<Jump | undefined> {
    switch (node.node) {
      case 'block':
        return this.#block(node);
      case 'if':
        return this.#if(node);
      case 'case':
        return this.#case(node);
      case 'loop':
        return this.#loop(node);
      case 'for':
        return this.#host.variables.within(() => this.#for(node));
      case 'break':
      case 'continue':
        return { to: node.node, label: node.label };
      case 'return':
        return { to: 'return' };
      default:
        await this.#host.act(node);
        return undefined;
    }
  }

  async #block({ label, body, handler }: Node<'block'>): Promise<Jump | undefined> {
    const jump = await this.#handling(handler, () => this.#host.variables.within(() => this.#all(body)));
    return jump?.to === 'break' && jump.label !== undefined && jump.label === label ? undefined : jump;
  }

  /** An error of this process is no error of the script, and a script that is stopped handles none. */
  async #handling(handler: Script | undefined, work: () => Promise<Jump | undefined>) {
    try {
      return await work();
    } catch (error) {
      const caught = this.#failed;
      const isOfScript = error instanceof CloudError && error.code !== 'INTERNAL';
      const isStopped = this.#host.signal.aborted;
      if (!handler || !isOfScript || isStopped || caught?.error !== error) throw error;
      this.#handled.push(caught);
      try {
        return await this.#all(handler);
      } finally {
        this.#handled.pop();
      }
    }
  }

  async #if({ branches, otherwise }: Node<'if'>): Promise<Jump | undefined> {
    for (const { condition, body } of branches) {
      if (await this.#isTrue(condition)) return this.#all(body);
    }
    return this.#all(otherwise);
  }

  async #case({ index, bodies, otherwise }: Node<'case'>): Promise<Jump | undefined> {
    const { value } = await this.#host.evaluate(index, scalar('INT64'));
    return this.#all(bodies[Number(value)] ?? otherwise);
  }

  async #loop({ label, while: condition, body, until }: Node<'loop'>): Promise<Jump | undefined> {
    for (;;) {
      await this.#breathe();
      if (condition && !(await this.#isTrue(condition))) return undefined;
      const jump = await this.#all(body);
      if (jump && !isOf(jump, label)) return jump;
      if (jump?.to === 'break' || (until && (await this.#isTrue(until)))) return undefined;
    }
  }

  /** A loop without a job lets everything else in this process go on, and ends with its script. */
  async #breathe(): Promise<void> {
    await setImmediate();
    this.#host.signal.throwIfAborted();
  }

  async #for({ label, variable, query, body }: Node<'for'>): Promise<Jump | undefined> {
    const { text: name, at } = variable;
    const { fields, rows } = await this.#host.rows(query, MAX_ROWS);
    if (rows.length > MAX_ROWS) {
      throw invalidQuery(`A FOR loop over more than ${MAX_ROWS} rows is not supported by the local BigQuery`);
    }
    const type: DataType = {
      kind: 'STRUCT',
      fields: fields.map((field) => ({ name: field.name, type: typeOfField(field) })),
    };
    this.#host.variables.declare(name, at, { type, value: null });
    for (const row of rows) {
      await this.#breathe();
      this.#host.variables.assign(name, { type, value: structOf(row) });
      const jump = await this.#all(body);
      if (jump && !isOf(jump, label)) return jump;
      if (jump?.to === 'break') break;
    }
    return undefined;
  }

  async #isTrue(condition: ScriptExpression): Promise<boolean> {
    return (await this.#host.evaluate(condition, scalar('BOOL'))).value === true;
  }
}

/** Whether a jump concerns a loop with this label. */
function isOf(jump: Jump, label: string | undefined): boolean {
  return jump.to !== 'return' && (jump.label === undefined || jump.label === label);
}
