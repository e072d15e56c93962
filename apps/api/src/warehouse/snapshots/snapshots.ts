import { LRUCache } from 'lru-cache';
import { toWarehouseError, WarehouseError } from '../errors.ts';
import type { TableMetadata } from '../replies.ts';
import type { Timing } from '../timing.ts';
import type { Freshness, ListedRecord, RecordList } from '../warehouse.ts';
import type { Blocks, SnapshotTable } from './blocks.ts';
import type { Search } from './search.ts';
import type { FinishedJob, SnapshotJobs } from './snapshot-jobs.ts';
import { type SnapshotName, type SnapshotNames, WALK_MS, windowStart } from './snapshot-names.ts';
import { isOlder, isUnchanged, maximumBytesBilled } from './table-state.ts';

/** Beyond these the one that was not asked for the longest is forgotten, and looked up again when it is. */
const MAX_KNOWN = 64;
/** Snapshots of other instances, or forgotten ones, that are looked up at one time. */
const MAX_OPENING = 32;
/** An unchanged snapshot is made anew after this, so that a walk has at least half of its time left. Milliseconds. */
const MAX_STANDING_MS = WALK_MS / 2;
/** After a failure nobody asks BigQuery for a snapshot for so long. Milliseconds. */
const PAUSE_MS = 1_000;
/** After this, an old answer no longer counts: nobody asks, so nobody is served old pages. Milliseconds. */
const SERVED_MS = 300_000;

export interface SnapshotsOptions {
  readonly names: SnapshotNames;
  readonly jobs: SnapshotJobs;
  readonly blocks: Blocks;
  readonly search: Search;
  readonly windowMs: number;
  readonly timing: Timing;
  /** Waits as long as a request may; what it waited for goes on. */
  inTime<T>(result: Promise<T>): Promise<T>;
  tableMetadata(): Promise<TableMetadata>;
  /** Told when a snapshot could not be renewed and the one before it goes on serving. */
  onStale(error: WarehouseError): void;
}

interface Snapshot extends SnapshotTable {
  readonly name: SnapshotName;
  readonly takenAt: number;
}

/** The snapshot that answers who names none. Times are milliseconds since the epoch. */
interface Current {
  readonly snapshot: Snapshot;
  /** How the table was before the snapshot was made; undefined when that is not known. */
  readonly table: TableMetadata | undefined;
  /** The snapshot was not older than the table at this time. */
  readonly verifiedAt: number;
  /** End of the window in which that was. */
  readonly freshUntil: number;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #known = new LRUCache<string, Snapshot>({ max: MAX_KNOWN });
  readonly #opening = new Map<string, Promise<Snapshot>>();
  #current: Current | undefined;
  #flight: Promise<Current> | undefined;
  /** The last flight failed, or did not come in time: the next one is not waited for. */
  #trouble: { readonly error: WarehouseError; readonly until: number } | undefined;
  #served = { at: 0, ageMs: 0 };

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** How old the list was that was answered last, in milliseconds; 0 when nobody has asked for a while. */
  get servedAgeMs(): number {
    const { at, ageMs } = this.#served;
    return this.#options.timing.date() - at < SERVED_MS ? ageMs : 0;
  }

  /** Whether this is the list that answers who names none. */
  isPresent(token: string): boolean {
    return this.#current?.snapshot.token === token;
  }

  /** The list of the present window, when it is there. */
  inMemory(): RecordList | undefined {
    const held = this.#usable();
    return held && this.#options.timing.date() < held.freshUntil ? this.#listOf(held) : undefined;
  }

  /** The list of the present window; of an earlier one while that is being made, or can not be made. */
  async current(): Promise<RecordList> {
    const there = this.inMemory();
    if (there) return there;
    const held = this.#usable();
    const { windowMs, timing } = this.#options;
    const flight = this.#renew();
    const waits = !held || (!this.#trouble && timing.date() - held.verifiedAt > 2 * windowMs);
    if (!waits) {
      // `onStale` has been told.
      flight.catch(() => {});
      return this.#listOf(held);
    }
    try {
      return this.#listOf(await this.#options.inTime(flight));
    } catch (cause) {
      const error = toWarehouseError(cause);
      this.#trouble ??= { error, until: timing.date() };
      if (held) return this.#listOf(held);
      throw error;
    }
  }

  /**
   * A record as the list of `current` has it, with the age of that. Undefined while nobody has asked for a list, unless it is `needed`: one
   * record is not worth a scan of all. Throws WarehouseError.
   */
  async find(id: string, needed: boolean): Promise<ListedRecord | undefined> {
    if (!needed && !this.#usable()) return undefined;
    const { freshness } = await this.current();
    const snapshot = this.#current?.snapshot;
    if (!snapshot) return undefined;
    try {
      const body = await this.#options.search.find(snapshot, id);
      return { body, ageMs: freshness.ageMs };
    } catch (error) {
      throw this.#meaningOf(error, snapshot);
    }
  }

  /** The list that this token names. Throws `expired`. */
  async walk(token: string): Promise<RecordList> {
    const date = this.#options.timing.date();
    const name = this.#options.names.find(token, date);
    const snapshot = name && (this.#known.get(name.token) ?? (await this.#options.inTime(this.#open(name))));
    if (!snapshot) throw expired(token);
    const ageMs = Math.max(0, date - snapshot.name.start);
    const freshness = { ageMs, freshMs: WALK_MS, staleMs: 0, staleIfErrorMs: 0 };
    return this.#list(snapshot, freshness, (error) => {
      // Who reads the present list, and shares what this walk reads of it, needs another one.
      if (this.isPresent(snapshot.token)) this.#meaningOf(error, snapshot);
      return error;
    });
  }

  #listOf({ snapshot, verifiedAt }: Current): RecordList {
    const { windowMs, timing } = this.#options;
    const at = timing.date();
    const ageMs = Math.max(0, at - verifiedAt);
    this.#served = { at, ageMs };
    const freshness: Freshness = {
      ageMs,
      freshMs: windowMs,
      staleMs: windowMs,
      staleIfErrorMs: WALK_MS,
    };
    return this.#list(snapshot, freshness, (error) => this.#meaningOf(error, snapshot));
  }

