import type { TableName } from '@records/runtime';
import type { BreakerState, CacheName } from '../telemetry/metrics.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { BigQueryClient, newRequestId } from './bigquery-client.ts';
import { Calls, type RetryPolicy } from './calls/calls.ts';
import type { WarehouseError } from './errors.ts';
import { Lookups } from './lookups.ts';
import { buildQueries, type Queries } from './queries.ts';
import type { BilledRows } from './replies.ts';
import { Blocks } from './snapshots/blocks.ts';
import { FilteredLists } from './snapshots/filtered-lists.ts';
import { Search } from './snapshots/search.ts';
import { SnapshotJobs } from './snapshots/snapshot-jobs.ts';
import { SnapshotNames } from './snapshots/snapshot-names.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { systemTiming, type Timing } from './timing.ts';
import type { RecordAnswer, RecordFilter, RecordList, Warehouse } from './warehouse.ts';

/** Well below the 10 s between Cloud Run's SIGTERM and SIGKILL. */
const DEFAULT_POLICY: RetryPolicy = { attempts: 3, firstDelayMs: 200, deadlineMs: 8_000 };

/** Under a tenth of the memory of an instance. */
const DEFAULT_BLOCK_CACHE_BYTES = 40 * 1024 * 1024;

export interface BigQueryWarehouseOptions {
  /** The project that runs and pays for the queries. */
  readonly project: string;
  readonly location: string;
  readonly table: TableName;
  /** How long data is served before it is read again. Seconds. */
  readonly freshnessSeconds: number;
  /** Labels of every job, to attribute costs. Values: at most 63 lower-case letters, digits, `_` or `-`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly log: Record<'info' | 'warn', (fields: object, message: string) => void>;
  readonly telemetry?: Telemetry;
  readonly policy?: RetryPolicy;
  readonly timing?: Timing;
  readonly blockCacheBytes?: number;
  /** What the queries of look-ups may be billed by this instance. */
  readonly lookupBytesPerMonth?: number;
}

/** Reads lists from one snapshot per freshness window, and single records from the snapshot or by a query. */
export class BigQueryWarehouse implements Warehouse {
  readonly #client: BigQueryClient;
  readonly #queries: Queries;
  readonly #options: BigQueryWarehouseOptions;
  readonly #calls: Calls;
  readonly #snapshots: Snapshots;
  readonly #filtered: FilteredLists;
  readonly #lookups: Lookups;

  constructor(options: BigQueryWarehouseOptions) {
    const { project, location, table, freshnessSeconds, log, lookupBytesPerMonth } = options;
    const {
      policy = DEFAULT_POLICY,
      timing = systemTiming,
      telemetry = noTelemetry,
      blockCacheBytes = DEFAULT_BLOCK_CACHE_BYTES,
    } = options;
    this.#options = options;
    this.#calls = new Calls(policy, timing, (state, last) => this.#logBreaker(state, last));
    const asked = (cache: CacheName) => (hit: boolean) => telemetry.metrics.cacheAsked(cache, hit);
    const call: Calls['call'] = (send, attempts) => this.#calls.call(send, attempts);
    this.#client = new BigQueryClient({
      project,
      location,
      timeoutMs: policy.deadlineMs,
      now: () => timing.now(),
      telemetry,
    });
    telemetry.metrics.observeBreaker(() => this.#calls.state);
    this.#queries = buildQueries(table);
    const names = new SnapshotNames(this.#queries.snapshot);
    const search = new Search((snapshot, index) => blocks.block(snapshot, index));
    const blocks = new Blocks({
      listRows: (from, range) => call(() => this.#client.listRows(from, range)),
      maxBytes: blockCacheBytes,
      onAsked: asked('blocks'),
      onRead: (token, bounds) => search.note(token, bounds),
    });
    this.#snapshots = new Snapshots({
      names,
      jobs: new SnapshotJobs({
        client: this.#client,
        names,
        statement: this.#queries.snapshot,
        labels: this.#labels('snapshot'),
        timing,
        call,
        metrics: telemetry.metrics,
      }),
      blocks,
      search,
      windowMs: freshnessSeconds * 1000,
      timing,
      inTime: (result) => this.#calls.inTime(result),
      tableMetadata: () => call(() => this.#client.getTable(table)),
      onStale: (error) => this.#warnOfStale(error),
    });
    telemetry.metrics.observeSnapshotAge(() => this.#snapshots.servedAgeMs / 1_000);
    this.#filtered = new FilteredLists({
      inTime: (result) => this.#calls.inTime(result),
      isCurrent: (token) => this.#snapshots.isCurrent(token),
      onAsked: asked('filters'),
    });
    this.#lookups = new Lookups({
      freshMs: freshnessSeconds * 1000,
      timing,
      calls: this.#calls,
      list: this.#snapshots,
      log,
      ...(lookupBytesPerMonth && { bytesPerMonth: lookupBytesPerMonth }),
      query: (ids) => this.#records(ids),
      onAsked: asked('lookups'),
    });
  }

  openList(token?: string): Promise<RecordList> {
    return token === undefined ? this.#snapshots.current() : this.#snapshots.walk(token);
  }

  listInMemory(): RecordList | undefined {
    return this.#snapshots.inMemory();
  }

  filter(list: RecordList, filter: RecordFilter): Promise<RecordList> {
    return this.#filtered.filter(list, filter);
  }

  async countries(list: RecordList) {
    return (await this.#filtered.index(list)).countries();
  }

  readRecord(id: string): Promise<RecordAnswer> {
    return this.#lookups.find(id);
  }

  recordInMemory(id: string): RecordAnswer | undefined {
    return this.#lookups.inMemory(id);
  }

  async check(): Promise<void> {
    await this.#calls.call(() => this.#client.dryRun(this.#queries.snapshot, this.#labels('check')), 1);
  }

  async close(): Promise<void> {
    if (!(await this.#calls.close()))
      this.#options.log.warn({}, 'stopping before every call to the warehouse ended');
  }

  #records(ids: readonly string[]): Promise<BilledRows> {
    const query = this.#queries.records;
    const call = { query, params: { ids }, labels: this.#labels('records'), requestId: newRequestId() };
    return this.#calls.call((remainingMs) =>
      this.#client.queryRows(call, Math.max(1, Math.floor(remainingMs))),
    );
  }

  #labels(query: string): Readonly<Record<string, string>> {
    return { ...this.#options.labels, query };
  }

  #logBreaker(
    state: BreakerState,
    last?: { readonly error: WarehouseError; readonly pauseMs: number },
  ): void {
    const { log } = this.#options;
    if (last) {
      const { error: err, pauseMs } = last;
      const message = `circuit open for ${Math.ceil(pauseMs)} ms: warehouse error ${err.reason}: ${err.message}`;
      log.warn({ err, reason: err.reason, breaker: state }, message);
    } else if (state === 'closed') {
      log.info({ breaker: state }, 'circuit closed: the warehouse answers again');
    }
  }

  #warnOfStale(err: WarehouseError): void {
    if (err.reason === 'closing') return;
    const message = `serving the previous snapshot: warehouse error ${err.reason}: ${err.message}`;
    this.#options.log.warn({ err, reason: err.reason }, message);
  }
}
