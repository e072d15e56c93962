/** A local stack with its console: `node console-process.ts DATA_DIR`. Sends a `ConsoleReady`, then counts rows. */
import { LocalStack } from '@records/local';
import type { Target } from '@records/stack';
import { answer } from '../../shared/forked-process.ts';

export interface ConsoleReady {
  readonly url: string;
  readonly target: Target;
  /** Milliseconds until the stack was ready, and from then until the console listened. */
  readonly stackMs: number;
  readonly consoleMs: number;
}

/** Messages that were written to the table since the start. */
export type Written = number;

const [dataDir = ''] = process.argv.slice(2);
const began = performance.now();
const stack = await LocalStack.create({ dataDir });
const ready = performance.now();
// As pnpm dev opens it, but for the events of the start.
const { Activity, openConsole } = await import('@records/local/console');
const activity = new Activity();
const page = await openConsole(stack, activity, { port: 0, isChosen: true }, (error) => {
  throw error;
});
const listening = performance.now();

answer(async (): Promise<Written> => {
  const { subscriptions } = stack.cloud.pubsub.measurements();
  return subscriptions.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
});

const message: ConsoleReady = {
  url: page.url,
  target: stack.seedTarget,
  stackMs: ready - began,
  consoleMs: listening - ready,
};
process.send?.(message);
