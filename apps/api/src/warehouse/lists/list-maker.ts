import { newRequestId } from '../bigquery-client.ts';
import { WarehouseError } from '../errors.ts';
import { MAX_DELTA_ROWS } from '../queries.ts';
import type { Timing } from '../timing.ts';
import { type Base, Bases } from './bases.ts';
import type { Blocks } from './blocks.ts';
import { Delta } from './delta.ts';
import { Deltas, type MadeDelta } from './deltas.ts';
import { type ListName, periodStart, standingMs } from './list-names.ts';
import { ListPlans, type ListPlansOptions } from './list-plans.ts';
import type { OnMade } from './made.ts';
import { MergedRows } from './merged-rows.ts';
import type { Cost, Pace } from './pace.ts';
import type { PartsOptions } from './parts.ts';
import type { SortedRows } from './sorted-rows.ts';
import { deltaBytes, isOlder, scanBytes, type TableState } from './table-state.ts';

/** A table that lost more than a tenth of its rows gets a new base. */
const SHRUNK = 0.9;
/** While there are bases and deltas, each kind may spend this share of both budgets. */
const HALF = 0.5;

export interface ListMakerOptions extends ListPlansOptions, PartsOptions {
  readonly timing: Timing;
  readonly blocks: Blocks;
  readonly pace: Pace;
  readonly onMade: OnMade;
}

/** A list, and what it has cost. */
export interface MadeList {
  readonly name: ListName;
  readonly rows: MergedRows<SortedRows>;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Start of the list's period, and the period. Milliseconds. */
  readonly start: number;
  readonly periodMs: number;
  /** Whether it holds every row of the table that was read before. */
  readonly isOfTable: boolean;
  readonly base: Base;
  /** The sum of the costs of all deltas of this base so far. */
  readonly deltas: Cost;
  /** The cost of the newest delta. */
  readonly lastDelta: Cost;
  /** The table when the base was made; undefined when another instance made it. */
  readonly baseTable: TableState | undefined;
}

interface BaseWanted {
  readonly date: number;
  /** The cost of a base. */
  readonly full: Cost;
  /** The period of deltas. Milliseconds. */
  readonly withDelta: number;
  /** More arrived than a delta may hold. */
  readonly isTooMuch: boolean;
  readonly table: TableState;
  readonly held: MadeList | undefined;
}

interface Found {
  readonly base: Base;
  readonly delta?: MadeDelta;
  readonly start: number;
  readonly periodMs: number;
  readonly table: TableState;
  readonly held: MadeList | undefined;
}

const NOTHING: Cost = { bytes: 0, busyMs: 0 };

/**
 * Makes lists as a log-structured merge does: a base of the whole table, made rarely, and a delta of what arrived since, made per window. A
 * small table gets a new base per window, because a delta would cost more.
 */
export class ListMaker {
  readonly #options: ListMakerOptions;
  readonly #bases: Bases;
  readonly #deltas: Deltas;

  constructor(options: ListMakerOptions) {
    const plans = new ListPlans(options);
    this.#options = options;
    this.#bases = new Bases({ ...options, plans });
    this.#deltas = new Deltas({ ...options, plans });
  }

  /** The table as it is. Free of charge. */
  async tableState(): Promise<TableState> {
    const { client, calls, queries, table, labels } = this.#options;
    const metadata = await calls.call(() => client.getTable(table));
    if (!metadata.streamingBuffer) return { ...metadata, rows: Number(metadata.numRows) };
    const call = { query: queries.count, params: {}, labels, requestId: newRequestId() };
    const { rows } = await calls.call((remainingMs) =>
      client.queryRows(call, Math.max(1, Math.floor(remainingMs))),
    );
    return { ...metadata, rows: Number(rows[0]?.f[0]?.v ?? 0) };
  }

  /** The list of the present period. While the budgets allow none, the held one, with the period that they ask for. */
  async make(table: TableState, held: MadeList | undefined): Promise<MadeList> {
    const made = await this.#make(table, held);
    // Another instance made it before the held list: a caller must not miss what it has seen.
    const isBefore = held && !made.isOfTable && made.takenAt < held.takenAt;
    return isBefore ? { ...held, periodMs: made.periodMs } : made;
  }

