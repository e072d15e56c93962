import { DuckDBStructValue, type DuckDBValue } from '@duckdb/node-api';
import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import { assertDifferent, assertOneRow, dynamicStatement, parameterNames } from './dynamic-sql.ts';
import { invalidQuery, type Position } from './errors.ts';
import type { QueryConfiguration } from './job-configuration.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Outcome, Plan, QueryEngine, TranslatedQuery } from './query-engine.ts';
import { type Action, ScriptFlow } from './script-flow.ts';
import { ScriptJobs, scriptSummary } from './script-jobs.ts';
import type { ScriptTables } from './script-tables.ts';
import { assertSettable, firstOf, ScopedVariables, scriptSystemVariables } from './script-variables.ts';
import type { Parameter, Variable, Variables } from './sql/bindings.ts';
import { addTemporaryFunction, type RoutineDefinition } from './sql/routine.ts';
import type { Script, ScriptExpression, ScriptNode, ScriptText } from './sql/script.ts';
import type { Statement } from './sql/statements.ts';
import { type DataType, type Field, sameType, scalar, structKey, typeName, typeOfField } from './types.ts';

/** The cumulative time limit. https://docs.cloud.google.com/bigquery/quotas#multi_statement_query_limits */
export const SCRIPT_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export interface ScriptHost {
  readonly engine: QueryEngine;
  readonly jobs: Jobs;
  /** Plans, runs and bills a query as the work of a job. */
  runQuery(job: Job, translated: TranslatedQuery, execute?: (plan: Plan) => Promise<Outcome>): Promise<void>;
  /** The first rows of a finished job, and how many it has. */
  rowsOf(job: Job, count: number): Promise<{ rows: readonly (readonly DuckDBValue[])[]; total: number }>;
  /** Forgets a finished job, and its rows when nothing else shows them. */
  forget(job: Job, withRows: boolean): void;
}

type Node<K extends ScriptNode['node']> = Extract<ScriptNode, { node: K }>;

/** What a child job runs. */
interface Part {
  readonly statement: Statement;
  readonly text: ScriptText;
  readonly configuration: QueryConfiguration;
  /** Those that the script declares; dynamic SQL knows none. */
  readonly variables: readonly Variables[];
  /** The statement that makes dynamic SQL. */
  readonly caller?: ScriptText;
}

/** Runs the script of a job: each statement is a job of its own. The result is that of the last statement. */
export class ScriptRun {
  readonly #host: ScriptHost;
  readonly #job: Job;
  #configuration: QueryConfiguration;
  readonly #access: Access;
  readonly #variables = new ScopedVariables();
  readonly #tables: ScriptTables;
  readonly #jobs: ScriptJobs;
  readonly #functions = new Map<string, RoutineDefinition>();
  readonly #flow: ScriptFlow;
  #rowCount: number | undefined;

