import { randomUUID } from 'node:crypto';
import type { DuckDBValue } from '@duckdb/node-api';
import { DuckDBStructValue } from '@duckdb/node-api';
import type { Access } from '../callers.ts';
import type { Bytes } from './billing.ts';
import { invalidQuery } from './errors.ts';
import type { QueryConfiguration } from './job-configuration.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Outcome, Plan, QueryEngine, TranslatedQuery } from './query-engine.ts';
import type { Variable, Variables } from './sql/bindings.ts';
import type { Script, ScriptNode, ScriptText } from './sql/parse-script.ts';
import { type DataType, scalar, structKey } from './types.ts';

/** Statements that one script may run. https://docs.cloud.google.com/bigquery/quotas#multi_statement_query_limits */
const MAX_STATEMENTS = 1_000;

export interface ScriptHost {
  readonly engine: QueryEngine;
  readonly jobs: Jobs;
  /** Plans, runs and bills a query as the work of a job. */
  runQuery(job: Job, translated: TranslatedQuery, execute?: (plan: Plan) => Promise<Outcome>): Promise<void>;
}

type Node<K extends ScriptNode['node']> = Extract<ScriptNode, { node: K }>;

/** Runs the script of a job: each statement is a job of its own. The result is that of the last statement. */
export class ScriptRun {
  readonly #host: ScriptHost;
  readonly #job: Job;
  readonly #configuration: QueryConfiguration;
  readonly #access: Access;
  /** By lower-case name, the innermost block last. */
  readonly #blocks: Map<string, Variable>[] = [];
  readonly #variables: Variables = { find: (name) => this.#find(name) };
  readonly #id = randomUUID().replaceAll('-', '_');

  constructor(host: ScriptHost, job: Job, configuration: QueryConfiguration, access: Access) {
    this.#host = host;
    this.#job = job;
    this.#configuration = configuration;
    this.#access = access;
  }

  async run(script: Script): Promise<void> {
    this.#job.summary = summaryOf({ processed: 0, billed: 0 });
    if (this.#configuration.dryRun) return;
    await this.#block(script);
    this.#job.outcome ??= {};
  }

  async #block(script: Script): Promise<void> {
    this.#blocks.push(new Map());
    for (const node of script) await this.#node(node);
    this.#blocks.pop();
  }

  async #node(node: ScriptNode): Promise<void> {
    this.#job.abort.signal.throwIfAborted();
    switch (node.node) {
      case 'declare':
        return this.#declare(node);
      case 'set':
        return this.#set(node);
      case 'if':
        return this.#if(node);
      case 'block':
        return this.#block(node.body);
      case 'statement':
        return this.#statement(node);
    }
  }

  async #declare({ names, type, value }: Node<'declare'>): Promise<void> {
    const initial = value
      ? await this.#evaluate(value, type)
      : { type: type ?? scalar('INT64'), value: null };
    const block = this.#blocks.at(-1);
    for (const { text, at } of names) {
      if (this.#find(text)) throw invalidQuery(`Variable '${text}' redeclaration`, at);
      block?.set(text.toLowerCase(), initial);
    }
  }

  async #set({ names, isList, value }: Node<'set'>): Promise<void> {
    const variables = names.map(({ text, at }) => {
      const variable = this.#find(text);
      if (!variable) throw invalidQuery(`Undeclared variable: ${text}`, at);
      return variable;
    });
    const [first] = variables;
    if (!isList && first) return this.#assign(names[0]?.text ?? '', await this.#evaluate(value, first.type));
    const fields = variables.map(({ type }) => ({ name: '', type }));
    const list = await this.#evaluate(value, { kind: 'STRUCT', fields });
    if (!(list.value instanceof DuckDBStructValue)) {
      throw invalidQuery('Cannot assign NULL to a list of variables', value.start);
    }
    const { entries } = list.value;
    for (const [index, { text }] of names.entries()) {
      const own = variables[index];
      if (own) this.#assign(text, { type: own.type, value: entries[structKey(index)] ?? null });
    }
  }

  #assign(name: string, variable: Variable): void {
    const key = name.toLowerCase();
    this.#blocks.findLast((block) => block.has(key))?.set(key, variable);
  }

  async #if({ branches, otherwise }: Node<'if'>): Promise<void> {
    for (const { condition, body } of branches) {
      const { value } = await this.#evaluate(condition, scalar('BOOL'));
      if (value === true) return this.#block(body);
    }
    return this.#block(otherwise);
  }

  async #statement(node: Node<'statement'>): Promise<void> {
    const child = await this.#child('STATEMENT', node, (job) => {
      const { statement } = node;
      const part = { statement, variables: this.#variables };
      return this.#host.runQuery(
        job,
        this.#host.engine.translate(this.#configuration, this.#access, job.location, part),
      );
    });
    const { bytes } = this.#job.summary ?? {};
    this.#job.summary = { ...summaryOf(bytes), fields: child.summary?.fields };
    this.#job.outcome = child.outcome;
  }

  /** An expression that reads tables is a job, too. */
  async #evaluate(node: Node<'set'>['value'], type: DataType | undefined): Promise<Variable> {
    const { engine } = this.#host;
    const { location, abort } = this.#job;
    const part = { expression: node.expression, variables: this.#variables, ...(type && { type }) };
    const translated = engine.translateExpression(this.#configuration, this.#access, location, part);
    let value: DuckDBValue = null;
    const compute = async (plan: Plan) => {
      value = await engine.evaluate(plan, abort.signal);
      return {};
    };
    if (translated.translation.reads.length === 0) await compute(await engine.plan(translated));
    else await this.#child('EXPRESSION', node, (job) => this.#host.runQuery(job, translated, compute));
    return { type: translated.type, value };
  }

  /** Runs a part of the script as a job. Throws its error. */
  async #child(
    evaluationKind: 'STATEMENT' | 'EXPRESSION',
    { text, start, end }: ScriptText,
    run: (job: Job) => Promise<void>,
  ): Promise<Job> {
    const parent = this.#job;
    const { jobs } = this.#host;
    if (parent.children >= MAX_STATEMENTS) {
      throw invalidQuery(`A script may run at most ${MAX_STATEMENTS} statements`, start);
    }
    const work = { type: 'QUERY', location: parent.location, jobTimeoutMs: undefined, run } as const;
    const configuration = { query: { query: text, useLegacySql: false } };
    const child = jobs.create(work, configuration, this.#access, `script_job_${this.#id}_${parent.children}`);
    parent.children += 1;
    child.script = {
      parentJobId: parent.id,
      evaluationKind,
      frame: {
        ...{ startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column },
        text,
      },
    };
    const stop = () => child.abort.abort(parent.abort.signal.reason);
    parent.abort.signal.addEventListener('abort', stop, { once: true });
    jobs.register(child);
    await jobs.run(child, work);
    parent.abort.signal.removeEventListener('abort', stop);
    if (child.error) throw child.error;
    const before = parent.summary?.bytes;
    const own = child.summary?.bytes;
    parent.summary = summaryOf({
      processed: (before?.processed ?? 0) + (own?.processed ?? 0),
      billed: (before?.billed ?? 0) + (own?.billed ?? 0),
    });
    return child;
  }

  #find(name: string): Variable | undefined {
    const key = name.toLowerCase();
    return this.#blocks.findLast((block) => block.has(key))?.get(key);
  }
}

function summaryOf(bytes: Bytes = { processed: 0, billed: 0 }) {
  return { statementType: 'SCRIPT', bytes, referencedTables: [], fields: undefined };
}
