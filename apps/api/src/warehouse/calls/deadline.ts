import { WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';

/** Waits for the result, `ms` at most; then throws `timeout`. What was waited for goes on. */
export async function withDeadline<T>(result: Promise<T>, ms: number, timing: Timing): Promise<T> {
  const over = new AbortController();
  const deadline = timing.sleep(ms, over.signal).then(
    () => {
      throw new WarehouseError('timeout', 'timeout', `no answer within ${Math.round(ms)} ms`);
    },
    // Aborted: the race below is over, and nobody listens.
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([result, deadline]);
  } finally {
    over.abort();
  }
}
