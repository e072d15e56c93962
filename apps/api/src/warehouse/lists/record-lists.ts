import type { Amended, AmendmentSource } from '../amendment-reader.ts';
import type { Calls } from '../calls/calls.ts';
import type { Timing } from '../timing.ts';
import type { Freshness, ListedRecord, RecordFilter, RecordList, WholeList } from '../warehouse.ts';
import type { Current, CurrentList } from './current-list.ts';
import type { Filters } from './filters.ts';
import type { MadeList } from './list-maker.ts';
import type { ListNames } from './list-names.ts';
import type { MergedRows } from './merged-rows.ts';
import { expired, type OpenList, type OpenLists } from './open-lists.ts';
import type { Pace } from './pace.ts';

/** Without requests for this long, `servedAgeMs` is 0: no client sees an old page. Milliseconds. */
const SERVED_MS = 300_000;

export interface RecordListsOptions {
  readonly names: ListNames;
  readonly opened: OpenLists;
  readonly current: CurrentList;
  readonly filters: Filters;
  readonly amendments: AmendmentSource;
  readonly pace: Pace;
  readonly calls: Calls;
  readonly timing: Timing;
}

/** The current list, and those that are still walked. */
export class RecordLists {
  readonly #options: RecordListsOptions;
  #list: { readonly held: Current; readonly amended: Amended; readonly list: WholeList } | undefined;
  #served = { at: Number.NEGATIVE_INFINITY, ageMs: 0 };

  constructor(options: RecordListsOptions) {
    this.#options = options;
  }

  /** The age of the list that was served last, in milliseconds; 0 without recent requests. */
  get servedAgeMs(): number {
    const { at, ageMs } = this.#served;
    return this.#options.timing.date() - at < SERVED_MS ? ageMs : 0;
  }

  /** The current list if it is fresh. */
  inMemory(): WholeList | undefined {
    const held = this.#options.current.fresh;
    const amended = held && this.#options.amendments.fresh;
    return amended ? this.#serve(held, amended) : undefined;
  }

  /** The list of this period, or a stale one while this one is being made or cannot be made. */
  async current(): Promise<WholeList> {
    const there = this.inMemory();
    if (there) return there;
    const [held, amended] = await Promise.all([
      this.#options.current.newest(),
      this.#options.amendments.current(),
    ]);
    return this.#serve(held, amended);
  }

  /**
   * The record in the current list, without amendments. Without a list it is undefined unless `needed`: a full scan for one record costs too much. Throws
   * WarehouseError.
   */
  async find(id: string, needed: boolean): Promise<ListedRecord | undefined> {
    const { current } = this.#options;
    if (!needed && !current.usable) return undefined;
    const held = current.fresh ?? (await current.newest());
    const { base, delta } = held.rows;
    try {
      const body = delta.find(id) ?? (await base.find(id));
      return { body, ageMs: this.#ageOf(held) };
    } catch (error) {
      throw current.lostIfExpired(error, held.name);
    }
  }

  /**
   * The list that a token names, with the amendments of now. Throws `expired`, also for a filter after a change of the amendments: other
   * records match it, so its offsets would repeat and miss some.
   */
  async walk(token: string): Promise<WholeList> {
    const { amendments: source, pace, current, opened } = this.#options;
    const [listed = '', version = ''] = token.split('.');
    const name = this.#options.names.find(listed, this.#options.timing.date());
    if (!name) throw expired(token);
    const list = await opened.find(name);
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
      if (current.holds(list.name)) current.lostIfExpired(error, list.name);
      return error;
    };
    const { filters, calls } = this.#options;
    const isCurrent = current.holds(list.name);
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
    const { filters, calls, current, amendments: source } = this.#options;
    const rowsOf = ({ rows }: Current) => rows.amendedBy(amended.amendments);
    const described = this.#described(held, amended);
    const failed = (error: unknown) => current.lostIfExpired(error, held.name);
    const countries = async () => {
      const from = this.#readyFor(held, rowsOf);
      const failedThere = (error: unknown) => current.lostIfExpired(error, from.name);
      return {
        ...this.#described(from, amended),
        counts: () => calls.inTime(filters.countries(rowsOf(from), true)).catch(rethrow(failedThere)),
      };
    };
    return {
      ...listOf(rowsOf(held), described, failed, source),
      filter: async (filter) => {
        const from = this.#readyFor(held, rowsOf, filter);
        const failedThere = (error: unknown) => current.lostIfExpired(error, from.name);
        const found = calls.inTime(filters.filter(rowsOf(from), filter, true)).catch(rethrow(failedThere));
        return listOf(await found, this.#described(from, amended), failedThere, source);
      },
      countries,
      countriesIfFree: async () => (filters.countsFreely(rowsOf(held)) ? countries() : undefined),
    };
  }

  /** The list that can be filtered or counted at once: this one, or the last of the base before, while this one is prepared. */
  #readyFor(held: Current, rowsOf: (list: Current) => MadeList['rows'], filter?: RecordFilter): Current {
    const {
      filters,
      current: { previous },
    } = this.#options;
    const rows = rowsOf(held);
    if (filters.isReady(rows, filter) || !previous || !filters.isReady(rowsOf(previous), filter)) return held;
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
