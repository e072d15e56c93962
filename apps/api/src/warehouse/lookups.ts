import { LRUCache } from 'lru-cache';
import { ownBytes } from '../own-bytes.ts';
import { WarehouseError, type WarehouseErrorKind } from './errors.ts';
import { QueryBudget } from './query-budget.ts';
import { recordJson } from './record-json.ts';
import type { BilledRows } from './replies.ts';
import type { Timing } from './timing.ts';
import type { ListedRecord, RecordAnswer } from './warehouse.ts';

/** How long the first id of a query waits for others. Milliseconds. */
const BATCH_MS = 3;
/** Interval between queries; an id does not wait longer for one when the list can answer. Milliseconds. */
const SPACE_MS = 1_000;
/** Ids in one query. */
const MAX_BATCH = 1_000;

/** Pending ids. */
const MAX_WAITING = 5_000;
const RETRY_AFTER_MS = 1_000;
/** A lookup that would wait longer is refused. Milliseconds. */
const MAX_WAIT_MS = 5_000;

/** How long a 404 is cached: short, so that a new record appears soon. Milliseconds. */
const ABSENT_MS = 5_000;

/** Errors of queries that BigQuery does not bill, by kind and by reason. */
const NOT_BILLED: ReadonlySet<WarehouseErrorKind> = new Set(['refused', 'busy']);
const NEVER_SENT: ReadonlySet<string> = new Set(['circuitOpen', 'closing', 'ECONNREFUSED', 'ENOTFOUND']);

/** Limits of the cache: answers and bytes. */
const MAX_ANSWERS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** An estimate of what an entry costs besides its bytes and id. */
const ENTRY_BYTES = 400;

/** How long a cached record, which never changes, is served while the warehouse does not answer. Milliseconds. */
const STALE_IF_ERROR_MS = 12 * 60 * 60 * 1000;

export interface LookupsOptions {
  readonly freshMs: number;
  readonly timing: Timing;
  /** Rejects at the deadline of a request, without stopping the work. */
  inTime<T>(result: Promise<T>): Promise<T>;
  /** The record in the current list; undefined when that cannot be read. With `needed`, the list is made if there is none. */
  listed(id: string, needed: boolean): Promise<ListedRecord | undefined>;
  /** Throws when no query can be sent. */
  assertOpen(): void;
  /** The rows with these ids, one per id, in any order. */
  query(ids: readonly string[]): Promise<BilledRows>;
  /** Called with whether the answer was in the cache. */
  onAsked?(hit: boolean): void;
}

interface Known {
  /** Undefined when there is no such record. */
  readonly body: Buffer | undefined;
  /** When this was verified. Milliseconds since the epoch. */
  readonly askedAt: number;
}

interface Batch {
  readonly ids: Set<string>;
  readonly known: Promise<ReadonlyMap<string, Known>>;
}

/**
 * Cached lookups of records by id. The list answers the ids that it has, free of charge; batched live queries answer the rest.
 * While the query budget is spent, an id missing from the list counts as not found.
 */
