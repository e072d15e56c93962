import type { Access } from '../callers.ts';
import type { DailyQuota } from './daily-quota.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid } from './errors.ts';
import { type ConfigurationInput, checkedJobOptions, type QueryConfiguration } from './job-configuration.ts';
import type { JobResults } from './job-results.ts';
import type { Job, Jobs, JobWork } from './jobs.ts';
import { checkedLocation } from './locations.ts';
import type { Plan, QueryEngine, TranslatedQuery } from './query-engine.ts';
import { SCRIPT_TIMEOUT_MS, type ScriptHost, ScriptRun } from './scripts.ts';
import { tokenize } from './sql/lexer.ts';
import { parseScript } from './sql/parse-script.ts';
import { addTemporaryFunction, type RoutineDefinition } from './sql/routine.ts';
import type { Script } from './sql/script.ts';
import type { Statement } from './sql/statements.ts';
import type { Usage } from './usage.ts';

interface SingleStatement {
  readonly statement: Statement;
  /** Temporary ones, by lower-case name. */
  readonly functions: ReadonlyMap<string, RoutineDefinition>;
}

/** The work of jobs that run a query or a script. */
export class QueryJobs {
  readonly #context: ServiceContext;
  readonly #engine: QueryEngine;
  readonly #jobs: Jobs;
  readonly #results: JobResults;
  readonly #usage: Usage;
  readonly #quota: DailyQuota;

  constructor(
    context: ServiceContext,
    engine: QueryEngine,
    jobs: Jobs,
    results: JobResults,
    usage: Usage,
    quota: DailyQuota,
  ) {
    this.#context = context;
    this.#engine = engine;
    this.#jobs = jobs;
    this.#results = results;
    this.#usage = usage;
    this.#quota = quota;
  }

  async work(
    access: Access,
    query: QueryConfiguration,
    options: Pick<ConfigurationInput, 'labels' | 'jobTimeoutMs'>,
    named: string | undefined,
  ): Promise<JobWork> {
    const checked = checkedJobOptions(options);
    const location = named ? checkedLocation(named) : undefined;
    await this.#engine.dropExpired();
    const script = this.#script(query);
    if ('nodes' in script) {
      const { nodes } = script;
      return {
        ...{
          type: 'QUERY',
          jobTimeoutMs: Math.min(checked.jobTimeoutMs ?? SCRIPT_TIMEOUT_MS, SCRIPT_TIMEOUT_MS),
        },
        location: location ?? this.#placeOf(query.query),
        run: (job) => new ScriptRun(this.#scriptHost, job, query, access).run(nodes),
      };
    }
    const translated = 'error' in script ? script : this.#translated(query, access, location, script);
    const error = 'error' in translated ? translated.error : undefined;
    return {
      type: 'QUERY',
      isMistaken: 'error' in translated,
      ...checked,
      location: 'error' in translated ? (location ?? this.#context.location) : translated.location,
      run: async (job) => {
        if ('error' in translated) throw error;
        await this.#runQuery(job, translated);
      },
    };
  }

  /** A statement, a script of more, or what is wrong. */
  #script({
    query,
    destination,
  }: QueryConfiguration): SingleStatement | { nodes: Script } | { error: unknown } {
    try {
      const nodes = parseScript(query);
      const last = nodes.at(-1);
      const functions = new Map<string, RoutineDefinition>();
      // Temporary functions belong to the one statement after them.
      const isSingle = nodes
        .slice(0, -1)
        .every((node) => node.node === 'statement' && addTemporaryFunction(functions, node.statement));
      if (last?.node === 'statement' && isSingle) return { statement: last.statement, functions };
      if (destination) throw invalid('configuration.query.destinationTable cannot be set for scripts');
      return { nodes };
    } catch (error) {
      return { error };
    }
  }

  /** Where a script runs: with the first dataset that it names. */
  #placeOf(query: string): string {
    const { catalog, location } = this.#context;
    const names = tokenize(query).flatMap(({ text }) => text.split('.'));
    return names.map((name) => catalog.findDataset(name)?.location).find(Boolean) ?? location;
  }

  get #scriptHost(): ScriptHost {
    return {
      ...{ engine: this.#engine, jobs: this.#jobs },
      runQuery: (...args) => this.#runQuery(...args),
      rowsOf: async (job, count) => {
        const { source } = await this.#results.rowsOf(job);
        return { rows: await source.read(0, count), total: source.totalRows };
      },
      forget: (job, withRows) => {
        this.#jobs.delete(job);
        if (withRows) this.#results.forget(job);
      },
    };
  }

  /** A mistake in the query is the job's: only a job tells it. */
  #translated(
    query: QueryConfiguration,
    access: Access,
    location: string | undefined,
    single: SingleStatement,
  ): TranslatedQuery | { readonly error: unknown } {
    try {
      return this.#engine.translate(query, access, location, single);
    } catch (error) {
      return { error };
    }
  }

  async #runQuery(
    job: Job,
    translated: TranslatedQuery,
    execute = (plan: Plan) => this.#engine.execute(plan, job.abort.signal),
  ): Promise<void> {
    const plan = await this.#engine.plan(translated);
    const { translation, bytes, referencedTables } = plan;
    const { statementType } = translation;
    const fields = translation.kind === 'query' ? translation.fields : undefined;
    job.summary = { statementType, bytes, referencedTables, fields };
    if (plan.configuration.dryRun) return;
    this.#quota.assertAllows(job.owner, bytes.billed);
    job.outcome = await execute(plan);
    this.#usage.addBytes(bytes);
    this.#quota.add(job.owner, bytes.billed);
  }
}
