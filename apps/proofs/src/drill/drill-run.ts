import { setTimeout as delay } from 'node:timers/promises';
import type { LocalStack } from '@records/local';
import type { TimeLapse } from '@records/monitoring';
import { type AlertState, changesOf } from '../observe/alerts.ts';
import type { Observatory } from '../observe/observatory.ts';
import type { Fault } from './faults.ts';
import { localCommands, runCommand, variablesOf } from './runbook.ts';
import type { Traffic } from './traffic.ts';
import { type Firing, problemsOf, Timeline } from './verdict.ts';

export interface DrillContext {
  readonly stack: LocalStack;
  readonly observatory: Observatory;
  readonly traffic: Traffic;
  /** Records in the table before any traffic. */
  readonly people: number;
  readonly time: TimeLapse;
  /** A file with the output of `pnpm dev`. */
  readonly log: string;
  readonly signal: AbortSignal;
  print(text: string): void;
}

export interface DrillResult {
  readonly fault: Fault;
  readonly firings: readonly Firing[];
  readonly problems: readonly string[];
  /** Percentage of the answers during the fault. */
  readonly serverErrors: number;
}

const POLL_MS = 200;
/** Minutes of the rules in which all alerts must resolve. The longest short window of a page is half an hour. */
const RESOLVE_MINUTES = 45;
const SETTLE_MS = 30_000;
const SHOWN_LINES = 5;
const SHOWN_CHARACTERS = 240;

/** Injects a fault, waits for the alert, runs the commands of its runbook, repairs the fault and waits until no alert fires. */
export async function runDrill(fault: Fault, context: DrillContext): Promise<DrillResult> {
  const { stack, traffic, time, print } = context;
  if (fault.publishes) traffic.publish();
  else await settled(context);
  traffic.takeCounts();
  print(`FAULT     ${fault.name}: ${fault.does}`);
  const timeline = new Timeline(seconds());
  const watch = new AlertWatch(context, timeline);
  const repair = fault.inject(stack);
  let found = '';
  let counts = traffic.takeCounts();
  try {
    await watch.until(() => timeline.fired(fault.expected), time.seconds(fault.withinMinutes * 60));
    const runbook = watch.runbookOf(fault.expected);
    if (timeline.fired(fault.expected)) found = await typeRunbook(runbook, context);
  } finally {
    counts = traffic.takeCounts();
    repair();
    timeline.repaired(seconds());
  }
  print(`FIX       ${fault.fix}`);
  await watch.until(() => timeline.allResolved, time.seconds(RESOLVE_MINUTES * 60));
  const { firings } = timeline;
  const serverErrors = (100 * counts.serverErrors) / Math.max(1, counts.answers);
  return { fault, firings, problems: problemsOf(fault, firings, found), serverErrors };
}

/** Stops publishing and waits until the list has all records, so that no new snapshot is needed. */
async function settled({ stack, traffic, people, signal }: DrillContext): Promise<void> {
  const total = people + (await traffic.publishNoMore());
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_MS)]);
  for (;;) {
    const { headers } = await fetch(`${stack.outputs.apiUrl}/records?limit=1`, {
      method: 'HEAD',
      signal: limit,
    });
    if (headers.get('x-total-count') === String(total)) return;
    await delay(POLL_MS, undefined, { signal: limit });
  }
}

async function typeRunbook(runbook: string, { stack, log, print }: DrillContext): Promise<string> {
  const variables = variablesOf(stack, log);
  print(`RUNBOOK   ${runbook}`);
  let found = '';
  for (const command of localCommands(runbook)) {
    const { stdout, stderr } = await runCommand(command, variables);
    found += stdout;
    const lines = (stdout + stderr).trimEnd().split('\n').slice(-SHOWN_LINES);
    print(`  $ ${command}`);
    for (const line of lines) print(`    ${line.trim().slice(0, SHOWN_CHARACTERS)}`);
  }
  return found;
}

/** Polls the alerts and notes their changes. */
class AlertWatch {
  readonly #context: DrillContext;
  readonly #timeline: Timeline;
  #alerts: readonly AlertState[] = [];

  constructor(context: DrillContext, timeline: Timeline) {
    this.#context = context;
    this.#timeline = timeline;
  }

  /** Polls until a condition holds, or for so many seconds. */
  async until(holds: () => boolean, withinSeconds: number): Promise<void> {
    const { observatory, signal, print } = this.#context;
    const end = seconds() + withinSeconds;
    do {
      const now = await observatory.alerts(signal);
      for (const change of changesOf(this.#alerts, now)) {
        this.#timeline.note(change, seconds());
        const { alert } = change;
        print(`${change.change.padEnd(8)}  ${alert.name} (${alert.severity})`);
      }
      this.#alerts = now;
      if (holds()) return;
      await delay(POLL_MS, undefined, { signal });
    } while (seconds() < end);
  }

  runbookOf(name: string): string {
    return this.#alerts.find((alert) => alert.name === name)?.runbook ?? '';
  }
}

function seconds(): number {
  return performance.now() / 1_000;
}
