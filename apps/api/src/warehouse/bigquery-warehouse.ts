import { callWithDeadline, type RetryPolicy } from './deadline.ts';
import { buildQueries, type Queries } from './queries.ts';
import { newRequestId, type QueryCall, QueryClient } from './query-client.ts';
import { type RawRow, recordJson } from './record-json.ts';
import type { TableName } from './table-name.ts';
import { systemTiming, type Timing } from './timing.ts';
import type { Page, PageRange, Warehouse } from './warehouse.ts';

/** A request has to be over well within the 10 s that Cloud Run leaves after SIGTERM. */
const DEFAULT_POLICY: RetryPolicy = { attempts: 3, firstDelayMs: 200, deadlineMs: 8_000 };

export interface BigQueryWarehouseOptions {
  /** The project that runs and pays for the queries. */
  readonly project: string;
  readonly location: string;
  readonly table: TableName;
  /** On every job, so that costs can be told apart. Values: at most 63 lower-case letters, digits, `_`, `-`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly policy?: RetryPolicy;
  readonly timing?: Timing;
}

/** Reads the table by one query per call. */
export class BigQueryWarehouse implements Warehouse {
  readonly #client: QueryClient;
  readonly #queries: Queries;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #policy: RetryPolicy;
  readonly #timing: Timing;

  constructor(options: BigQueryWarehouseOptions) {
    const { project, location, table, labels, policy = DEFAULT_POLICY, timing = systemTiming } = options;
    this.#client = new QueryClient({ project, location, timeoutMs: policy.deadlineMs });
    this.#queries = buildQueries(table);
    this.#labels = labels;
    this.#policy = policy;
    this.#timing = timing;
  }

  async readPage({ limit, offset }: PageRange): Promise<Page> {
    const rows = await this.#rows('page', { limit, offset });
    // The total stands beside the records; a page without records does not carry it.
    const counted = rows.length > 0 || offset === 0 ? rows : await this.#rows('count', {});
    return { body: `[${rows.map(recordJson).join(',')}]`, total: Number(counted[0]?.f.at(-1)?.v ?? 0) };
  }

  async readRecord(id: string): Promise<string | undefined> {
    const row = (await this.#rows('record', { id })).at(0);
    return row && recordJson(row);
  }

  async check(): Promise<void> {
    const call = this.#call('page', { limit: 1, offset: 0 });
    await callWithDeadline(() => this.#client.dryRun(call), { ...this.#policy, attempts: 1 }, this.#timing);
  }

  #rows(name: keyof Queries, params: QueryCall['params']): Promise<RawRow[]> {
    const call = this.#call(name, params);
    return callWithDeadline(
      (remainingMs) => this.#client.rows(call, Math.max(1, Math.floor(remainingMs))),
      this.#policy,
      this.#timing,
    );
  }

  #call(name: keyof Queries, params: QueryCall['params']): QueryCall {
    return {
      query: this.#queries[name],
      params,
      labels: { ...this.#labels, query: name },
      // A look-up is small and frequent: it need not leave a job behind.
      // https://docs.cloud.google.com/bigquery/docs/running-queries#optional-job-creation
      jobCreationMode: name === 'record' ? 'JOB_CREATION_OPTIONAL' : 'JOB_CREATION_REQUIRED',
      requestId: newRequestId(),
    };
  }
}
