import { createHash } from 'node:crypto';
import { canonical } from '@records/records-schema';
import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import { Bulkhead } from '../../bulkhead.ts';
import { type BigQueryClient, newRequestId } from '../bigquery-client.ts';
import type { Calls } from '../calls/calls.ts';
import { WarehouseError } from '../errors.ts';
import { MAX_COUNTRIES, type Queries } from '../queries.ts';
import type { QueryBudget } from '../query-budget.ts';
import type { Timing } from '../timing.ts';
import type { CountryCount, RecordFilter } from '../warehouse.ts';
import type { Blocks } from './blocks.ts';
import { Delta } from './delta.ts';
import { JOB_TIMEOUT_MS, ListJobs, type Plan } from './list-jobs.ts';
import { MergedRows } from './merged-rows.ts';
import { type Matches, RecordIndex } from './record-index.ts';
import type { SortedRows } from './sorted-rows.ts';
import { maximumBytesBilled, maximumListedBytes } from './table-state.ts';

const MIB = 1024 * 1024;
/** Longer bases are filtered by queries: reading them takes too long. */
const MAX_INDEXED_ROWS = 500_000;
const MAX_INDEX_BYTES = 48 * MIB;
/** Two of the largest indexes, for the current base and for a walk, or many small ones. */
const INDEX_CACHE_BYTES = 2 * MAX_INDEX_BYTES;
const MATCH_CACHE_BYTES = 8 * MIB;
/** Index builds at a time. At most one may be for an old base, so old bases cannot starve the current one. */
const MAX_BUILDING = 2;
const MAX_OLD_BUILDING = 1;
/** Results of queries that are known, and counts of countries. */
const MAX_RESULTS = 500;
const MAX_COUNTED = 4;
/** Filter queries at a time, and those that wait. */
const MAX_QUERIES = 4;
const MAX_WAITING = 64;
/** Bases exported from memory at a time: an export keeps its index however slow the client is. */
const MAX_EXPORTED = 2;
const RETRY_AFTER_MS = 2_000;

export interface FiltersOptions {
  readonly client: BigQueryClient;
  readonly calls: Calls;
  readonly timing: Timing;
  readonly blocks: Blocks;
  readonly queries: Queries;
  /** Bounds what filters of long lists are billed. */
  readonly budget: QueryBudget;
  readonly scratch: Pick<TableName, 'projectId' | 'datasetId'>;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxIndexedRows?: number | undefined;
  /** Called with whether a result was in memory. */
  onAsked?(hit: boolean): void;
  /** Called with the bytes that a query of this instance was billed. */
  onBilled?(bytes: number): void;
}

type Rows = MergedRows<SortedRows>;
type Found = Matches | SortedRows;

/**
 * Filters and counts lists. A base of up to 500,000 records is read into an index once, free of charge. A longer one is filtered by a query
 * into tables of the scratch dataset, once per filter and base. The delta is filtered in memory.
 */