export class Lookups {
  readonly #options: LookupsOptions;
  readonly #known = new LRUCache<string, Known>({
    max: MAX_ANSWERS,
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, id) => (body?.length ?? 0) + 2 * id.length + ENTRY_BYTES,
  });
  readonly #pending = new Map<string, Batch>();
  #batch: Batch | undefined;
  /** When the last query was or will be sent, by `timing.now()`. */
  #sentAt = Number.NEGATIVE_INFINITY;
  readonly #budget: QueryBudget;

  constructor(options: LookupsOptions) {
    this.#options = options;
    this.#budget = new QueryBudget(4.9 * 1024 ** 4, () => options.timing.now());
  }

  /** The answer, if it is in the cache and fresh. */
  inMemory(id: string): RecordAnswer | undefined {
    const known = this.#known.get(id);
    if (known === undefined || this.#ageOf(known) >= this.#freshMsOf(known)) return undefined;
    this.#options.onAsked?.(true);
    return this.#answer(known);
  }

  /** Throws WarehouseError. */
  async find(id: string): Promise<RecordAnswer> {
    const there = this.inMemory(id);
    if (there) return there;
    this.#options.onAsked?.(false);
    const known = this.#known.get(id);
    try {
      return this.#answer(await this.#options.inTime(this.#find(id)));
    } catch (error) {
      // Not a cached 404: the record may have been published since.
      if (known?.body !== undefined && this.#ageOf(known) < STALE_IF_ERROR_MS) return this.#answer(known);
      throw error;
    }
  }

  #answer(known: Known): RecordAnswer {
    const { freshMs } = this.#options;
    const freshness = {
      ageMs: this.#ageOf(known),
      freshMs,
      staleMs: freshMs,
      staleIfErrorMs: STALE_IF_ERROR_MS,
    };
    return { body: known.body, freshness };
  }

  #freshMsOf({ body }: Known): number {
    const { freshMs } = this.#options;
    return body === undefined ? Math.min(freshMs, ABSENT_MS) : freshMs;
  }

  #ageOf({ askedAt }: Known): number {
    return Math.max(0, this.#options.timing.date() - askedAt);
  }

  async #find(id: string): Promise<Known> {
    // Already in a query.
    if (this.#pending.has(id)) return this.#ask(id);
    const needed = this.#untilQueryMs() > SPACE_MS;
    let listed = await this.#listed(id, needed);
    // Others may have spent the budget meanwhile.
    if (!listed && !needed && this.#untilQueryMs() > SPACE_MS) listed = await this.#listed(id, true);
    if (listed?.body !== undefined) {
      this.#known.set(id, listed);
      return listed;
    }
    const waitMs = this.#untilQueryMs();
    if (listed && waitMs > SPACE_MS) return listed;
    if (waitMs > MAX_WAIT_MS) {
      throw new WarehouseError('busy', 'lookupBudget', `the query budget is spent for ${waitMs} ms`, {
        retryAfterMs: waitMs,
      });
    }
    return this.#ask(id);
  }

  async #listed(id: string, needed: boolean): Promise<Known | undefined> {
    const { listed, timing } = this.#options;
    const found = await listed(id, needed);
    return found && { body: found.body, askedAt: timing.date() - found.ageMs };
  }

  /** Milliseconds until the next query that an id can join. */
  #untilQueryMs(): number {
    const now = this.#options.timing.now();
    if (this.#batch) return Math.max(0, this.#sentAt - now);
    return Math.max(BATCH_MS, this.#sentAt + SPACE_MS - now, this.#budget.waitMs);
  }

  async #ask(id: string): Promise<Known> {
    const batch = this.#pending.get(id) ?? this.#join(id);
    const known = (await batch.known).get(id);
    if (!known) throw new Error('a batch lost an id');
    return known;
  }

  #join(id: string): Batch {
    this.#options.assertOpen();
    if (this.#pending.size >= MAX_WAITING) {
      const message = `${this.#pending.size} lookups are pending`;
      throw new WarehouseError('busy', 'tooManyLookups', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#batch ??= this.#open();
    const batch = this.#batch;
    batch.ids.add(id);
    this.#pending.set(id, batch);
    if (batch.ids.size >= MAX_BATCH) this.#batch = undefined;
    return batch;
  }

  #open(): Batch {
    const ids = new Set<string>();
    const { timing } = this.#options;
    const waitMs = this.#untilQueryMs();
    this.#sentAt = timing.now() + waitMs;
    const noteBilled = this.#budget.spend();
    const run = async () => {
      await timing.sleep(waitMs);
      if (this.#batch === batch) this.#batch = undefined;
      try {
        return await this.#query([...ids], noteBilled);
      } finally {
        for (const id of ids) this.#pending.delete(id);
      }
    };
    const batch: Batch = { ids, known: run() };
    return batch;
  }

  async #query(
    ids: readonly string[],
    noteBilled: (billed: number) => void,
  ): Promise<ReadonlyMap<string, Known>> {
    const askedAt = this.#options.timing.date();
    const { rows, billed } = await this.#options.query(ids).catch((error: unknown) => {
      // BigQuery bills neither refused nor unsent queries, but perhaps those that timed out.
      if (error instanceof WarehouseError && (NOT_BILLED.has(error.kind) || NEVER_SENT.has(error.reason)))
        noteBilled(0);
      throw error;
    });
    noteBilled(billed);
    // As bytes: a string would be encoded for each answer.
    const bodies = new Map(rows.map((row) => [row.f[0]?.v, ownBytes(Buffer.from(recordJson(row)))]));
    const answers = new Map(ids.map((id) => [id, { body: bodies.get(id), askedAt }]));
    for (const [id, known] of answers) this.#known.set(id, known);
    return answers;
  }
}
