import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Interruption, UserError } from '@records/cli';
import { prometheusRules, TimeLapse } from '@records/monitoring';
import { runningStack, type StackDescription } from '@records/stack';
import { type AlertState, changesOf, changeText } from './alerts.ts';
import { Observatory } from './observatory.ts';
import { findPrograms, type Programs } from './programs.ts';

const POLL_MS = 500;

export interface ObserveOptions {
  readonly programs: Programs;
  readonly time: TimeLapse;
  /** The stack that runs now. */
  findStack(): Promise<StackDescription | undefined>;
  print(line: string): void;
  /** Ends the observation. */
  readonly signal: AbortSignal;
}

/** Observes the running `pnpm dev` until it is interrupted. Throws UserError. */
export async function proveObserve(factor: number, { signal }: Interruption): Promise<void> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const time = new TimeLapse(factor);
  try {
    await observe({ programs: findPrograms(), time, findStack: runningStack, print, signal });
  } catch (error) {
    // Ctrl-C while the servers start.
    if (!(signal.aborted && error instanceof Error && error.name === 'AbortError')) throw error;
  }
}

/** Prints the changes of alerts until `signal` aborts. Throws UserError. */
export async function observe(options: ObserveOptions): Promise<void> {
  const { programs, time, findStack, print, signal } = options;
  const stack = await findStack();
  if (!stack) {
    throw new UserError('pnpm dev is not running in this checkout', {
      hint: 'start it in another terminal first: pnpm dev',
    });
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
  const pace = time.factor === 1 ? '' : `; every duration in the rules is divided by ${time.factor}`;
  print(`Watching ${rules.length} alerts of ${Object.keys(stack.metrics).join(' and ')}${pace}`);

  let metrics: StackDescription['metrics'] | undefined = stack.metrics;
  let alerts: readonly AlertState[] = [];
  const poll = async () => {
    const running = (await findStack())?.metrics;
    if (!isDeepStrictEqual(running, metrics)) {
      print(running ? 'pnpm dev has new addresses' : 'pnpm dev has stopped; waiting for it to start');
      if (running) await observatory.setTargets(running);
      metrics = running;
    }
    const now = await observatory.alerts(signal);
    for (const change of changesOf(alerts, now)) print(`${clockTime()}  ${changeText(change)}`);
    alerts = now;
    await delay(POLL_MS, undefined, { signal });
  };
  try {
    for (;;) await poll();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8);
}