  async #make(table: TableState, held: MadeList | undefined): Promise<MadeList> {
    const { pace, timing } = this.#options;
    const date = timing.date();
    const full = { bytes: scanBytes(table), busyMs: held?.base.cost.busyMs ?? 0 };
    const alone = pace.periodMs(full);
    const arrived = held?.baseTable && {
      rows: table.rows - held.baseTable.rows,
      bytes: scanBytes(table) - scanBytes(held.baseTable),
    };
    const baseRows = held?.base.rows.total ?? table.rows;
    const part = {
      bytes: deltaBytes(arrived?.bytes ?? 0, baseRows, this.#bases.parts.count(baseRows)),
      busyMs: held?.lastDelta.busyMs ?? 0,
    };
    const withDelta = pace.periodMs(part, HALF);
    if (withDelta >= alone) {
      const base = await this.#bases.obtain(periodStart(date, alone), table, held?.base, alone);
      return this.#list({ base, start: base.start, periodMs: alone, table, held });
    }
    const isTooMuch = arrived !== undefined && arrived.rows > MAX_DELTA_ROWS;
    const base = await this.#baseFor({ date, full, withDelta, isTooMuch, table, held });
    const start = periodStart(date, withDelta);
    if (base.created || base.start > date - withDelta) {
      return this.#list({ base, start: base.created ? start : base.start, periodMs: withDelta, table, held });
    }
    const basePeriodMs = pace.periodMs(full, HALF);
    if (isTooMuch && base.start === held?.base.start) return { ...held, periodMs: basePeriodMs };
    const delta = await this.#delta(start, base, withDelta, held);
    if (delta) return this.#list({ base, delta, start, periodMs: withDelta, table, held });
    const newest = periodStart(date, basePeriodMs);
    if (base.start < newest) {
      const next = await this.#bases.obtain(newest, table, held?.base, basePeriodMs);
      return this.#list({ base: next, start, periodMs: withDelta, table, held });
    }
    // The budgets allow no base yet: an older list is better than none.
    if (held) return { ...held, periodMs: basePeriodMs };
    const periodMs = date - base.start + pace.windowMs;
    return this.#list({ base, start: base.start, periodMs, table, held });
  }

  /** Undefined when more arrived than a delta may hold. */
  async #delta(
    start: number,
    base: Base,
    periodMs: number,
    held: MadeList | undefined,
  ): Promise<MadeDelta | undefined> {
    try {
      return await this.#deltas.obtain(start, base, periodMs);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // The held list has lost its base; a list that is not held is not known to the caller.
      throw held
        ? new WarehouseError('expired', 'notFound', error.message)
        : this.#bases.jobs.lost(error, base);
    }
  }

  /** The list that a name stands for; undefined when it does not exist. */
  async open(name: ListName): Promise<Pick<MadeList, 'name' | 'rows' | 'takenAt'> | undefined> {
    const base = await this.#bases.find(name.base);
    if (!base) return undefined;
    if (!name.delta) return { name, rows: new MergedRows(base.rows, Delta.none), takenAt: base.takenAt };
    const delta = await this.#deltas.find(name.delta, base);
    return delta && { name, rows: new MergedRows(base.rows, delta.rows), takenAt: delta.takenAt };
  }

  /** Records that the tables of a list are gone, so that the next attempt is made. */
  giveUp({ base, delta }: ListName, error: WarehouseError): void {
    this.#bases.jobs.giveUp(base, error);
    if (delta) this.#deltas.jobs.giveUp(delta, error);
  }

  /** A base for deltas: the one that is held or that another instance made, as long as it serves. */
  async #baseFor({ date, full, withDelta, isTooMuch, table, held }: BaseWanted): Promise<Base> {
    const periodMs = this.#options.pace.periodMs(full, HALF);
    const newest = periodStart(date, periodMs);
    const obtain = (start: number) => this.#bases.obtain(start, table, held?.base, periodMs);
    if (!held) return (await this.#bases.findNewest(newest, periodMs)) ?? (await obtain(newest));
    const { base, deltas, rows } = held;
    if (table.rows < SHRUNK * base.rows.total) return obtain(periodStart(date, withDelta));
    const isWorn =
      isTooMuch ||
      deltas.bytes >= full.bytes ||
      deltas.busyMs >= full.busyMs ||
      rows.delta.length >= MAX_DELTA_ROWS / 2 ||
      date - base.start >= standingMs(base);
    return base.start >= newest || !isWorn ? { ...base, created: false } : obtain(newest);
  }

  #list({ base, delta, start, periodMs, table, held }: Found): MadeList {
    const before = held && held.base.rows.token === base.rows.token ? held : undefined;
    const takenAt = delta?.takenAt ?? base.takenAt;
    const { created } = delta ?? base;
    return {
      name: this.#options.names.of(base, delta),
      rows: new MergedRows(base.rows, delta?.rows ?? Delta.none),
      takenAt,
      start,
      periodMs,
      // The job of another instance ran some time after the start of its period, perhaps before the last write.
      isOfTable: created || isOlder(table, takenAt),
      base,
      deltas: {
        bytes: (before?.deltas.bytes ?? 0) + (delta?.cost.bytes ?? 0),
        busyMs: (before?.deltas.busyMs ?? 0) + (delta?.cost.busyMs ?? 0),
      },
      lastDelta: delta?.cost ?? before?.lastDelta ?? NOTHING,
      baseTable: before ? before.baseTable : base.created ? table : undefined,
    };
  }
}

/** A query of a delta finds a table of its base gone. */
function isNotFound(error: unknown): error is WarehouseError {
  return error instanceof WarehouseError && error.reason === 'notFound';
}