  #list(snapshot: Snapshot, freshness: Freshness, failed: (error: unknown) => unknown): RecordList {
    const { blocks } = this.#options;
    const { token, total, takenAt } = snapshot;
    return {
      token,
      total,
      takenAt,
      freshness,
      async read(range) {
        try {
          return await blocks.page(snapshot, range);
        } catch (error) {
          throw failed(error);
        }
      },
      async *rows() {
        try {
          yield* blocks.rows(snapshot);
        } catch (error) {
          throw failed(error);
        }
      },
    };
  }

  /** What may still be served, however old it is. */
  #usable(): Current | undefined {
    const held = this.#current;
    return held && this.#options.timing.date() < held.snapshot.name.start + WALK_MS ? held : undefined;
  }

  /** However many want a newer snapshot, one flight at a time is under way. */
  #renew(): Promise<Current> {
    const { timing, onStale } = this.#options;
    if (this.#flight) return this.#flight;
    if (this.#trouble && timing.date() < this.#trouble.until) return Promise.reject(this.#trouble.error);
    this.#flight = this.#make()
      .then(
        (current) => {
          this.#current = current;
          this.#options.search.follow(current.snapshot);
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
        this.#flight = undefined;
      });
    return this.#flight;
  }

  async #make(): Promise<Current> {
    const { windowMs, timing, jobs, tableMetadata } = this.#options;
    const asked = timing.date();
    const start = windowStart(asked, windowMs);
    const freshUntil = start + windowMs;
    const table = await tableMetadata();
    const held = this.#current;
    const stands = held?.table && isUnchanged(held.table, table);
    if (stands && asked - held.snapshot.name.start < MAX_STANDING_MS) {
      return { ...held, verifiedAt: asked, freshUntil };
    }
    const job = await jobs.obtain(start, maximumBytesBilled(table));
    const snapshot = await this.#opened(job);
    // Of a job that was made by somebody else, all that is known is that its window had begun, unless nothing was written since.
    return job.created || isOlder(table, job.takenAt)
      ? { snapshot, table, verifiedAt: asked, freshUntil }
      : { snapshot, table: undefined, verifiedAt: start, freshUntil };
  }

  async #opened({ name, destination, takenAt }: FinishedJob): Promise<Snapshot> {
    try {
      const snapshot = { ...(await this.#options.blocks.open(name.token, destination)), name, takenAt };
      this.#known.set(name.token, snapshot);
      return snapshot;
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.kind === 'expired') throw this.#lost({ name, token: name.token }, error);
      throw error;
    }
  }

  #open(name: SnapshotName): Promise<Snapshot> {
    const { jobs, blocks } = this.#options;
    const opening = this.#opening.get(name.token);
    if (opening) return opening;
    if (this.#opening.size >= MAX_OPENING) {
      const message = `${this.#opening.size} snapshots are being looked up`;
      return Promise.reject(
        new WarehouseError('busy', 'tooManySnapshots', message, { retryAfterMs: PAUSE_MS }),
      );
    }
    const open = async () => {
      const job = await jobs.find(name);
      if (!job) throw expired(name.token);
      const snapshot = { ...(await blocks.open(name.token, job.destination)), name, takenAt: job.takenAt };
      this.#known.set(name.token, snapshot);
      return snapshot;
    };
    const promise = open().finally(() => this.#opening.delete(name.token));
    this.#opening.set(name.token, promise);
    return promise;
  }

  /** What a failed read of the present snapshot means. */
  #meaningOf(error: unknown, snapshot: Snapshot): unknown {
    return error instanceof WarehouseError && error.kind === 'expired' ? this.#lost(snapshot, error) : error;
  }

  /** The result of a snapshot vanished before its time: who asks next has another one made. */
  #lost({ name, token }: Pick<Snapshot, 'name' | 'token'>, cause: WarehouseError): WarehouseError {
    const error = new WarehouseError('unavailable', 'snapshotLost', `the result of ${name.jobId} is gone`, {
      cause,
      retryable: true,
    });
    this.#options.jobs.giveUp(name, error);
    this.#known.delete(token);
    if (this.isPresent(token)) this.#current = undefined;
    return error;
  }
}

function expired(token: string): WarehouseError {
  return new WarehouseError('expired', 'notFound', `no snapshot ${token}`);
}
