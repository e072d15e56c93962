import { WarehouseError } from '../errors.ts';

/** Four instances stay below the 300 calls at one time that Google grants an account. https://docs.cloud.google.com/bigquery/quotas#api_requests */
const MAX_INSIDE = 64;
const MAX_WAITING = 256;
const RETRY_AFTER_MS = 1_000;

/** Lets a bounded number of calls be under way, and a bounded number wait, first come, first served. */
export class Gate {
  #inside = 0;
  readonly #waiting = new Set<() => void>();
  #idle: (() => void) | undefined;

  /** Resolves to what has to be called on leaving. Throws `busy` when too many wait, and the signal's reason when it aborts. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#inside < MAX_INSIDE) this.#inside++;
    else await this.#wait(signal);
    return () => this.#leave();
  }

  /** Resolves when nothing is inside. */
  async idle(): Promise<void> {
    if (this.#inside === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) {
      const message = `${this.#inside} calls are under way and ${this.#waiting.size} wait`;
      throw new WarehouseError('busy', 'tooManyCalls', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The place goes to who has waited the longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
      return;
    }
    this.#inside -= 1;
    if (this.#inside === 0) this.#idle?.();
  }
}
