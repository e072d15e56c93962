import { LRUCache } from 'lru-cache';
import type { Amended, AmendmentSource } from '../amendment-reader.ts';
import type { Calls } from '../calls/calls.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';
import type { Freshness, ListedRecord, RecordFilter, RecordList, WholeList } from '../warehouse.ts';
import type { Filters } from './filters.ts';
import { type ListMaker, listLost, type MadeList } from './list-maker.ts';
import { type ListName, type ListNames, lifeMs, standingMs } from './list-names.ts';
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
  readonly amendments: AmendmentSource;
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
  #list: { readonly held: Current; readonly amended: Amended; readonly list: WholeList } | undefined;
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
    const amended = this.#options.amendments.fresh;
    return held && amended && this.#options.timing.date() < held.freshUntil
      ? this.#serve(held, amended)
      : undefined;
  }

  /** The list of this period, or a stale one while this one is being made or cannot be made. */
  async current(): Promise<WholeList> {
    const there = this.inMemory();
    if (there) return there;
    const [held, amended] = await Promise.all([this.#newest(), this.#options.amendments.current()]);
    return this.#serve(held, amended);
  }

  /**
   * The record in the current list, without amendments. Without a list it is undefined unless `needed`: a full scan for one record costs too much. Throws
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

  /**
   * The list that a token names, with the amendments of now. Throws `expired`, also for a filter after a change of the amendments: other
   * records match it, so its offsets would repeat and miss some.
   */
  async walk(token: string): Promise<WholeList> {
    const { amendments: source, pace } = this.#options;
    const [listed = '', version = ''] = token.split('.');
    const name = this.#options.names.find(listed, this.#options.timing.date());
    const list = name && (this.#known.get(name.token) ?? (await this.#open(name)));
    if (!list) throw expired(token);
    let amended = source.fresh ?? (await source.current());
    if (amended.amendments.version !== version) amended = await source.renewed();
    const rows = list.rows.amendedBy(amended.amendments);
    const freshness = {
      get ageMs() {
        return source.ageMs;
      },
      freshMs: pace.windowMs,
    };
    const failed = (error: unknown) => {
      // Requests for the current list share this read and need another list.
      if (this.#isCurrent(list.name)) this.#meaningOf(error, list.name);
      return error;
    };
    const { filters, calls } = this.#options;
    const isCurrent = this.#isCurrent(list.name);
    const described = { ...marked(list, amended), freshness };
    const countries = async () => ({
      ...described,
      counts: () => calls.inTime(filters.countries(rows, isCurrent)).catch(rethrow(failed)),
    });
    return {
      ...listOf(rows, described, failed, source),
      filter: async (filter) => {
        if (amended.amendments.version !== version) throw expired(token);
        const found = calls.inTime(filters.filter(rows, filter, isCurrent)).catch(rethrow(failed));
        return listOf(await found, described, failed, source);
      },
      countries,
      countriesIfFree: async () => (filters.countsFreely(rows) ? countries() : undefined),
    };
  }

  #serve(held: Current, amended: Amended): WholeList {
    this.#served = { at: this.#options.timing.date(), ageMs: this.#ageOf(held) };
    // Made once: every request for a page in memory passes here.
    if (this.#list?.held !== held || this.#list.amended.amendments !== amended.amendments)
      this.#list = { held, amended, list: this.#listOf(held, amended) };
    return this.#list.list;
  }

  #listOf(held: Current, amended: Amended): WholeList {
    const { filters, calls, amendments: source } = this.#options;
    const rowsOf = ({ rows }: Current) => rows.amendedBy(amended.amendments);
    const described = this.#described(held, amended);
    const failed = (error: unknown) => this.#meaningOf(error, held.name);
    const countries = async () => {
      const from = this.#readyFor(held, rowsOf);
      const failedThere = (error: unknown) => this.#meaningOf(error, from.name);
      return {
        ...this.#described(from, amended),
        counts: () => calls.inTime(filters.countries(rowsOf(from), true)).catch(rethrow(failedThere)),
      };
    };
    return {
      ...listOf(rowsOf(held), described, failed, source),
      filter: async (filter) => {
        const from = this.#readyFor(held, rowsOf, filter);
        const failedThere = (error: unknown) => this.#meaningOf(error, from.name);
        const found = calls.inTime(filters.filter(rowsOf(from), filter, true)).catch(rethrow(failedThere));
        return listOf(await found, this.#described(from, amended), failedThere, source);
      },
      countries,
      countriesIfFree: async () => (filters.countsFreely(rowsOf(held)) ? countries() : undefined),
    };
  }

  /** The list that can be filtered or counted at once: this one, or the last of the base before, while this one is prepared. */
  #readyFor(held: Current, rowsOf: (list: Current) => MadeList['rows'], filter?: RecordFilter): Current {
    const { filters, timing } = this.#options;
    const previous = this.#previous;
    const rows = rowsOf(held);
    if (filters.isReady(rows, filter) || !previous || !filters.isReady(rowsOf(previous), filter)) return held;
    if (timing.date() >= endOf(previous)) return held;
    // The next request tries again.
    filters.prepare(rows, filter).catch(() => {});
    return previous;
  }

  #described(held: Current, amended: Amended) {
    const { amendments } = this.#options;
    const ageMs = () => Math.max(this.#ageOf(held), amendments.ageMs);
    const freshness: Freshness = {
      get ageMs() {
        return ageMs();
      },
      freshMs: held.periodMs,
    };
    return { ...marked(held, amended), freshness };
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

/** What identifies and dates a list: every change of the amendments makes another one of it. */
function marked({ name, takenAt }: OpenList, { amendments: { version }, changedAt }: Amended) {
  return {
    token: version === '' ? name.token : `${name.token}.${version}`,
    takenAt: Math.max(takenAt, changedAt),
  };
}

function listOf(
  rows: MergedRows,
  described: Pick<RecordList, 'token' | 'takenAt' | 'freshness'>,
  failed: (error: unknown) => unknown,
  source: AmendmentSource,
): RecordList {
  return {
    ...described,
    total: rows.total,
    read: (range) => rows.page(range).catch(rethrow(failed)),
    async *rows() {
      try {
        for await (const some of rows.rows()) {
          // An export can take an hour: what is forgotten meanwhile is not sent any more.
          const { amendments } = source.fresh ?? (await source.current());
          yield amendments === rows.amendments ? some : amendments.rows(some);
        }
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
