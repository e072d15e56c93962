import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import { newRequestId } from '../bigquery-client.ts';
import { WarehouseError } from '../errors.ts';
import { MAX_DELTA_ROWS } from '../queries.ts';
import type { Timing } from '../timing.ts';
import type { Blocks } from './blocks.ts';
import { Delta } from './delta.ts';
import { type FinishedJobs, ListJobs } from './list-jobs.ts';
import {
  type Attempt,
  extraOf,
  type ListName,
  lifeMs,
  periodStart,
  standingMs,
  WALK_MS,
} from './list-names.ts';
import { ListPlans, type ListPlansOptions } from './list-plans.ts';
import { MergedRows } from './merged-rows.ts';
import type { Cost, Pace } from './pace.ts';
import { Parts, type PartsOptions } from './parts.ts';
import type { SortedRows } from './sorted-rows.ts';
import { deltaBytes, isOlder, maximumBytesBilled, scanBytes, type TableState } from './table-state.ts';

const MIB = 1024 * 1024;
/** How many periods back an instance without a base looks for one. */
const BASES_LOOKED_FOR = 16;
/** A table that lost more than a tenth of its rows gets a new base. */
const SHRUNK = 0.9;
/** While there are bases and deltas, each kind may spend this share of both budgets. */
const HALF = 0.5;
const DELTA_CACHE_BYTES = 64 * MIB;

export type ListKind = 'base' | 'delta';

export interface ListMakerOptions extends ListPlansOptions, PartsOptions {
  readonly timing: Timing;
  readonly blocks: Blocks;
  readonly pace: Pace;
  /** Called when this instance has made something. */
  onMade(made: { readonly kind: ListKind; readonly bytesBilled: number; readonly periodMs: number }): void;
}

