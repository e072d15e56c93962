import { BigQuery, type Query } from '@google-cloud/bigquery';
import { callWithDeadline, type RetryPolicy } from './deadline.ts';
import { WarehouseError } from './errors.ts';
import { buildQueries, type Queries } from './queries.ts';
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
  readonly #client: BigQuery;
  readonly #queries: Queries;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #policy: RetryPolicy;
  readonly #timing: Timing;

  constructor({
    project,
    location,
    table,
    labels,
    policy = DEFAULT_POLICY,
    timing = systemTiming,
  }: BigQueryWarehouseOptions) {
    // The client's own retries start after two to three seconds and know no deadline: ours replace them.
    this.#client = new BigQuery({ projectId: project, location, retryOptions: { autoRetry: false } });
    // Frees the socket of a call that was given up.
    this.#client.timeout = policy.deadlineMs;
    this.#queries = buildQueries(table);
    this.#labels = labels;
    this.#policy = policy;
    this.#timing = timing;
  }

  async readPage({ limit, offset }: PageRange): Promise<Page> {
    const rows = await this.#query('page', { limit, offset });
    // The total stands beside the records, so a page without records does not carry it.
    const last =
      rows.at(0) ?? (offset === 0 ? undefined : await this.#query('count').then((counts) => counts.at(0)));
    return { body: `[${rows.map(recordJson).join(',')}]`, total: Number(last?.f.at(-1)?.v ?? 0) };
  }

  async readRecord(id: string): Promise<string | undefined> {
    const row = (await this.#query('record', { id })).at(0);
    return row && recordJson(row);
  }

  /** A dry run of the page's query: BigQuery checks names, columns and permissions, and bills nothing. */
  async check(): Promise<void> {
    const request = this.#request('page', { limit: 1, offset: 0 });
    await callWithDeadline(
      () => this.#client.createQueryJob({ ...request, dryRun: true }),
      { ...this.#policy, attempts: 1 },
      this.#timing,
    );
  }

  #query(name: keyof Queries, params: Record<string, unknown> = {}): Promise<RawRow[]> {
    const request: Query = {
      ...this.#request(name, params),
      skipParsing: true,
      // A look-up is small and frequent: it need not leave a job behind.
      // https://docs.cloud.google.com/bigquery/docs/running-queries#optional-job-creation
      jobCreationMode: name === 'record' ? 'JOB_CREATION_OPTIONAL' : 'JOB_CREATION_REQUIRED',
    };
    return callWithDeadline(
      async (remainingMs) => {
        // A SELECT is safe to send again; what it scanned is billed again.
        const [rows] = await this.#client.query(request, { timeoutMs: Math.max(1, Math.floor(remainingMs)) });
        if (!isRawRows(rows))
          throw new WarehouseError('unavailable', 'malformedReply', 'the reply has no rows');
        return rows;
      },
      this.#policy,
      this.#timing,
    );
  }

  #request(
    name: keyof Queries,
    params: Record<string, unknown>,
  ): { query: string; labels: Record<string, string>; params: Record<string, unknown> } {
    return { query: this.#queries[name], labels: { ...this.#labels, query: name }, params };
  }
}

function isRawRows(rows: unknown): rows is RawRow[] {
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row?.f));
}
