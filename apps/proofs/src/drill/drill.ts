import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { interruption } from '@records/cli';
import { clientsOf, Terminal } from '@records/local';
import { rulesOfMinutes, TimeLapse } from '@records/monitoring';
import { Observatory } from '../observe/observatory.ts';
import { findPrograms } from '../observe/programs.ts';
import { idOf, stackOf } from '../shared/people.ts';
import { conclude } from '../shared/report.ts';
import { type DrillResult, runDrill } from './drill-run.ts';
import { FAULTS } from './faults.ts';
import { Traffic } from './traffic.ts';

/** A minute of the rules passes in a second. Faster, the shortest window holds too few requests. */
const FACTOR = 60;
/** Traffic before the first fault. */
const WARM_UP_SECONDS = 15;
const PEOPLE = 500;

/** Throws UserError when Prometheus or Alertmanager is not installed. */
export async function proveDrill(seed: number): Promise<void> {
  const results = await runDrills(seed);
  console.log(`\n${results.map(summaryOf).join('\n')}`);
  conclude(results.flatMap(({ fault, problems }) => problems.map((problem) => `${fault.name}: ${problem}`)));
}

async function runDrills(seed: number): Promise<DrillResult[]> {
  const programs = findPrograms();
  const time = new TimeLapse(FACTOR);
  const { signal } = interruption();
  const began = performance.now();
  const print = (text: string) => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    console.log(`${seconds.padStart(6)} s  ${text}`);
  };
  await using parts = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'drill-'));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'dev.log');
  writeFileSync(log, '');
  const screen = new Terminal(false, (text) => appendFileSync(log, text));
  const stack = parts.use(await stackOf(PEOPLE, { onEvent: (event) => screen.event(event) }));
  const { pubsub } = clientsOf(stack);
  parts.defer(() => pubsub.close());
  const { metrics, outputs } = stack;
  const rules = rulesOfMinutes(time);
  const observatory = parts.use(await Observatory.start({ programs, rules, time, metrics, signal }));
  const knownIds = Array.from({ length: PEOPLE }, (_, n) => idOf(n));
  const traffic = parts.use(
    new Traffic({ apiUrl: outputs.apiUrl, pubsub, topic: outputs.topic, knownIds, seed }),
  );
  print(
    `Time-lapse: durations in ${rules.length} rules are divided by ${FACTOR}, so a minute takes a second.`,
  );
  print('Rules over three days are left out. Windows of six hours begin with this stack.');
  print(`API ${outputs.apiUrl}, Prometheus ${observatory.prometheusUrl}, seed ${seed}`);
  await delay(WARM_UP_SECONDS * 1_000, undefined, { signal });
  const results: DrillResult[] = [];
  for (const fault of FAULTS) {
    results.push(
      await runDrill(fault, { stack, observatory, traffic, people: PEOPLE, time, log, signal, print }),
    );
  }
  return results;
}

function summaryOf({ fault, firings, serverErrors }: DrillResult): string {
  const lines = firings.map(({ name, severity, firedAfter, resolvedAfter }) => {
    const resolved =
      resolvedAfter === undefined ? 'still fires' : `resolved ${resolvedAfter.toFixed(1)} s after the fix`;
    const other = fault.alongside.test(name) ? 'same fault' : 'NOT EXPECTED';
    const role = name === fault.expected ? 'expected' : other;
    return `  ${name.padEnd(26)} ${severity.padEnd(7)} fired after ${firedAfter.toFixed(1).padStart(5)} s, ${resolved} (${role})`;
  });
  return [`${fault.name} (${serverErrors.toFixed(1)} % of the answers 5xx)`, ...lines].join('\n');
}
