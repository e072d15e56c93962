import { LRUCache } from 'lru-cache';
import { ownBytes } from '../own-bytes.ts';
import { BillBudget } from './bill-budget.ts';
import { WarehouseError, type WarehouseErrorKind } from './errors.ts';
import { recordJson } from './record-json.ts';
import type { BilledRows } from './replies.ts';
import type { Timing } from './timing.ts';
import type { ListedRecord, RecordAnswer } from './warehouse.ts';

/** How long the first id waits for others that share its query. Milliseconds. */
const BATCH_MS = 3;
/** Between two queries, and the longest that an id waits for the next one where the list can answer. Milliseconds. */
const SPACE_MS = 1_000;
/** Ids in one query. */
const MAX_BATCH = 1_000;

/** Ids that wait for an answer. */
const MAX_WAITING = 5_000;
const RETRY_AFTER_MS = 1_000;
/** Who can not be answered in this time is refused. Milliseconds. */
const MAX_WAIT_MS = 5_000;

/** How long it holds that there is no such record: one that was just published shows soon. Milliseconds. */
const ABSENT_MS = 5_000;

/** What a failed query has not cost, by the kind of its error, and by the reason. */
const NOT_BILLED: ReadonlySet<WarehouseErrorKind> = new Set(['refused', 'busy']);
const NEVER_SENT: ReadonlySet<string> = new Set(['circuitOpen', 'closing', 'ECONNREFUSED', 'ENOTFOUND']);

/** Answers in memory, and the bytes of them. */
const MAX_ANSWERS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** A guess at what an entry costs beside its bytes and its id. */
const ENTRY_BYTES = 400;

/** How long a record that is known is served while the warehouse does not answer: it never changes. Milliseconds. */
const STALE_IF_ERROR_MS = 12 * 60 * 60 * 1000;

export interface LookupsOptions {
  readonly freshMs: number;
  readonly timing: Timing;
  /** Waits as long as a request may; what it waited for goes on. */
  inTime<T>(result: Promise<T>): Promise<T>;
  /**
   * What the list of the moment has; undefined when it can not be had, or is not there and need not be made. `needed`: nothing else can
   * answer.
   */
  listed(id: string, needed: boolean): Promise<ListedRecord | undefined>;
  /** Throws when no query can be sent now. */
  assertOpen(): void;
  /** The rows with these ids, each id once, in any order. */
  query(ids: readonly string[]): Promise<BilledRows>;
  /** Told whether an answer was in memory. */
  onAsked?(hit: boolean): void;
}

interface Known {
  /** Undefined: there is no such record. */
  readonly body: Buffer | undefined;
  /** When this was known to be true. Milliseconds since the epoch. */
  readonly askedAt: number;
}

interface Batch {
  readonly ids: Set<string>;
  readonly known: Promise<ReadonlyMap<string, Known>>;
}

/**
 * Records by their ids, remembered for a while. A record never changes, so what the list has is answered from it, for
 * nothing; what it has not is asked for live, together with whatever else is, for a price that does not grow with traffic
 * or with the table. While that is used up, the list's word counts that there is none.
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
  /** When the last query was sent, or will be, by `timing.now()`. */
  #sentAt = Number.NEGATIVE_INFINITY;
  readonly #budget: BillBudget;

  constructor(options: LookupsOptions) {
    this.#options = options;
    this.#budget = new BillBudget(() => options.timing.now());
  }

  /** What is known of it, when that holds. */
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
      // That there was none is no answer: it may have been published since.
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
    // It waits for a query already.
    if (this.#pending.has(id)) return this.#ask(id);
    const needed = this.#untilQueryMs() > SPACE_MS;
    let listed = await this.#listed(id, needed);
    // While it was read, others can have spent what there was for queries.
    if (!listed && !needed && this.#untilQueryMs() > SPACE_MS) listed = await this.#listed(id, true);
    if (listed?.body !== undefined) {
      this.#known.set(id, listed);
      return listed;
    }
    const waitMs = this.#untilQueryMs();
    if (listed && waitMs > SPACE_MS) return listed;
    if (waitMs > MAX_WAIT_MS) {
      throw new WarehouseError('busy', 'lookupBudget', `live queries are used up for ${waitMs} ms`, {
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

  /** Until the query is sent that an id can still join. Milliseconds. */
  #untilQueryMs(): number {
    const now = this.#options.timing.now();
    if (this.#batch) return Math.max(0, this.#sentAt - now);
    return Math.max(BATCH_MS, this.#sentAt + SPACE_MS - now, this.#budget.waitMs);
  }

  async #ask(id: string): Promise<Known> {
    const batch = this.#pending.get(id) ?? this.#join(id);
    const known = (await batch.known).get(id);
    if (!known) throw new Error('an id was left out of its batch');
    return known;
  }

  #join(id: string): Batch {
    this.#options.assertOpen();
    if (this.#pending.size >= MAX_WAITING) {
      const message = `${this.#pending.size} ids wait for an answer`;
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
      // What BigQuery refuses, or never got, it does not bill; what it did not answer in time, it may.
      if (error instanceof WarehouseError && (NOT_BILLED.has(error.kind) || NEVER_SENT.has(error.reason)))
        noteBilled(0);
      throw error;
    });
    noteBilled(billed);
    // As bytes, not as text, which would be encoded anew for each answer.
    const bodies = new Map(rows.map((row) => [row.f[0]?.v, ownBytes(Buffer.from(recordJson(row)))]));
    const answers = new Map(ids.map((id) => [id, { body: bodies.get(id), askedAt }]));
    for (const [id, known] of answers) this.#known.set(id, known);
    return answers;
  }
}
