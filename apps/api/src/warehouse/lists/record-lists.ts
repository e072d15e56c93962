import { LRUCache } from 'lru-cache';
import type { Calls } from '../calls/calls.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';
import type { Freshness, ListedRecord, RecordFilter, RecordList, WholeList } from '../warehouse.ts';
import type { Filters } from './filters.ts';
import { type ListMaker, listLost, type MadeList } from './list-maker.ts';
import { type ListName, type ListNames, lifeMs, standingMs, WALK_MS } from './list-names.ts';
import type { MergedRows } from './merged-rows.ts';
import type { Pace } from './pace.ts';
import { isUnchanged, type TableState } from './table-state.ts';

/** An evicted list is opened again when it is requested: 16 lists, with deltas of at most so many bytes. */
const MAX_KNOWN = 16;
const MAX_KNOWN_BYTES = 64 * 1024 * 1024;
/** Concurrent openings of lists that are not in the cache. */
const MAX_OPENING = 32;
/** The pause after a failed renewal. Milliseconds. */
const PAUSE_MS = 1_000;
/** Without requests for this long, `servedAgeMs` is 0: no client sees an old page. Milliseconds. */
const SERVED_MS = 300_000;

export interface RecordListsOptions {
  readonly names: ListNames;
  readonly maker: ListMaker;
  readonly filters: Filters;
  readonly pace: Pace;
  readonly calls: Calls;
  readonly timing: Timing;
  /** Called when a renewal failed and the previous list stays current. */
  onStale(error: WarehouseError): void;
}

type OpenList = Pick<MadeList, 'name' | 'rows' | 'takenAt'>;

/** The current list. Times are milliseconds since the epoch. */
interface Current extends MadeList {
  /** The table before the list was made, where known. */
  readonly table: TableState | undefined;
  /** When the list was last known to equal the table. */
  readonly verifiedAt: number;
  /** When the next one may be made. */
  readonly freshUntil: number;
}