  constructor(host: ScriptHost, job: Job, configuration: QueryConfiguration, access: Access) {
    this.#host = host;
    this.#job = job;
    this.#configuration = configuration;
    this.#access = access;
    this.#tables = host.engine.scriptTables();
    // The rows of the last statement are those of the script.
    const forget = (child: Job) => host.forget(child, child.outcome !== job.outcome);
    this.#jobs = new ScriptJobs(host.jobs, job, access, forget);
    this.#flow = new ScriptFlow({
      variables: this.#variables,
      signal: job.abort.signal,
      act: (node) => this.#act(node),
      evaluate: (value, type) => this.#evaluate(value, type),
      rows: (query, count) => this.#rows(this.#part(query.statement, query), count),
    });
  }

  async run(script: Script): Promise<void> {
    if (this.#configuration.dryRun) return;
    try {
      await this.#flow.run(script);
    } finally {
      this.#tables.close();
    }
    this.#job.outcome ??= {};
  }

  async #act(node: Action): Promise<void> {
    switch (node.node) {
      case 'declare':
        return this.#declare(node);
      case 'set':
        return this.#set(node);
      case 'set system':
        return this.#setSystem(node);
      case 'raise':
        return this.#raise(node);
      case 'execute':
        return this.#execute(node);
      case 'transaction':
        return this.#transaction(node);
      case 'statement': {
        if (addTemporaryFunction(this.#functions, node.statement)) return;
        await this.#statement(this.#part(node.statement, node));
      }
    }
  }

  #part(statement: Statement, text: ScriptText): Part {
    return { statement, text, configuration: this.#configuration, variables: [this.#variables] };
  }

  async #declare({ names, type, value }: Node<'declare'>): Promise<void> {
    const initial = value
      ? await this.#evaluate(value, type)
      : { type: type ?? scalar('INT64'), value: null };
    for (const { text, at } of names) this.#variables.declare(text, at, initial);
  }

  async #set({ names, isList, value }: Node<'set'>): Promise<void> {
    const variables = names.map(({ text, at }) => this.#variables.declared(text, at));
    const [first] = variables;
    if (!isList && first) {
      return this.#variables.assign(names[0]?.text ?? '', await this.#evaluate(value, first.type));
    }
    const fields = variables.map(({ type }) => ({ name: '', type }));
    const list = await this.#evaluate(value, { kind: 'STRUCT', fields });
    if (!(list.value instanceof DuckDBStructValue)) {
      throw invalidQuery('Cannot assign NULL to a list of variables', value.start);
    }
    const { entries } = list.value;
    for (const [index, { text }] of names.entries()) {
      const own = variables[index];
      if (own) this.#variables.assign(text, { type: own.type, value: entries[structKey(index)] ?? null });
    }
  }

  async #setSystem({ name, at, value }: Node<'set system'>): Promise<void> {
    assertSettable(name, at);
    const given = await this.#text(value);
    if (name === '@@time_zone') {
      if (given?.toUpperCase() === 'UTC') return;
      throw invalidQuery(`SET @@time_zone to ${given} is not supported by the local BigQuery`, at);
    }
    const { projectId = this.#host.engine.projectId, datasetId = '' } =
      this.#configuration.defaultDataset ?? {};
    const dataset = name === '@@dataset_id' ? { projectId, datasetId: given ?? '' } : undefined;
    const defaultDataset = dataset ?? { projectId: given ?? '', datasetId };
    this.#configuration = {
      ...this.#configuration,
      defaultDataset: defaultDataset.datasetId === '' ? undefined : defaultDataset,
    };
  }

  async #raise({ message, start }: Node<'raise'>): Promise<void> {
    if (message) throw invalidQuery((await this.#text(message)) ?? 'NULL', start);
    throw this.#flow.handled?.error ?? new RangeError('no error to raise again');
  }

  async #text(value: ScriptExpression): Promise<string | undefined> {
    const { value: text } = await this.#evaluate(value, scalar('STRING'));
    return typeof text === 'string' ? text : undefined;
  }

  async #execute(node: Node<'execute'>): Promise<void> {
    const { sql, into, start } = node;
    const targets = into.map(({ text, at }) => this.#variables.declared(text, at));
    assertDifferent(into, start);
    const text = await this.#text(sql);
    const parameters = await this.#parameters(node);
    const dynamic = dynamicStatement(text, sql.start, into);
    if (addTemporaryFunction(this.#functions, dynamic.statement)) return;
    const configuration = { ...this.#configuration, parameters };
    const part = { ...dynamic, configuration, variables: [], caller: node };
    if (into.length === 0) {
      await this.#statement(part);
      return;
    }
    const { fields, rows } = await this.#rows(part, 1);
    assertOneRow(fields.length, rows.length, into, start);
    const [row] = rows;
    for (const [index, target] of targets.entries()) {
      const [field, name] = [fields[index], into[index]];
      if (!field || !name) throw new RangeError('a variable without a column');
      const own = typeOfField(field);
      const value = row ? await this.#assignable(own, row[index] ?? null, target, name.text, start) : null;
      this.#variables.assign(name.text, { type: target.type, value });
    }
  }

  async #parameters({ using, start }: Node<'execute'>): Promise<Parameter[]> {
    const names = parameterNames(using, start);
    const parameters: Parameter[] = [];
    for (const [index, { value }] of using.entries()) {
      parameters.push({ name: names[index], ...(await this.#evaluate(value, undefined)) });
    }
    return parameters;
  }

  /** A value of dynamic SQL as the type of a variable. */
  async #assignable(type: DataType, value: DuckDBValue, to: Variable, name: string, at: Position) {
    if (sameType(type, to.type)) return value;
    try {
      const parts = [{ text: 'value', at }];
      const expression = { node: 'path' as const, at, parts };
      const given = { find: (key: string) => (key === 'value' ? { type, value } : undefined) };
      return (await this.#compute(expression, to.type, given)).value;
    } catch (cause) {
      if (!(cause instanceof CloudError)) throw cause;
      throw invalidQuery(
        `Value returned by Dynamic SQL has type ${typeName(type)} which is not assignable to variable ${name} of type ${typeName(to.type)}`,
        at,
      );
    }
  }

  async #transaction(node: Node<'transaction'>): Promise<void> {
    await this.#jobs.run('STATEMENT', node, undefined, async (job) => {
      const bytes = { processed: 0, billed: 0 };
      const statementType = `${node.verb}_TRANSACTION`;
      job.summary = { statementType, bytes, referencedTables: [], fields: undefined };
      if (node.verb === 'BEGIN') this.#tables.begin();
      job.transactionId = this.#tables.transactionId;
      if (node.verb === 'COMMIT') await this.#tables.commit();
      if (node.verb === 'ROLLBACK') this.#tables.rollback();
      job.outcome = {};
    });
  }

  async #statement(part: Part): Promise<Job> {
    const { text, caller, statement, configuration } = part;
    const child = await this.#jobs.run('STATEMENT', text, caller, async (job) => {
      const { engine } = this.#host;
      const variables = this.#known(job, part.variables);
      const named = { statement, variables, own: this.#tables, functions: this.#functions };
      job.transactionId = this.#tables.transactionId;
      await engine.claim(configuration, this.#access, job.location, named);
      await this.#host.runQuery(job, engine.translate(configuration, this.#access, job.location, named));
    });
    const changed = child.outcome?.changedRows;
    this.#rowCount = changed && Object.values(changed).reduce((sum, rows) => sum + rows, 0);
    const { bytes } = this.#job.summary ?? {};
    this.#job.summary = { ...scriptSummary(bytes), fields: child.summary?.fields };
    this.#job.outcome = child.outcome;
    return child;
  }

  /** The columns and the rows of a query; one row too many tells that there are more. */
  async #rows(part: Part, count: number) {
    const child = await this.#statement(part);
    const fields: readonly Field[] = child.summary?.fields ?? [];
    return { fields, ...(await this.#host.rowsOf(child, count + 1)) };
  }

  /** An expression that reads tables is a job, too. */
  async #evaluate(node: ScriptExpression, type: DataType | undefined): Promise<Variable> {
    return await this.#flow.watched(node, async () => {
      const variables = this.#known(this.#job, [this.#variables]);
      const translated = this.#translated(node.expression, type, variables);
      let value: DuckDBValue = null;
      const compute = async (plan: Plan) => {
        value = await this.#host.engine.evaluate(plan, this.#job.abort.signal);
        return {};
      };
      if (translated.translation.reads.length === 0) await compute(await this.#host.engine.plan(translated));
      else {
        await this.#jobs.run('EXPRESSION', node, undefined, (job) =>
          this.#host.runQuery(job, translated, compute),
        );
      }
      return { type: translated.type, value };
    });
  }

  async #compute(expression: ScriptExpression['expression'], type: DataType, variables: Variables) {
    const { engine } = this.#host;
    const translated = this.#translated(expression, type, variables);
    return { value: await engine.evaluate(await engine.plan(translated), this.#job.abort.signal) };
  }

  #translated(expression: ScriptExpression['expression'], type: DataType | undefined, variables: Variables) {
    const { location } = this.#job;
    const part = {
      expression,
      variables,
      own: this.#tables,
      functions: this.#functions,
      ...(type && { type }),
    };
    return this.#host.engine.translateExpression(this.#configuration, this.#access, location, part);
  }

  #known(job: Job, variables: readonly Variables[]): Variables {
    const progress = {
      ...{ rowCount: this.#rowCount, lastJobId: this.#jobs.lastJobId, caught: this.#flow.handled },
    };
    return firstOf(scriptSystemVariables(this.#job, job, progress), ...variables);
  }
}
