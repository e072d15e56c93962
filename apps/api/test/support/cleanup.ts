const closers: (() => unknown)[] = [];

/** Closes what a test file opened, however its tests ended: what stays open keeps Jest from ending. */
export function closeAfterAll(close: () => unknown): void {
  closers.push(close);
}

/** The latest first. Jest calls it after each test file (close-after-all.ts); a program, before it ends. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
