const closers: (() => unknown)[] = [];

/** Registers a cleanup that runs even when tests fail: open handles keep Jest from ending. */
export function closeAfterAll(close: () => unknown): void {
  closers.push(close);
}

/** Runs the cleanups, latest first. Jest calls it after each test file (setup.ts), a program before it ends. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
