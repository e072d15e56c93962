import { toWarehouseError, WarehouseError } from './errors.ts';
import type { Timing } from './timing.ts';

export interface RetryPolicy {
  /** Calls at most, the first one included. */
  readonly attempts: number;
  /** The longest wait before the second call; doubles for each further one. Milliseconds. */
  readonly firstDelayMs: number;
  /** Time for everything, waits included. Milliseconds. */
  readonly deadlineMs: number;
}

/**
 * Calls again what failed for a passing reason, after a random wait that doubles ("full jitter": instances that failed
 * together do not come back together), and gives up for good at the deadline. For calls that are safe to repeat.
 * Throws WarehouseError.
 */
export async function callWithDeadline<T>(
  call: (remainingMs: number) => Promise<T>,
  { attempts, firstDelayMs, deadlineMs }: RetryPolicy,
  timing: Timing,
): Promise<T> {
  const start = timing.now();
  const over = new AbortController();
  const deadline = timing.sleep(deadlineMs, over.signal).then(
    () => {
      throw new WarehouseError('timeout', 'timeout', `no answer within ${deadlineMs} ms`);
    },
    // Aborted: the race below is over, and nobody listens.
    () => new Promise<never>(() => {}),
  );
  const attempt = async (): Promise<T> => {
    for (let count = 1; ; count++) {
      const remaining = deadlineMs - (timing.now() - start);
      try {
        return await call(remaining);
      } catch (cause) {
        const error = toWarehouseError(cause);
        const delay = timing.random() * firstDelayMs * 2 ** (count - 1);
        const left = deadlineMs - (timing.now() - start);
        if (!error.retryable || count >= attempts || delay >= left || over.signal.aborted) throw error;
        await timing.sleep(delay);
      }
    }
  };
  try {
    return await Promise.race([attempt(), deadline]);
  } finally {
    over.abort();
  }
}
