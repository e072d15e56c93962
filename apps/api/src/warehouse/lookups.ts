import { LRUCache } from 'lru-cache';
import { Bulkhead } from '../bulkhead.ts';
import { ownBytes } from '../own-bytes.ts';
import type { Amended, AmendmentSource } from './amendment-reader.ts';
import type { Calls } from './calls/calls.ts';
import { withDeadline } from './calls/deadline.ts';
import { toWarehouseError, WarehouseError, type WarehouseErrorKind } from './errors.ts';
import type { QueryBudget } from './query-budget.ts';
import { recordJson } from './record-json.ts';
import type { BilledRows } from './replies.ts';
import type { Timing } from './timing.ts';
import type { ListedRecord, RecordAnswer } from './warehouse.ts';

/** How long a query waits for more ids. Milliseconds. */
const BATCH_MS = 3;
/** Ids in one query. */
const MAX_BATCH = 1_000;
/** Concurrent queries. While all run, ids gather for one more. */
const MAX_IN_FLIGHT = 4;
const RETRY_AFTER_MS = 1_000;

/** How long an id waits for the list while a query is possible. Milliseconds. */
const LIST_WAIT_MS = 2_000;

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
  readonly calls: Pick<Calls, 'assertOpen' | 'inTime'>;
  /** Answers from the current list, undefined if there is none. With `needed`, it is made first. */
  readonly list: { find(id: string, needed: boolean): Promise<ListedRecord | undefined> };
  readonly amendments: AmendmentSource;
  /** What the queries may be billed. */
  readonly budget: QueryBudget;
  readonly log: Record<'warn', (fields: object, message: string) => void>;
  /** The rows with these ids, one per id, in any order. */
  query(ids: readonly string[]): Promise<BilledRows>;
  /** Called with whether the answer was in the cache. */
  onAsked?(hit: boolean): void;
}

interface Known {
  /** Undefined when there is no such record. */
  readonly body: Buffer | undefined;
  /** When this was verified, by `timing.now()`. */
  readonly askedAt: number;
}

interface Batch {
  readonly ids: string[];
  readonly answers: Promise<ReadonlyMap<string, Known>>;
}

/**
 * Cached lookups of records by id. The list answers the ids that it has, free of charge; batched live queries answer the rest.
 * While the query budget is spent, an id missing from the list counts as not found.
 */
