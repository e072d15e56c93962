import { afterAll } from '@jest/globals';

const closers: (() => unknown)[] = [];

/** Closes what a test file opened, the latest first, however its tests ended: what stays open keeps Jest from ending. */
export function closeAfterAll(close: () => unknown): void {
  closers.push(close);
}

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});
