import { timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  hashOf,
  idOf,
  isWellFormed,
  type KeyEntry,
  type KeyList,
  parseKeyList,
  stateOf,
} from '@records/api-keys';
import { systemTiming, type Timing } from '../warehouse/timing.ts';

/** Interval between reads of the file: a revoked key works at most this long. Milliseconds. */
const READ_MS = 10_000;
/** While the file cannot be read, its last content is used this long; then every key is refused. Milliseconds. */
const MAX_AGE_MS = 10 * 60_000;
/** How long `start` waits for the first read. Milliseconds. */
const START_MS = 3_000;

export interface ApiKeysOptions {
  /** Undefined means no keys. */
  readonly file: string | undefined;
  readonly log: { info(message: string): void; error(details: object, message: string): void };
  readonly timing?: Pick<Timing, 'now' | 'date'>;
  /** Milliseconds. */
  readonly lookMs?: number;
}

export type KeyAnswer = KeyEntry | 'unknown' | 'unavailable';

/**
 * The keys in a file that is read every ten seconds. On Cloud Run the file is the version `latest` of a secret, fetched at each
 * read. https://docs.cloud.google.com/run/docs/configuring/services/secrets
 */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #timing: Pick<Timing, 'now' | 'date'>;
  readonly #closing = new AbortController();
  #byId: ReadonlyMap<string, readonly KeyEntry[]> = new Map();
  #readAt: number;
  #text = '';
  #failed = false;

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#timing = options.timing ?? systemTiming;
    this.#readAt = options.file === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Reads the file, and keeps reading it until `close`. */
  static async start(options: ApiKeysOptions): Promise<ApiKeys> {
    const keys = new ApiKeys(options);
    if (options.file === undefined) return keys;
    const first = keys.refresh();
    void first.then(() => keys.#poll());
    await Promise.race([first, delay(START_MS, undefined, { ref: false })]);
    return keys;
  }

  find(key: string): KeyAnswer {
    if (!isWellFormed(key)) return 'unknown';
    if (this.#timing.now() - this.#readAt > MAX_AGE_MS) return 'unavailable';
    const sha256 = hashOf(key);
    const given = Buffer.from(sha256, 'hex');
    // The id is not secret; the hash is compared in constant time.
    const entry = this.#byId
      .get(idOf(sha256))
      ?.find((stored) => timingSafeEqual(Buffer.from(stored.sha256, 'hex'), given));
    return entry && stateOf(entry, new Date(this.#timing.date())) === 'active' ? entry : 'unknown';
  }

  /** Reads the file once. A failure is logged, and the last keys stay valid for ten minutes. */
  async refresh(): Promise<void> {
    const { file, log } = this.#options;
    if (file === undefined) return;
    try {
      const text = await readFile(file, 'utf8');
      if (text !== this.#text) this.#take(parseKeyList(text));
      this.#text = text;
      this.#readAt = this.#timing.now();
      this.#failed = false;
    } catch (err) {
      if (!this.#failed) log.error({ err }, 'cannot read the API keys; using those of the last read');
      this.#failed = true;
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /** One read after the other, so that at most one hangs. */
  async #poll(): Promise<void> {
    const { lookMs = READ_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await delay(lookMs, undefined, { ref: false, signal }).catch(() => undefined);
      if (!signal.aborted) await this.refresh();
    }
  }

  #take({ keys }: KeyList): void {
    this.#byId = Map.groupBy(keys, ({ sha256 }) => idOf(sha256));
    const active = keys.filter((entry) => stateOf(entry, new Date(this.#timing.date())) === 'active').length;
    this.#options.log.info(`API keys: ${active} active of ${keys.length}`);
  }
}
