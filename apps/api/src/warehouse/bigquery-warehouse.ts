import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import type { BreakerState, CacheName } from '../telemetry/metrics.ts';
import { noTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { AmendmentReader, type AmendmentSource, NO_AMENDMENTS } from './amendment-reader.ts';
import { BigQueryClient, newRequestId } from './bigquery-client.ts';
import { Calls, type RetryPolicy } from './calls/calls.ts';
import type { WarehouseError } from './errors.ts';
import type { LeftOut } from './lists/block.ts';
import { Blocks } from './lists/blocks.ts';
import { CurrentList } from './lists/current-list.ts';
import { Filters } from './lists/filters.ts';
import { ListMaker } from './lists/list-maker.ts';
import { ListNames } from './lists/list-names.ts';
import type { ListKind } from './lists/made.ts';
import { OpenLists } from './lists/open-lists.ts';
import { Pace } from './lists/pace.ts';
import { RecordLists } from './lists/record-lists.ts';
import { Lookups } from './lookups.ts';
import { buildQueries, type Queries } from './queries.ts';
import { QueryBudget } from './query-budget.ts';
import type { BilledRows } from './replies.ts';
import { systemTiming, type Timing } from './timing.ts';
import type { RecordAnswer, Warehouse, WholeList } from './warehouse.ts';

/** Well below the 10 s between Cloud Run's SIGTERM and SIGKILL. */
const DEFAULT_POLICY: RetryPolicy = { attempts: 3, firstDelayMs: 200, deadlineMs: 8_000 };

/** The share of the lists' budget for filters of long lists. */
const FILTER_SHARE = 0.25;

/** Rows that were left out and are remembered, so that each is logged once. */
const MAX_LEFT_OUT = 1_000;

/** Under a tenth of the memory of an instance. */
const DEFAULT_BLOCK_CACHE_BYTES = 40 * 1024 * 1024;

const GIB = 1024 ** 3;

interface Made {
  readonly kind: ListKind | 'filter';
  readonly bytesBilled: number;
  /** Milliseconds; 0 for a filter. */
  readonly periodMs: number;
}

export interface BigQueryWarehouseOptions {
  /** The project that runs and pays for the queries. */
  readonly project: string;
  readonly location: string;
  readonly table: TableName;
  /** The table of corrected and forgotten records. Without it, records are served as stored. */
  readonly amendments?: TableName | undefined;
  /** Where lists are kept for some hours. */
  readonly scratch: Pick<TableName, 'projectId' | 'datasetId'>;
  /** How long data is served before it is read again, at least. Seconds. */
  readonly freshnessSeconds: number;
  /** What lists and their filters may scan in 30 days. GiB. */
  readonly listGibPerMonth: number;
  /** What the queries of look-ups may scan in 30 days, by this instance. GiB. */
  readonly lookupGibPerMonth: number;
  /** The share of time that may be spent on making lists. Percent. */
  readonly listTimePercent: number;
  /** Labels of every job, to attribute costs. Values: at most 63 lower-case letters, digits, `_` or `-`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>;
  readonly telemetry?: Telemetry;
  readonly policy?: RetryPolicy;
  readonly timing?: Timing;
  readonly blockCacheBytes?: number;
  /** The most rows of a table of a list, about, and of a list that is filtered in memory. */
  readonly partRows?: number;
  readonly maxIndexedRows?: number;
}

/** Reads lists from tables that are made once per period, and single records from the list or by a query. */
export class BigQueryWarehouse implements Warehouse {
  readonly #client: BigQueryClient;
  readonly #queries: Queries;
  readonly #options: BigQueryWarehouseOptions;
  readonly #calls: Calls;
  readonly #current: CurrentList;
  readonly #lists: RecordLists;
  readonly #lookups: Lookups;
  readonly #amendments: AmendmentSource;
  readonly #leftOut = new LRUCache<string, true>({ max: MAX_LEFT_OUT });

  constructor(options: BigQueryWarehouseOptions) {
    const {
      project,
      location,
      table,
      scratch,
      freshnessSeconds,
      listGibPerMonth,
      listTimePercent,
      log,
      lookupGibPerMonth,
    } = options;
    const {
      policy = DEFAULT_POLICY,
      timing = systemTiming,
      telemetry = noTelemetry,
      blockCacheBytes = DEFAULT_BLOCK_CACHE_BYTES,
    } = options;
    const { metrics } = telemetry;
    const now = () => timing.now();
    const asked = (cache: CacheName) => (hit: boolean) => metrics.cacheAsked(cache, hit);
    const logStale = (level: 'warn' | 'error', what: string) => (err: WarehouseError) => {
      if (err.reason === 'closing') return;
      log[level]({ err, reason: err.reason }, `${what}: warehouse error ${err.reason}: ${err.message}`);
    };
    this.#options = options;
    const calls = new Calls(policy, timing, (state, last) => this.#logBreaker(state, last));
    const client = new BigQueryClient({ project, location, timeoutMs: policy.deadlineMs, now, telemetry });
    const queries = buildQueries(table, options.amendments);
    const names = new ListNames([queries.part({ lower: false, upper: false }), queries.delta([])]);
    const windowMs = freshnessSeconds * 1000;
    const amendments = options.amendments
      ? new AmendmentReader({
          ...{ client, calls, timing, windowMs, table: options.amendments },
          onStale: logStale('error', 'amendments not read again'),
        })
      : NO_AMENDMENTS;
    const pace = new Pace({
      windowMs,
      gibPerMonth: listGibPerMonth * (1 - FILTER_SHARE),
      timePercent: listTimePercent,
    });
    const blocks = new Blocks({
      listRows: (from, range) => calls.call(() => client.listRows(from, range)),
      listRowsInBackground: (from, range) => calls.callInBackground(() => client.listRows(from, range)),
      maxBytes: blockCacheBytes,
      onAsked: asked('blocks'),
      onLeftOut: (row) => this.#logLeftOut(row),
    });
    const shared = { client, calls, timing, blocks, queries, scratch };
    const filters = new Filters({
      ...shared,
      maxIndexedRows: options.maxIndexedRows,
      budget: new QueryBudget(listGibPerMonth * FILTER_SHARE * GIB, now),
      labels: this.#labels('filter'),
      onAsked: asked('filters'),
      onBilled: (bytesBilled) => this.#noteMade({ kind: 'filter', bytesBilled, periodMs: 0 }),
    });
    const maker = new ListMaker({
      ...shared,
      partRows: options.partRows,
      names,
      pace,
      table,
      labels: this.#labels('snapshot'),
      onMade: (made) => this.#noteMade(made),
    });
    const opened = new OpenLists({ maker, calls });
    const current = new CurrentList({
      ...{ maker, opened, pace, calls, timing },
      onStale: logStale('warn', 'serving the previous snapshot'),
    });
    const lists = new RecordLists({ names, opened, current, filters, amendments, pace, calls, timing });
    metrics.observeBreaker(() => calls.state);
    metrics.observeSnapshotAge(() => lists.servedAgeMs / 1_000);
    metrics.observeListPeriod(() => current.periodMs / 1_000);
    this.#client = client;
    this.#queries = queries;
    this.#calls = calls;
    this.#current = current;
    this.#lists = lists;
    this.#amendments = amendments;
    this.#lookups = new Lookups({
      freshMs: windowMs,
      amendments,
      timing,
      calls,
      list: lists,
      log,
      budget: new QueryBudget(lookupGibPerMonth * GIB, now),
      query: (ids) => this.#records(ids),
      onAsked: asked('lookups'),
    });
  }

  openList(token?: string): Promise<WholeList> {
    return token === undefined ? this.#lists.current() : this.#lists.walk(token);
  }

  listInMemory(): WholeList | undefined {
    return this.#lists.inMemory();
  }

  readRecord(id: string): Promise<RecordAnswer> {
    return this.#lookups.find(id);
  }

  recordInMemory(id: string): RecordAnswer | undefined {
    return this.#lookups.inMemory(id);
  }

  async check(): Promise<void> {
    await this.#calls.call(
      () => this.#client.dryRun(this.#queries.part({ lower: false, upper: false }), this.#labels('check')),
      1,
    );
    await this.#amendments.current();
    const { trouble } = this.#current;
    if (trouble?.kind === 'refused') throw trouble;
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

  #noteMade({ kind, bytesBilled, periodMs }: Made): void {
    const { log, telemetry = noTelemetry } = this.#options;
    telemetry.metrics.bytesBilled(kind === 'filter' ? 'filter' : 'snapshot', bytesBilled);
    log.info({ list: { kind, bytesBilled, windowSeconds: periodMs / 1000 } }, 'list made');
  }

  #logLeftOut({ id, reason }: LeftOut): void {
    const key = `${reason} ${id}`;
    if (this.#leftOut.has(key)) return;
    this.#leftOut.set(key, true);
    const { log, telemetry = noTelemetry } = this.#options;
    telemetry.metrics.recordLeftOut(reason);
    log.error({ leftOut: { id, reason } }, `record left out of the list: ${reason}`);
  }
}
