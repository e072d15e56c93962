import type { Calls } from '../calls/calls.ts';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';
import { listLost } from './list-jobs.ts';
import type { ListMaker, MadeList } from './list-maker.ts';
import { type ListName, standingMs } from './list-names.ts';
import { endOf, type OpenLists } from './open-lists.ts';
import type { Pace } from './pace.ts';
import { isUnchanged, type TableState } from './table-state.ts';

/** The pause after a failed renewal. Milliseconds. */
const PAUSE_MS = 1_000;

export interface CurrentListOptions {
  readonly maker: ListMaker;
  readonly opened: OpenLists;
  readonly pace: Pace;
  readonly calls: Calls;
  readonly timing: Timing;
  /** Called when a renewal failed and the previous list stays current. */
  onStale(error: WarehouseError): void;
}

/** The current list. Times are milliseconds since the epoch. */
export interface Current extends MadeList {
  /** The table before the list was made, where known. */
  readonly table: TableState | undefined;
  /** When the list was last known to equal the table. */
  readonly verifiedAt: number;
  /** When the next one may be made. */
  readonly freshUntil: number;
}

/** Keeps the newest list, and makes the next one when it is requested. */
export class CurrentList {
  readonly #options: CurrentListOptions;
  #current: Current | undefined;
  #previous: Current | undefined;
  #renewal: Promise<Current> | undefined;
  /** The last renewal failed or was late: requests do not wait for the next one. */
  #trouble: { readonly error: WarehouseError; readonly until: number } | undefined;

  constructor(options: CurrentListOptions) {
    this.#options = options;
  }

  /** How long the current list is the newest. Milliseconds; 0 without one. */
  get periodMs(): number {
    return this.#current?.periodMs ?? 0;
  }

  /** Why there is no list to serve; undefined when there is one, or none was tried. */
  get trouble(): WarehouseError | undefined {
    return this.usable ? undefined : this.#trouble?.error;
  }

  /** The current list while it may be served, also stale. */
  get usable(): Current | undefined {
    return this.#served(this.#current);
  }

  /** The current list in its period. */
  get fresh(): Current | undefined {
    const held = this.usable;
    return held && this.#options.timing.date() < held.freshUntil ? held : undefined;
  }

  /** The last list of the base before the current one: it answers filters while those of the current base are found. */
  get previous(): Current | undefined {
    return this.#served(this.#previous);
  }

  holds({ token }: ListName): boolean {
    return this.#current?.name.token === token;
  }

  /** The list of this period, or a stale one while this one is being made or cannot be made. Throws WarehouseError. */
  async newest(): Promise<Current> {
    const held = this.usable;
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
    const { timing, opened, onStale } = this.#options;
    if (this.#renewal) return this.#renewal;
    if (this.#trouble && timing.date() < this.#trouble.until) return Promise.reject(this.#trouble.error);
    this.#renewal = this.#make()
      .then(
        (current) => {
          if (this.#current && this.#current.rows.base.token !== current.rows.base.token)
            this.#previous = this.#current;
          this.#current = current;
          opened.keep(current);
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
    if (held && made.rows === held.rows) return { ...held, periodMs: made.periodMs, freshUntil: nextAt };
    const freshUntil = made.start + made.periodMs;
    return made.isOfTable
      ? { ...made, table, verifiedAt: asked, freshUntil }
      : { ...made, table: undefined, verifiedAt: made.start, freshUntil };
  }

  /** Begins anew when tables of the held list disappeared early. */
  async #made(table: TableState, held: MadeList | undefined): Promise<MadeList> {
    try {
      return await this.#options.maker.make(table, held);
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.kind !== 'expired' || !held) throw error;
      this.lost(held.name, error);
      return await this.#options.maker.make(table, undefined);
    }
  }

  /** The error to throw when reading a served list fails. After `expired` its tables are gone, and the next request makes another list. */
  lostIfExpired(error: unknown, name: ListName): unknown {
    return error instanceof WarehouseError && error.kind === 'expired' ? this.lost(name, error) : error;
  }

  /** The tables of a list disappeared early: the next request makes another one. */
  lost(name: ListName, cause: WarehouseError): WarehouseError {
    const { maker, opened } = this.#options;
    const error = listLost(cause);
    maker.giveUp(name, error);
    opened.forget(name);
    if (this.holds(name)) this.#current = undefined;
    if (this.#previous?.name.token === name.token) this.#previous = undefined;
    return error;
  }

  #served(list: Current | undefined): Current | undefined {
    return list && this.#options.timing.date() < endOf(list) ? list : undefined;
  }
}