export class Lookups {
  readonly #options: LookupsOptions;
  /** Concurrent requests for an id share one lookup. An answer that a failed lookup would replace stays. */
  readonly #known = new LRUCache<string, Known>({
    max: MAX_ANSWERS,
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, id) => (body?.length ?? 0) + 2 * id.length + ENTRY_BYTES,
    fetchMethod: (id) => this.#look(id),
    noDeleteOnFetchRejection: true,
    ignoreFetchAbort: true,
  });
  readonly #queries = new Bulkhead({
    slots: MAX_IN_FLIGHT,
    maxWaiting: 1,
    refusal: (running) =>
      new WarehouseError('busy', 'tooManyLookups', `${running} queries are in flight and the next is full`, {
        retryAfterMs: RETRY_AFTER_MS,
      }),
  });
  /** The query that gathers ids. */
  #batch: Batch | undefined;

  constructor(options: LookupsOptions) {
    this.#options = options;
  }

  /** The answer, if it is in the cache and fresh. */
  inMemory(id: string): RecordAnswer | undefined {
    const known = this.#known.get(id);
    const amended = this.#options.amendments.fresh;
    if (known === undefined || !amended || this.#ageOf(known) >= this.#freshMsOf(known)) return undefined;
    this.#options.onAsked?.(true);
    return this.#answer(id, known, amended);
  }

  /** Throws WarehouseError. */
  async find(id: string): Promise<RecordAnswer> {
    const there = this.inMemory(id);
    if (there) return there;
    this.#options.onAsked?.(false);
    const known = this.#known.get(id);
    const amending = this.#options.amendments.current();
    // Awaited below.
    amending.catch(() => {});
    try {
      const found = this.#known.forceFetch(id, { forceRefresh: true });
      return this.#answer(id, await this.#options.calls.inTime(found), await amending);
    } catch (error) {
      // Not a cached 404: the record may have been published since.
      if (known?.body === undefined || this.#ageOf(known) >= STALE_IF_ERROR_MS) throw error;
      return this.#answer(id, known, await amending);
    }
  }

  #answer(id: string, known: Known, { amendments }: Amended): RecordAnswer {
    const { freshMs, amendments: source } = this.#options;
    const ageMs = Math.max(this.#ageOf(known), source.ageMs);
    return { body: amendments.body(id, known.body), freshness: { ageMs, freshMs } };
  }

  #freshMsOf({ body }: Known): number {
    const { freshMs } = this.#options;
    return body === undefined ? Math.min(freshMs, ABSENT_MS) : freshMs;
  }

  #ageOf({ askedAt }: Known): number {
    return this.#options.timing.now() - askedAt;
  }

  /** A query that gathers ids is paid for. */
  get #isSpent(): boolean {
    return !this.#batch && this.#options.budget.waitMs > 0;
  }

  async #look(id: string): Promise<Known> {
    const wasSpent = this.#isSpent;
    let listed = await this.#listed(id, wasSpent);
    if (listed?.body === undefined && !this.#isSpent) return this.#ask(id);
    // Others may have spent the budget meanwhile.
    if (!wasSpent) listed ??= await this.#listed(id, true);
    if (listed) return listed;
    const { waitMs } = this.#options.budget;
    throw new WarehouseError('busy', 'lookupBudget', `the query budget is spent for ${waitMs} ms`, {
      retryAfterMs: waitMs,
    });
  }

  /** Also undefined when the list cannot be read, or takes too long while a query is possible. */
  async #listed(id: string, needed: boolean): Promise<Known | undefined> {
    const { list, timing, log } = this.#options;
    try {
      const found = list.find(id, needed);
      const listed = await (needed ? found : withDeadline(found, LIST_WAIT_MS, timing));
      return listed && { body: listed.body, askedAt: timing.now() - listed.ageMs };
    } catch (cause) {
      const err = toWarehouseError(cause);
      // A query would fail the same way.
      if (err.kind === 'busy' || (err.kind === 'unavailable' && err.reason !== 'snapshotLost')) throw err;
      log.warn({ err, reason: err.reason }, `lookup in the list failed: ${err.message}`);
      return undefined;
    }
  }

  async #ask(id: string): Promise<Known> {
    this.#options.calls.assertOpen();
    this.#batch ??= this.#open();
    const { ids, answers } = this.#batch;
    if (ids.push(id) >= MAX_BATCH) this.#batch = undefined;
    const known = (await answers).get(id);
    if (!known) throw new Error('a batch lost an id');
    return known;
  }

  #open(): Batch {
    const ids: string[] = [];
    const close = () => {
      if (this.#batch?.ids === ids) this.#batch = undefined;
    };
    const run = async () => {
      const noteBilled = this.#options.budget.spend();
      await this.#options.timing.sleep(BATCH_MS);
      close();
      return await this.#query(ids, noteBilled);
    };
    return { ids, answers: this.#queries.run(run).finally(close) };
  }

  async #query(
    ids: readonly string[],
    noteBilled: (billed: number) => void,
  ): Promise<ReadonlyMap<string, Known>> {
    const askedAt = this.#options.timing.now();
    const { rows, billed } = await this.#options.query(ids).catch((error: unknown) => {
      // BigQuery bills neither refused nor unsent queries, but perhaps those that timed out.
      if (error instanceof WarehouseError && (NOT_BILLED.has(error.kind) || NEVER_SENT.has(error.reason)))
        noteBilled(0);
      throw error;
    });
    noteBilled(billed);
    // As bytes: a string would be encoded for each answer.
    const bodies = new Map(rows.map((row) => [row.f[0]?.v, ownBytes(Buffer.from(recordJson(row)))]));
    return new Map(ids.map((id) => [id, { body: bodies.get(id), askedAt }]));
  }
}
