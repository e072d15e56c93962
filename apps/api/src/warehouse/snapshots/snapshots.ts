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

/** An evicted snapshot is opened again when it is requested. */
const MAX_KNOWN = 64;
/** Concurrent openings of snapshots that are not in the cache. */
const MAX_OPENING = 32;
/** An unchanged snapshot is renewed after this, so that a new walk has at least six hours. Milliseconds. */
const MAX_STANDING_MS = WALK_MS / 2;
/** The pause after a failed renewal. Milliseconds. */
const PAUSE_MS = 1_000;
/** Without requests for this long, `servedAgeMs` is 0: no client sees an old page. Milliseconds. */
const SERVED_MS = 300_000;

export interface SnapshotsOptions {
  readonly names: SnapshotNames;
  readonly jobs: SnapshotJobs;
  readonly blocks: Blocks;
  readonly search: Search;
  readonly windowMs: number;
  readonly timing: Timing;
  /** Rejects at the deadline of a request, without stopping the work. */
  inTime<T>(result: Promise<T>): Promise<T>;
  tableMetadata(): Promise<TableMetadata>;
  /** Called when a renewal failed and the previous snapshot stays current. */
  onStale(error: WarehouseError): void;
}

interface Snapshot extends SnapshotTable {
  readonly name: SnapshotName;
  readonly takenAt: number;
}

/** The current snapshot. Times are milliseconds since the epoch. */
interface Current {
  readonly snapshot: Snapshot;
  /** The state of the table before the snapshot was taken, where known. */
  readonly table: TableMetadata | undefined;
  /** When the snapshot was last known to equal the table. */
  readonly verifiedAt: number;
  /** End of the window of `verifiedAt`. */
  readonly freshUntil: number;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #known = new LRUCache<string, Snapshot>({ max: MAX_KNOWN });
  readonly #opening = new Map<string, Promise<Snapshot>>();
  #current: Current | undefined;
  #renewal: Promise<Current> | undefined;
  /** The last renewal failed or was late: requests do not wait for the next one. */
  #trouble: { readonly error: WarehouseError; readonly until: number } | undefined;
  #served = { at: 0, ageMs: 0 };

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** The age of the list that was served last, in milliseconds; 0 without recent requests. */
  get servedAgeMs(): number {
    const { at, ageMs } = this.#served;
    return this.#options.timing.date() - at < SERVED_MS ? ageMs : 0;
  }

  /** Whether this is the current list. */
  isCurrent(token: string): boolean {
    return this.#current?.snapshot.token === token;
  }

  /** The current list if it is fresh. */
  inMemory(): RecordList | undefined {
    const held = this.#usable();
    return held && this.#options.timing.date() < held.freshUntil ? this.#listOf(held) : undefined;
  }

  /** The list of this window, or a stale one while this one is being made or cannot be made. */
  async current(): Promise<RecordList> {
    const there = this.inMemory();
    if (there) return there;
    const held = this.#usable();
    const { windowMs, timing } = this.#options;
    const renewal = this.#renew();
    const waits = !held || (!this.#trouble && timing.date() - held.verifiedAt > 2 * windowMs);
    if (!waits) {
      // `onStale` reports the error.
      renewal.catch(() => {});
      return this.#listOf(held);
    }
    try {
      return this.#listOf(await this.#options.inTime(renewal));
    } catch (cause) {
      const error = toWarehouseError(cause);
      this.#trouble ??= { error, until: timing.date() };
      if (held) return this.#listOf(held);
      throw error;
    }
  }

  /**
   * The record in the current list. Without a list it is undefined unless `needed`: a full scan for one record costs too much. Throws
   * WarehouseError.
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

  /** The list that a token names. Throws `expired`. */
  async walk(token: string): Promise<RecordList> {
    const date = this.#options.timing.date();
    const name = this.#options.names.find(token, date);
    const snapshot = name && (this.#known.get(name.token) ?? (await this.#options.inTime(this.#open(name))));
    if (!snapshot) throw expired(token);
    const ageMs = Math.max(0, date - snapshot.name.start);
    const freshness = { ageMs, freshMs: WALK_MS, staleMs: 0, staleIfErrorMs: 0 };
    return this.#list(snapshot, freshness, (error) => {
      // Requests for the current list share this read and need another list.
      if (this.isCurrent(snapshot.token)) this.#meaningOf(error, snapshot);
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

  /** The current snapshot while it may be served, also stale. */
  #usable(): Current | undefined {
    const held = this.#current;
    return held && this.#options.timing.date() < held.snapshot.name.start + WALK_MS ? held : undefined;
  }

  /** Concurrent requests for a newer snapshot share one renewal. */
  #renew(): Promise<Current> {
    const { timing, onStale } = this.#options;
    if (this.#renewal) return this.#renewal;
    if (this.#trouble && timing.date() < this.#trouble.until) return Promise.reject(this.#trouble.error);
    this.#renewal = this.#make()
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
        this.#renewal = undefined;
      });
    return this.#renewal;
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
    // Another instance's job ran some time after the start of its window, perhaps before the last write.
    return job.created || isOlder(table, job.takenAt)
      ? { snapshot, table, verifiedAt: asked, freshUntil }
      : { snapshot, table: undefined, verifiedAt: start, freshUntil };
  }

  async #opened(job: FinishedJob): Promise<Snapshot> {
    try {
      return await this.#openJob(job);
    } catch (cause) {
      const error = toWarehouseError(cause);
      if (error.kind === 'expired') throw this.#lost(job.name, error);
      throw error;
    }
  }

  #open(name: SnapshotName): Promise<Snapshot> {
    const opening = this.#opening.get(name.token);
    if (opening) return opening;
    if (this.#opening.size >= MAX_OPENING) {
      const message = `${this.#opening.size} snapshots are being opened`;
      return Promise.reject(
        new WarehouseError('busy', 'tooManySnapshots', message, { retryAfterMs: PAUSE_MS }),
      );
    }
    const open = async () => {
      const job = await this.#options.jobs.find(name);
      if (!job) throw expired(name.token);
      return await this.#openJob(job);
    };
    const promise = open().finally(() => this.#opening.delete(name.token));
    this.#opening.set(name.token, promise);
    return promise;
  }

  async #openJob({ name, destination, takenAt }: FinishedJob): Promise<Snapshot> {
    const snapshot = { ...(await this.#options.blocks.open(name.token, destination)), name, takenAt };
    this.#known.set(name.token, snapshot);
    return snapshot;
  }

  /** Turns `expired` from a read of the current snapshot into `snapshotLost`. */
  #meaningOf(error: unknown, snapshot: Snapshot): unknown {
    return error instanceof WarehouseError && error.kind === 'expired'
      ? this.#lost(snapshot.name, error)
      : error;
  }

  /** The result of a snapshot disappeared early: the next request makes another one. */
  #lost(name: SnapshotName, cause: WarehouseError): WarehouseError {
    const error = new WarehouseError('unavailable', 'snapshotLost', `the result of ${name.jobId} is gone`, {
      cause,
      retryable: true,
    });
    this.#options.jobs.giveUp(name, error);
    this.#known.delete(name.token);
    if (this.isCurrent(name.token)) this.#current = undefined;
    return error;
  }
}

function expired(token: string): WarehouseError {
  return new WarehouseError('expired', 'notFound', `no snapshot ${token}`);
}
