import { WarehouseError } from '../errors.ts';
import type { Timing } from '../timing.ts';

/** Rejects with `timeout` after `ms` milliseconds, without stopping the work. */
export async function withDeadline<T>(result: Promise<T>, ms: number, timing: Timing): Promise<T> {
  const over = new AbortController();
  const deadline = timing.sleep(ms, over.signal).then(
    () => {
      throw new WarehouseError('timeout', 'timeout', `no answer within ${Math.round(ms)} ms`);
    },
    // Aborted after the race below.
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([result, deadline]);
  } finally {
    over.abort();
  }
}
