/**
 * pnpm drill: breaks a local stack of its own in ways that must be noticed, with the generated rules in a time-lapse, and
 * prints which alert fired, what its runbook's commands say, and when it resolved after the fix.
 */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { rulesOfMinutes, TimeLapse } from '@records/monitoring';
import { Console } from '../../src/console.ts';
import { interruption } from '../../src/interruption.ts';
import { LocalStack } from '../../src/local-stack.ts';
import { Observatory } from '../../src/observe/observatory.ts';
import { findPrograms, NotInstalledError } from '../../src/observe/programs.ts';
import { clientsOf } from '../../test/clients.ts';
import { appendPeople, idOf } from '../people.ts';
import { FAULTS } from './faults.ts';
import { type DrillResult, runDrill } from './run.ts';
import { Traffic } from './traffic.ts';

const USAGE = `Usage: pnpm drill [options]

Starts a local stack of its own, Prometheus and Alertmanager, and traffic; then, one after the other:
${FAULTS.map(({ name, expected }) => `  * ${name}: ${expected} must fire, and resolve when it is mended`).join('\n')}
For each it prints which alerts fired and after how long, types what the runbook says, mends it and waits.

Options:
  --seed N   0 to 4294967295, 7 by default: what is asked for, in which order
  --help     print this

Exit codes: 0 the expected alerts fired, no other, and all resolved; 1 otherwise; 2 wrong options.
`;

/** A minute of the rules passes in a second: faster, and the shortest window holds too few requests. */
const FACTOR = 60;
/** Seconds of traffic before the first fault. */
const WARM_UP_SECONDS = 15;
const PEOPLE = 500;

process.exitCode = await main();

async function main(): Promise<number> {
  const seed = readSeed();
  if (seed === undefined) return 2;
  if (seed === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    const results = await drill(seed);
    console.log(`\n${summaryOf(results)}`);
    return results.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } catch (error) {
    const isExpected = error instanceof NotInstalledError;
    process.stderr.write(`✗ pnpm drill: ${isExpected ? error.message : error}\n`);
    return 1;
  }
}

function readSeed(): number | 'help' | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '7' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    if (/^\d+$/.test(values.seed) && Number(values.seed) < 2 ** 32) return Number(values.seed);
    throw new TypeError(`--seed ${values.seed}: it must be an integer from 0 to 4294967295`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}

async function drill(seed: number): Promise<DrillResult[]> {
  const programs = findPrograms();
  const time = new TimeLapse(FACTOR);
  const signal = interruption();
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
  const screen = new Console(false, (text) => appendFileSync(log, text));
  const stack = parts.use(await LocalStack.create({ onEvent: (event) => screen.event(event) }));
  await appendPeople(stack, PEOPLE);
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
    `A time-lapse: every duration in ${rules.length} rules is divided by ${FACTOR}, so a second stands for a minute.`,
  );
  print(
    'Left out are the rules that look back three days. Of six hours they see what this stack has been there for.',
  );
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

function summaryOf(results: readonly DrillResult[]): string {
  return results
    .flatMap(({ fault, firings, problems, serverErrors }) => [
      `${fault.name} (${serverErrors.toFixed(1)} % answered 5xx)`,
      ...firings.map(({ name, severity, firedAfter, resolvedAfter }) => {
        const resolved =
          resolvedAfter === undefined ? 'open' : `resolved ${resolvedAfter.toFixed(1)} s after the fix`;
        const role =
          name === fault.expected
            ? 'expected'
            : fault.alongside.test(name)
              ? 'the same trouble'
              : 'NOT EXPECTED';
        return `  ${name.padEnd(26)} ${severity.padEnd(7)} fired after ${firedAfter.toFixed(1).padStart(5)} s, ${resolved} (${role})`;
      }),
      ...problems.map((problem) => `  ✗ ${problem}`),
    ])
    .join('\n');
}
