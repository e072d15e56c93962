export interface BulkheadOptions {
  /** Tasks that run at the same time, at least 1. */
  readonly slots: number;
  /** Tasks that may wait for a slot. */
  readonly maxWaiting: number;
  /** The error for a task that finds the queue full. */
  refusal(running: number, waiting: number): Error;
}

/** Limits concurrent tasks: up to `slots` run, up to `maxWaiting` wait in order of arrival, and the rest are refused. */
export class Bulkhead {
  readonly #options: BulkheadOptions;
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #idle: (() => void) | undefined;

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  /** Throws `refusal` when the queue is full, and the signal's reason when it aborts while the task waits. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { slots, maxWaiting, refusal } = this.#options;
    if (this.#running < slots) this.#running++;
    else if (this.#waiting.size < maxWaiting) await this.#slot(signal);
    else throw refusal(this.#running, this.#waiting.size);
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #slot(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(enter);
        reject(signal?.reason);
      };
      this.#waiting.add(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else if (--this.#running === 0) this.#idle?.();
  }
}
