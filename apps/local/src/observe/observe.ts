import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { prometheusRules, type TimeLapse } from '@records/monitoring';
import type { StackDescription } from '@records/stack';
import { type AlertState, changesOf, changeText } from './alerts.ts';
import { Observatory } from './observatory.ts';
import type { Programs } from './programs.ts';

/** Between two looks at the alerts. Milliseconds. */
const LOOK_MS = 500;

export interface ObserveOptions {
  readonly programs: Programs;
  readonly time: TimeLapse;
  /** The stack that is running at this moment. */
  findStack(): Promise<StackDescription | undefined>;
  print(line: string): void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** There is nothing to observe. */
export class NoStackError extends Error {
  override readonly name = 'NoStackError';
}

/** Runs `pnpm observe` until `signal` aborts. Throws NoStackError, ServerError. */
export async function observe(options: ObserveOptions): Promise<void> {
  const { programs, time, findStack, print, signal } = options;
  const stack = await findStack();
  if (!stack) {
    throw new NoStackError('pnpm dev is not running in this checkout: start it in another terminal first');
  }
  const rules = prometheusRules(time);
  await using observatory = await Observatory.start({
    programs,
    rules,
    time,
    metrics: stack.metrics,
    signal,
  });
  print(`Prometheus    ${observatory.prometheusUrl}/alerts`);
  print(`Alertmanager  ${observatory.alertmanagerUrl}`);
  const pace =
    time.factor === 1 ? '' : `, in a time-lapse: every duration in them is divided by ${time.factor}`;
  print(`Watching ${rules.length} alerts of ${Object.keys(stack.metrics).join(' and ')}${pace}`);

  let metrics: StackDescription['metrics'] | undefined = stack.metrics;
  let alerts: readonly AlertState[] = [];
  const look = async () => {
    const running = (await findStack())?.metrics;
    if (!isDeepStrictEqual(running, metrics)) {
      print(running ? 'pnpm dev has new addresses' : 'pnpm dev has stopped; waiting for it');
      if (running) await observatory.setTargets(running);
      metrics = running;
    }
    const now = await observatory.alerts(signal);
    for (const change of changesOf(alerts, now)) print(`${clockTime()}  ${changeText(change)}`);
    alerts = now;
    await delay(LOOK_MS, undefined, { signal });
  };
  try {
    for (;;) await look();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8);
}