interface Base extends Attempt {
  readonly rows: SortedRows;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly cost: Cost;
  /** Whether this call created it. */
  readonly created: boolean;
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
  readonly delta?: Attempt & {
    readonly created: boolean;
    readonly rows: Delta;
    readonly takenAt: number;
    readonly cost: Cost;
  };
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
  readonly #parts: Parts;
  readonly #plans: ListPlans;
  readonly #bases: ListJobs;
  readonly #deltas: ListJobs;
  readonly #rows = new LRUCache<string, Delta, TableName>({
    maxSize: DELTA_CACHE_BYTES,
    sizeCalculation: ({ size }) => Math.max(1, size),
    ignoreFetchAbort: true,
    fetchMethod: (token, _stale, { context }) => this.#load(token, context),
  });

  constructor(options: ListMakerOptions) {
    this.#options = options;
    this.#parts = new Parts(options);
    this.#plans = new ListPlans(options);
    this.#bases = new ListJobs(options);
    this.#deltas = new ListJobs(options);
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

  /** The list of the present period; undefined when the budgets allow none yet, so that the held one stays. */
  async make(table: TableState, held: MadeList | undefined): Promise<MadeList | undefined> {
    const made = await this.#make(table, held);
    // A base alone, made before the held list's delta: a caller must not miss what it has seen.
    return made && held && made.takenAt < held.takenAt ? undefined : made;
  }

  async #make(table: TableState, held: MadeList | undefined): Promise<MadeList | undefined> {
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
      bytes: deltaBytes(arrived?.bytes ?? 0, baseRows, this.#parts.count(baseRows)),
      busyMs: held?.lastDelta.busyMs ?? 0,
    };
    const withDelta = pace.periodMs(part, HALF);
    if (withDelta >= alone) {
      const base = await this.#base(periodStart(date, alone), table, held, alone);
      return this.#list({ base, start: base.start, periodMs: alone, table, held });
    }
    const isTooMuch = arrived !== undefined && arrived.rows > MAX_DELTA_ROWS;
    const base = await this.#baseFor({ date, full, withDelta, isTooMuch, table, held });
    const start = periodStart(date, withDelta);
    if (base.created || base.start > date - withDelta) {
      return this.#list({ base, start: base.created ? start : base.start, periodMs: withDelta, table, held });
    }
    if (isTooMuch && base.start === held?.base.start) return undefined;
    const began = timing.now();
    const plan = this.#plans.delta(base);
    const delta = await this.#deltas
      .obtain({ start, extra: extraOf(withDelta) }, plan)
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
        // The held list has lost its base; a list that is not held is not known to the caller.
        throw held
          ? new WarehouseError('expired', 'notFound', error.message)
          : this.#lost(error, this.#bases, base);
      });
    const [job] = delta.jobs;
    if (!job) throw new RangeError('a delta without a job');
    const name = this.#options.names.of(base, delta);
    const rows = await this.#rows
      .forceFetch(name.token, { context: job.destination })
      .catch((error: unknown) => {
        if (error instanceof WarehouseError && error.reason === 'deltaTooLarge') return undefined;
        throw this.#meaningOf(error, this.#deltas, delta);
      });
    if (!rows) {
      const basePeriodMs = pace.periodMs(full, HALF);
      const newest = periodStart(date, basePeriodMs);
      if (base.start < newest) {
        const next = await this.#base(newest, table, held, basePeriodMs);
        return this.#list({ base: next, start, periodMs: withDelta, table, held });
      }
      // The budgets allow no base yet: an older list is better than none.
      if (held) return undefined;
      const periodMs = date - base.start + pace.windowMs;
      return this.#list({ base, start: base.start, periodMs, table, held });
    }
    const cost = { bytes: job.billedBytes, busyMs: job.durationMs + timing.now() - began };
    if (delta.created) await this.#made('delta', delta, job.billedBytes, withDelta);
    const { attempt, extra, created } = delta;
    return this.#list({
      base,
      delta: { start, attempt, extra, created, rows, takenAt: job.creationTime, cost },
      start,
      periodMs: withDelta,
      table,
      held,
    });
  }

  /** The list that a name stands for; undefined when it does not exist. */
  async open(name: ListName): Promise<Pick<MadeList, 'name' | 'rows' | 'takenAt'> | undefined> {
    const found = await this.#bases.find(name.base, this.#plans.base([]));
    const base = found && (await this.#opened(found));
    if (!base) return undefined;
    if (!name.delta) return { name, rows: new MergedRows(base.rows, Delta.none), takenAt: base.takenAt };
    const [job] = (await this.#deltas.find(name.delta, this.#plans.delta(base)))?.jobs ?? [];
    if (!job) return undefined;
    const delta = await this.#rows.forceFetch(name.token, { context: job.destination });
    return { name, rows: new MergedRows(base.rows, delta), takenAt: job.creationTime };
  }

  /** Records that the tables of a list are gone, so that the next attempt is made. */
  giveUp({ base, delta }: ListName, error: WarehouseError): void {
    this.#bases.giveUp(base, error);
    if (delta) this.#deltas.giveUp(delta, error);
  }

  /** A base for deltas: the one that is held or that another instance made, as long as it serves. */
  async #baseFor({ date, full, withDelta, isTooMuch, table, held }: BaseWanted): Promise<Base> {
    const periodMs = this.#options.pace.periodMs(full, HALF);
    const newest = periodStart(date, periodMs);
    if (held) {
      const { base, deltas, rows } = held;
      if (table.rows < SHRUNK * base.rows.total)
        return this.#base(periodStart(date, withDelta), table, held, periodMs);
      const isWorn =
        isTooMuch ||
        deltas.bytes >= full.bytes ||
        deltas.busyMs >= full.busyMs ||
        rows.delta.length >= MAX_DELTA_ROWS / 2 ||
        date - base.start >= standingMs(base);
      if (base.start >= newest || !isWorn) return { ...base, created: false };
      return this.#base(newest, table, held, periodMs);
    }
    const starts = Array.from({ length: BASES_LOOKED_FOR }, (_, count) => newest - count * periodMs);
    const found = await Promise.all(
      starts
        .map((start) => ({ start, attempt: 0, extra: extraOf(periodMs) }))
        .filter((attempt) => date - attempt.start < standingMs(attempt))
        .map((attempt) => this.#bases.find(attempt, this.#plans.base([]))),
    );
    for (const there of found.filter((base) => base !== undefined)) {
      try {
        return await this.#opened(there);
      } catch (error) {
        const meaning = this.#meaningOf(error, this.#bases, there);
        if (!(meaning instanceof WarehouseError) || meaning.reason !== 'snapshotLost') throw meaning;
      }
    }
    return this.#base(newest, table, held, periodMs);
  }

  async #base(start: number, table: TableState, held: MadeList | undefined, periodMs: number): Promise<Base> {
    if (held?.base.start === start) return { ...held.base, created: false };
    const bounds = await this.#parts.between(table, held?.base.rows);
    const jobs = await this.#bases.obtain(
      { start, extra: extraOf(periodMs) },
      this.#plans.base(bounds, maximumBytesBilled(scanBytes(table))),
    );
    const base = await this.#opened(jobs).catch((error: unknown) => {
      throw this.#meaningOf(error, this.#bases, jobs);
    });
    if (jobs.created) await this.#made('base', jobs, base.cost.bytes, periodMs);
    return base;
  }

  async #opened({ start, attempt, extra, jobs, created }: FinishedJobs): Promise<Base> {
    const { blocks, names } = this.#options;
    const { token } = names.of({ start, attempt, extra });
    const rows = await blocks.open(
      token,
      jobs.map(({ destination }) => destination),
    );
    const cost = {
      bytes: jobs.reduce((sum, { billedBytes }) => sum + billedBytes, 0),
      busyMs: Math.max(...jobs.map(({ durationMs }) => durationMs)),
    };
    return {
      start,
      attempt,
      extra,
      rows,
      takenAt: Math.min(...jobs.map(({ creationTime }) => creationTime)),
      cost,
      created,
    };
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

  /** Turns `expired` from reading a new table, which disappeared early, into `snapshotLost`. */
  #meaningOf(error: unknown, jobs: ListJobs, attempt: Attempt): unknown {
    if (!(error instanceof WarehouseError) || error.kind !== 'expired') return error;
    return this.#lost(error, jobs, attempt);
  }

  #lost(error: WarehouseError, jobs: ListJobs, attempt: Attempt): WarehouseError {
    const lost = listLost(error);
    jobs.giveUp(attempt, lost);
    return lost;
  }

  /** Tables of the scratch dataset expire after twice the time of a walk, which is too early for those of long periods. */
  async #made(kind: ListKind, made: FinishedJobs, bytesBilled: number, periodMs: number): Promise<void> {
    const { client, calls, timing, onMade } = this.#options;
    onMade({ kind, bytesBilled, periodMs });
    if (made.extra === 0) return;
    const expiration = timing.date() + lifeMs(made) + WALK_MS;
    await Promise.all(
      made.jobs.map(({ destination }) => calls.call(() => client.expireTable(destination, expiration))),
    );
  }

  async #load(token: string, table: TableName): Promise<Delta> {
    const rows = await this.#options.blocks.open(token, [table]);
    if (rows.total > MAX_DELTA_ROWS) {
      throw new WarehouseError(
        'busy',
        'deltaTooLarge',
        `more than ${MAX_DELTA_ROWS} records arrived since the base`,
      );
    }
    return Delta.of(rows.rows());
  }
}

/** A query of a delta finds a table of its base gone. */
function isNotFound(error: unknown): error is WarehouseError {
  return error instanceof WarehouseError && error.reason === 'notFound';
}

/** The tables of a list disappeared early. */
export function listLost(cause: WarehouseError): WarehouseError {
  const message = `the tables of a list are gone: ${cause.message}`;
  return new WarehouseError('unavailable', 'snapshotLost', message, { cause, retryable: true });
}