export class Filters {
  readonly #options: FiltersOptions;
  readonly #indexes = new LRUCache<string, RecordIndex, Rows>({
    maxSize: INDEX_CACHE_BYTES,
    sizeCalculation: ({ size }) => Math.max(1, size),
    ignoreFetchAbort: true,
    fetchMethod: (_token, _stale, { context }) => this.#build(context),
  });
  /** Bases whose values do not fit into an index. */
  readonly #tooLarge = new LRUCache<string, true>({ max: 16 });
  readonly #building = new Set<string>();
  readonly #matches = new LRUCache<string, Matches>({
    maxSize: MATCH_CACHE_BYTES,
    sizeCalculation: ({ size }, key) => size + 2 * key.length + 1,
  });
  readonly #results = new LRUCache<
    string,
    SortedRows,
    { readonly rows: Rows; readonly filter: RecordFilter }
  >({
    max: MAX_RESULTS,
    ignoreFetchAbort: true,
    fetchMethod: (key, _stale, { context }) => this.#query(key, context.rows, context.filter),
  });
  readonly #counted = new LRUCache<string, readonly CountryCount[], Rows>({
    max: MAX_COUNTED,
    ignoreFetchAbort: true,
    fetchMethod: (_token, _stale, { context }) => this.#count(context),
  });
  readonly #queued = new Bulkhead({
    slots: MAX_QUERIES,
    maxWaiting: MAX_WAITING,
    refusal: (running, waiting) =>
      busy('tooManyFilters', `${running} filters run and ${waiting} wait`, RETRY_AFTER_MS),
  });
  /** Number of exports by base. */
  readonly #exported = new Map<string, number>();

  constructor(options: FiltersOptions) {
    this.#options = options;
  }

  /** Whether the answer needs no work on the base. */
  isReady(rows: Rows, filter?: RecordFilter): boolean {
    if (this.#isIndexed(rows.base)) return this.#indexes.has(tokenOf(rows));
    return filter ? this.#results.has(keyOf(rows, filter)) : this.#counted.has(tokenOf(rows));
  }

  /** Whether counting takes no query. */
  countsFreely(rows: Rows): boolean {
    return this.#isIndexed(rows.base) || this.#counted.has(tokenOf(rows));
  }

  /** Does the work on the base of the current list that a filter needs, or a count of countries without one. */
  async prepare(rows: Rows, filter?: RecordFilter): Promise<void> {
    if (await this.#index(rows, true)) return;
    if (filter) await this.#results.forceFetch(keyOf(rows, filter), { context: { rows, filter } });
    else await this.#counted.forceFetch(tokenOf(rows), { context: rows });
  }

  /** The rows that match as amended, in the same order. `isCurrent`: of the current list. */
  async filter(rows: Rows, filter: RecordFilter, isCurrent: boolean): Promise<MergedRows> {
    const found = await this.#found(rows, filter, isCurrent);
    const delta = await rows.amendments.delta(rows.delta);
    return new MergedRows(found, delta.match(filter));
  }

  /** The number of rows per `pais`, largest first, ties by name. Throws `listTooLarge` above 100,000 countries. */
  async countries(rows: Rows, isCurrent: boolean): Promise<readonly CountryCount[]> {
    const index = await this.#index(rows, isCurrent);
    if (index === undefined) this.#options.onAsked?.(this.#counted.has(tokenOf(rows)));
    const counts = index?.countries() ?? (await this.#queriedCounts(rows));
    const delta = await rows.amendments.delta(rows.delta);
    const sums = new Map<string, number>();
    for (const { pais, records } of [...counts, ...delta.countries()]) {
      const form = canonical(pais);
      sums.set(form, (sums.get(form) ?? 0) + records);
    }
    if (sums.size > MAX_COUNTRIES) throw tooManyCountries();
    return Array.from(sums, ([pais, records]) => ({ pais, records })).sort(
      (a, b) => b.records - a.records || (a.pais < b.pais ? -1 : 1),
    );
  }

  async #found(rows: Rows, filter: RecordFilter, isCurrent: boolean): Promise<Found> {
    const index = await this.#index(rows, isCurrent);
    const key = keyOf(rows, filter);
    if (index) {
      const matches = this.#matches.get(key) ?? index.match(filter);
      this.#matches.set(key, matches);
      return matches.exportedBy((exported) => this.#export(tokenOf(rows), exported));
    }
    this.#options.onAsked?.(this.#results.has(key));
    return this.#results.forceFetch(key, { context: { rows, filter } });
  }

  #isIndexed({ total, token }: SortedRows): boolean {
    return total <= (this.#options.maxIndexedRows ?? MAX_INDEXED_ROWS) && !this.#tooLarge.has(token);
  }

  /** Undefined for a base that is filtered by queries. Throws `busy` when too many bases are being indexed. */
  async #index(rows: Rows, isCurrent: boolean): Promise<RecordIndex | undefined> {
    if (!this.#isIndexed(rows.base)) return undefined;
    const token = tokenOf(rows);
    const known = this.#indexes.get(token);
    this.#options.onAsked?.(known !== undefined);
    if (known) return known;
    if (!this.#building.has(token)) {
      const most = isCurrent ? MAX_BUILDING : MAX_OLD_BUILDING;
      if (this.#building.size >= most)
        throw busy('tooManyIndexes', `${this.#building.size} lists are being indexed`, RETRY_AFTER_MS);
    }
    try {
      return await this.#indexes.forceFetch(token, { context: rows });
    } catch (error) {
      if (!(error instanceof WarehouseError) || error.reason !== 'listTooLarge') throw error;
      this.#tooLarge.set(rows.base.token, true);
      return undefined;
    }
  }

  async #build(rows: Rows): Promise<RecordIndex> {
    const token = tokenOf(rows);
    const ofBase = new MergedRows(rows.base, Delta.none, rows.amendments);
    this.#building.add(token);
    try {
      return await RecordIndex.build(ofBase, MAX_INDEX_BYTES);
    } finally {
      this.#building.delete(token);
    }
  }

  async #query(key: string, { base, amendments }: Rows, filter: RecordFilter): Promise<SortedRows> {
    const { blocks, queries, scratch, labels, client, calls, timing } = this.#options;
    const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const calling = base.tables.map((part, index) => ({
      query: queries.filter(part, filter, !amendments.isEmpty),
      params: { ...filter },
      labels,
      maximumBytesBilled: maximumBytesBilled(maximumListedBytes(base.total)),
      jobTimeoutMs: JOB_TIMEOUT_MS,
      index,
    }));
    const plan: Plan = {
      first: ({ attempt }) => callOf(calling[0], attempt),
      rest: ({ attempt }) => calling.slice(1).map((call) => callOf(call, attempt)),
    };
    const callOf = (call: (typeof calling)[number] | undefined, attempt: number) => {
      if (!call) throw new RangeError('a base without a table');
      const { index, ...rest } = call;
      const suffix = `${name}_${attempt}_${index}`;
      return {
        ...rest,
        jobId: `records-filter-${suffix}`,
        destination: { ...scratch, tableId: `filter_${suffix}` },
      };
    };
    return await this.#paid(async () => {
      const { jobs, created } = await new ListJobs({ client, calls, timing }).obtain(
        { start: 0, extra: 0 },
        plan,
      );
      const billed = jobs.reduce((sum, { billedBytes }) => sum + billedBytes, 0);
      const rows = await blocks.open(
        name,
        jobs.map(({ destination }) => destination),
      );
      return { result: rows, billed, created };
    });
  }

  async #queriedCounts(rows: Rows): Promise<readonly CountryCount[]> {
    const counts = await this.#counted.forceFetch(tokenOf(rows), { context: rows });
    // Some are missing then, and a query that was paid for is not repeated.
    if (counts.length > MAX_COUNTRIES) throw tooManyCountries();
    return counts;
  }

  async #count({ base, amendments }: Rows): Promise<readonly CountryCount[]> {
    const { client, calls, queries, labels } = this.#options;
    const query = queries.countries(base.tables, !amendments.isEmpty);
    const call = { query, params: {}, labels, requestId: newRequestId() };
    return await this.#paid(async () => {
      const { rows, billed } = await calls.call((remainingMs) =>
        client.queryRows(call, Math.max(1, Math.floor(remainingMs))),
      );
      const counts = rows.map(({ f: [pais, records] }) => ({
        pais: pais?.v ?? '',
        records: Number(records?.v),
      }));
      return { result: counts, billed, created: true };
    });
  }

  /** Runs a query when there is a slot for it and the budget allows it. */
  async #paid<T>(run: () => Promise<Paid<T>>): Promise<T> {
    const { budget, onBilled } = this.#options;
    return await this.#queued.run(async () => {
      const { waitMs } = budget;
      if (waitMs > 0) throw busy('filterBudget', `the budget of filters is spent for ${waitMs} ms`, waitMs);
      const noteBilled = budget.spend();
      const { result, billed, created } = await run();
      noteBilled(billed);
      if (created) onBilled?.(billed);
      return result;
    });
  }

  /** Throws `busy` when too many other bases are being exported. */
  async *#export(token: string, rows: ReturnType<Matches['rows']>): ReturnType<Matches['rows']> {
    const count = this.#exported.get(token) ?? 0;
    if (count === 0 && this.#exported.size >= MAX_EXPORTED)
      throw busy('tooManyLists', `${this.#exported.size} lists are being exported`, RETRY_AFTER_MS);
    this.#exported.set(token, count + 1);
    try {
      yield* rows;
    } finally {
      const left = (this.#exported.get(token) ?? 1) - 1;
      if (left > 0) this.#exported.set(token, left);
      else this.#exported.delete(token);
    }
  }
}

interface Paid<T> {
  readonly result: T;
  /** Bytes. */
  readonly billed: number;
  /** Whether this instance started the query. */
  readonly created: boolean;
}

/** Identifies a base and the amendments of it. */
function tokenOf({ base, amendments }: Rows): string {
  return base.token + amendments.version;
}

function keyOf(rows: Rows, filter: RecordFilter): string {
  return `${tokenOf(rows)} ${JSON.stringify(filter)}`;
}

function busy(reason: string, message: string, retryAfterMs: number): WarehouseError {
  return new WarehouseError('busy', reason, message, { retryAfterMs });
}

function tooManyCountries(): WarehouseError {
  return new WarehouseError('refused', 'listTooLarge', `more than ${MAX_COUNTRIES} countries`);
}
