import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** Polls until a condition holds. Throws when it does not within `withinMs`. */
export async function until(what: string, holds: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`no ${what} within ${withinMs / 1_000} s`);
    await delay(POLL_MS);
  }
}

/** Polls until a backlog is empty. Throws when its size stays the same for `stallMs`. */
export async function drained(backlog: () => Promise<number>, stallMs = 60_000): Promise<void> {
  let [before, since] = [-1, performance.now()];
  for (;;) {
    const size = await backlog();
    if (size === 0) return;
    if (size !== before) [before, since] = [size, performance.now()];
    if (performance.now() - since > stallMs)
      throw new Error(`the backlog stays at ${size} messages for ${stallMs / 1_000} s`);
    await delay(POLL_MS);
  }
}