/** The current list, and those that are still walked. */
export class RecordLists {
  readonly #options: RecordListsOptions;
  readonly #known = new LRUCache<string, OpenList, ListName>({
    max: MAX_KNOWN,
    maxSize: MAX_KNOWN_BYTES,
    sizeCalculation: ({ rows }) => Math.max(1, rows.delta.size),
    ignoreFetchAbort: true,
    fetchMethod: async (token, _stale, { context }) => {
      const list = await this.#options.maker.open(context);
      if (!list) throw expired(token);
      return list;
    },
  });
  #opening = 0;
  #current: Current | undefined;
  /** The last list of the base before the current one: it answers filters while those of the current base are found. */
  #previous: Current | undefined;
  #list: { readonly held: Current; readonly list: WholeList } | undefined;
  #renewal: Promise<Current> | undefined;
  /** The last renewal failed or was late: requests do not wait for the next one. */
  #trouble: { readonly error: WarehouseError; readonly until: number } | undefined;
  #served = { at: Number.NEGATIVE_INFINITY, ageMs: 0 };

  constructor(options: RecordListsOptions) {
    this.#options = options;
  }

  /** The age of the list that was served last, in milliseconds; 0 without recent requests. */
  get servedAgeMs(): number {
    const { at, ageMs } = this.#served;
    return this.#options.timing.date() - at < SERVED_MS ? ageMs : 0;
  }

  /** How long the current list is the newest. Milliseconds; 0 without one. */
  get periodMs(): number {
    return this.#current?.periodMs ?? 0;
  }

  /** Why there is no list to serve; undefined when there is one, or none was tried. */
  get trouble(): WarehouseError | undefined {
    return this.#usable() ? undefined : this.#trouble?.error;
  }

  /** The current list if it is fresh. */
  inMemory(): WholeList | undefined {
    const held = this.#usable();
    return held && this.#options.timing.date() < held.freshUntil ? this.#serve(held) : undefined;
  }

  /** The list of this period, or a stale one while this one is being made or cannot be made. */
  async current(): Promise<WholeList> {
    return this.inMemory() ?? this.#serve(await this.#newest());
  }

  /**
   * The record in the current list. Without a list it is undefined unless `needed`: a full scan for one record costs too much. Throws
   * WarehouseError.
   */
  async find(id: string, needed: boolean): Promise<ListedRecord | undefined> {
    const usable = this.#usable();
    if (!needed && !usable) return undefined;
    const { timing } = this.#options;
    const held = usable && timing.date() < usable.freshUntil ? usable : await this.#newest();
    const { base, delta } = held.rows;
    try {
      const body = delta.find(id) ?? (await base.find(id));
      return { body, ageMs: this.#ageOf(held) };
    } catch (error) {
      throw this.#meaningOf(error, held.name);
    }
  }

  /** The list that a token names. Throws `expired`. */
  async walk(token: string): Promise<WholeList> {
    const date = this.#options.timing.date();
    const name = this.#options.names.find(token, date);
    const list = name && (this.#known.get(name.token) ?? (await this.#open(name)));
    if (!list) throw expired(token);
    const start = (list.name.delta ?? list.name.base).start;
    const freshness = { ageMs: Math.max(0, date - start), freshMs: WALK_MS, staleMs: 0, staleIfErrorMs: 0 };
    const failed = (error: unknown) => {
      // Requests for the current list share this read and need another list.
      if (this.#isCurrent(list.name)) this.#meaningOf(error, list.name);
      return error;
    };
    const { filters, calls } = this.#options;
    const isCurrent = this.#isCurrent(list.name);
    const described = { token: list.name.token, takenAt: list.takenAt, freshness };
    const countries = async () => ({
      ...described,
      counts: () => calls.inTime(filters.countries(list.rows, isCurrent)).catch(rethrow(failed)),
    });
    return {
      ...listOf(list.rows, described, failed),
      filter: async (filter) =>
        listOf(
          await calls.inTime(filters.filter(list.rows, filter, isCurrent)).catch(rethrow(failed)),
          described,
          failed,
        ),
      countries,
      countriesIfFree: async () => (filters.countsFreely(list.rows) ? countries() : undefined),
    };
  }

  #serve(held: Current): WholeList {
    this.#served = { at: this.#options.timing.date(), ageMs: this.#ageOf(held) };
    // Made once: every request for a page in memory passes here.
    if (this.#list?.held !== held) this.#list = { held, list: this.#listOf(held) };
    return this.#list.list;
  }

  #listOf(held: Current): WholeList {
    const { filters, calls } = this.#options;
    const described = this.#described(held);
    const failed = (error: unknown) => this.#meaningOf(error, held.name);
    const countries = async () => {
      const from = this.#readyFor(held);
      const failedThere = (error: unknown) => this.#meaningOf(error, from.name);
      return {
        ...this.#described(from),
        counts: () => calls.inTime(filters.countries(from.rows, true)).catch(rethrow(failedThere)),
      };
    };
    return {
      ...listOf(held.rows, described, failed),
      filter: async (filter) => {
        const from = this.#readyFor(held, filter);
        const failedThere = (error: unknown) => this.#meaningOf(error, from.name);
        const rows = calls.inTime(filters.filter(from.rows, filter, true)).catch(rethrow(failedThere));
        return listOf(await rows, this.#described(from), failedThere);
      },
      countries,
      countriesIfFree: async () => (filters.countsFreely(held.rows) ? countries() : undefined),
    };
  }

  /** The list that can be filtered or counted at once: this one, or the last of the base before, while this one is prepared. */
  #readyFor(held: Current, filter?: RecordFilter): Current {
    const { filters, timing } = this.#options;
    const previous = this.#previous;
    if (filters.isReady(held.rows, filter) || !previous || !filters.isReady(previous.rows, filter))
      return held;
    if (timing.date() >= endOf(previous)) return held;
    // The next request tries again.
    filters.prepare(held.rows, filter).catch(() => {});
    return previous;
  }

  #described(held: Current) {
    const { name, takenAt, periodMs } = held;
    const ageMs = () => this.#ageOf(held);
    const freshness: Freshness = {
      get ageMs() {
        return ageMs();
      },
      freshMs: periodMs,
      staleMs: periodMs,
      staleIfErrorMs: WALK_MS,
    };
    return { token: name.token, takenAt, freshness };
  }

  #ageOf({ verifiedAt }: Current): number {
    return Math.max(0, this.#options.timing.date() - verifiedAt);
  }

  /** The current list while it may be served, also stale. */
  #usable(): Current | undefined {
    const held = this.#current;
    return held && this.#options.timing.date() < endOf(held) ? held : undefined;
  }

  async #newest(): Promise<Current> {
    const held = this.#usable();
    const { timing, calls } = this.#options;
    const renewal = this.#renew();
    const waits = !held || (!this.#trouble && timing.date() - held.verifiedAt > 2 * held.periodMs);
    if (!waits) {
      // `onStale` reports the error.
      renewal.catch(() => {});
      return held;
    }
    try {
      return await calls.inTime(renewal);
    } catch (cause) {
      const error = toWarehouseError(cause);
      this.#trouble ??= { error, until: timing.date() };
      if (held) return held;
      throw error;
    }
  }

  /** Concurrent requests for a newer list share one renewal. */
  #renew(): Promise<Current> {
    const { timing, onStale } = this.#options;
    if (this.#renewal) return this.#renewal;
    if (this.#trouble && timing.date() < this.#trouble.until) return Promise.reject(this.#trouble.error);
    this.#renewal = this.#make()
      .then(
        (current) => {
          if (this.#current && this.#current.rows.base.token !== current.rows.base.token)
            this.#previous = this.#current;
          this.#current = current;
          this.#known.set(current.name.token, current);
          this.#trouble = undefined;
          return current;
        },
        (cause: unknown) => {
          const error = toWarehouseError(cause);
          this.#trouble = { error, until: timing.date() + PAUSE_MS };
          if (this.#current) onStale(error);
          throw error;
        },
      )
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  async #make(): Promise<Current> {
    const { pace, timing, maker } = this.#options;
    const asked = timing.date();
    const table = await maker.tableState();
    const held = this.#current;
    const nextAt = asked - (asked % pace.windowMs) + pace.windowMs;
    const isDue = held && asked - held.start >= standingMs(held.name.delta ?? held.name.base);
    // An unchanged list is renewed in time, so that a new walk has at least six hours.
    if (held?.table && isUnchanged(held.table, table) && !isDue) {
      return { ...held, table, periodMs: pace.windowMs, verifiedAt: asked, freshUntil: nextAt };
    }
    const made = await this.#made(table, held);
    if (!made) {
      if (!held)
        throw new WarehouseError('unavailable', 'noList', 'no list could be made', { retryable: true });
      return { ...held, freshUntil: nextAt };
    }
    const freshUntil = made.start + made.periodMs;
    return made.isOfTable
      ? { ...made, table, verifiedAt: asked, freshUntil }
      : { ...made, table: undefined, verifiedAt: made.start, freshUntil };
  }

  /** Begins anew when tables of the held list disappeared early. */
  async #made(table: TableState, held: MadeList | undefined): Promise<MadeList | undefined> {
    try {
      return await this.#options.maker.make(table, held);
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.kind !== 'expired' || !held) throw error;
      this.#lost(held.name, error);
      return await this.#options.maker.make(table, undefined);
    }
  }

  async #open(name: ListName): Promise<OpenList> {
    if (this.#opening >= MAX_OPENING) {
      const message = `${this.#opening} lists are being opened`;
      throw new WarehouseError('busy', 'tooManySnapshots', message, { retryAfterMs: PAUSE_MS });
    }
    this.#opening++;
    try {
      return await this.#options.calls.inTime(this.#known.forceFetch(name.token, { context: name }));
    } finally {
      this.#opening--;
    }
  }

  #isCurrent({ token }: ListName): boolean {
    return this.#current?.name.token === token;
  }

  /** Turns `expired` from a read of a served list into `snapshotLost`. */
  #meaningOf(error: unknown, name: ListName): unknown {
    return error instanceof WarehouseError && error.kind === 'expired' ? this.#lost(name, error) : error;
  }

  /** The tables of a list disappeared early: the next request makes another one. */
  #lost(name: ListName, cause: WarehouseError): WarehouseError {
    const error = listLost(cause);
    this.#options.maker.giveUp(name, error);
    this.#known.delete(name.token);
    if (this.#isCurrent(name)) this.#current = undefined;
    if (this.#previous?.name.token === name.token) this.#previous = undefined;
    return error;
  }
}

/** When a list can no longer be walked. Milliseconds since the epoch. */
function endOf({ name: { base, delta } }: OpenList): number {
  const newest = delta ?? base;
  return newest.start + lifeMs(newest);
}

function listOf(
  rows: MergedRows,
  described: Pick<RecordList, 'token' | 'takenAt' | 'freshness'>,
  failed: (error: unknown) => unknown,
): RecordList {
  return {
    ...described,
    total: rows.total,
    read: (range) => rows.page(range).catch(rethrow(failed)),
    async *rows() {
      try {
        yield* rows.rows();
      } catch (error) {
        throw failed(error);
      }
    },
  };
}

function rethrow(meaning: (error: unknown) => unknown): (error: unknown) => never {
  return (error) => {
    throw meaning(error);
  };
}

function expired(token: string): WarehouseError {
  return new WarehouseError('expired', 'notFound', `no snapshot ${token}`);
}
