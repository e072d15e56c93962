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

/** Between two looks at the file: how long a revoked key goes on to work at most. Milliseconds. */
const LOOK_MS = 10_000;
/** How long the list counts while it can not be read again; after that no key is taken. Milliseconds. */
const MAX_AGE_MS = 10 * 60_000;
/** How long a start waits for the first look. Milliseconds. */
const START_MS = 3_000;

export interface ApiKeysOptions {
  /** Undefined: there are no keys. */
  readonly file: string | undefined;
  readonly log: { info(message: string): void; error(details: object, message: string): void };
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds. */
  readonly lookMs?: number;
}

export type KeyAnswer = KeyEntry | 'unknown' | 'unavailable';

/**
 * The keys of a file that is read again and again. On Cloud Run the file is a version `latest` of a secret, and each
 * read fetches it. https://docs.cloud.google.com/run/docs/configuring/services/secrets
 */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #byId: ReadonlyMap<string, readonly KeyEntry[]> = new Map();
  #readAt: number;
  #text = '';
  #failed = false;

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#readAt = options.file === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Reads the file now, and from now on. */
  static async start(options: ApiKeysOptions): Promise<ApiKeys> {
    const keys = new ApiKeys(options);
    if (options.file === undefined) return keys;
    const first = keys.refresh();
    void first.then(() => keys.#look());
    await Promise.race([first, delay(START_MS, undefined, { ref: false })]);
    return keys;
  }

  find(key: string): KeyAnswer {
    if (!isWellFormed(key)) return 'unknown';
    if (this.#now() - this.#readAt > MAX_AGE_MS) return 'unavailable';
    const sha256 = hashOf(key);
    const given = Buffer.from(sha256, 'hex');
    // The id is no secret; what is compared with what is stored is compared in constant time.
    const entry = this.#byId
      .get(idOf(sha256))
      ?.find((stored) => timingSafeEqual(Buffer.from(stored.sha256, 'hex'), given));
    return entry && stateOf(entry, new Date(this.#now())) === 'active' ? entry : 'unknown';
  }

  /** Reads the file once. A failure is logged, and the keys of the last time count on for ten minutes. */
  async refresh(): Promise<void> {
    const { file, log } = this.#options;
    if (file === undefined) return;
    try {
      const text = await readFile(file, 'utf8');
      if (text !== this.#text) this.#take(parseKeyList(text));
      this.#text = text;
      this.#readAt = this.#now();
      this.#failed = false;
    } catch (err) {
      if (!this.#failed) log.error({ err }, 'can not read the API keys; those of the last time count on');
      this.#failed = true;
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /** One look after the other, so that a read that hangs is the only one. */
  async #look(): Promise<void> {
    const { lookMs = LOOK_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await delay(lookMs, undefined, { ref: false, signal }).catch(() => undefined);
      if (!signal.aborted) await this.refresh();
    }
  }

  #take({ keys }: KeyList): void {
    this.#byId = Map.groupBy(keys, ({ sha256 }) => idOf(sha256));
    const active = keys.filter((entry) => stateOf(entry, new Date(this.#now())) === 'active').length;
    this.#options.log.info(`API keys: ${active} active of ${keys.length}`);
  }
}
