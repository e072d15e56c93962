/**
 * pnpm chaos --seed N: publishers, the local cloud and the API as processes, under a series of faults that the seed stands
 * for. Then every acknowledged message must be visible exactly once, or be a dead letter with its reason.
 */
import { parseArgs } from 'node:util';
import { isGood, type Verdict } from './histories.ts';
import { type Plan, planOf } from './plan.ts';
import { runChaos } from './run.ts';

const USAGE = `Usage: pnpm chaos --seed N [options]

Publishes under faults (kill -9 of any process, pause, connection reset, redelivery, another order, delay, failed and slow writes), and
compares what was acknowledged with what is visible through the API and what is a dead letter.

Options:
  --seed N       0 to 4294967295: the same seed, the same messages and faults
  --messages N   messages to publish, 5 % copies and 1 % poison among them; 20000 by default
  --kills N      how often to kill the local cloud, and half as often the API and a publisher; 3 by default
  --plan         print the plan, and do nothing
  --help         print this

The full run: pnpm chaos --seed 7 --messages 1000000 --kills 20
Exit codes: 0 nothing lost and nothing twice, 1 otherwise, 2 wrong options.
`;

const IDS_SHOWN = 20;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const { plan, planOnly } = options;
  console.log(describePlan(plan));
  if (planOnly) return 0;
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1_000).toFixed(1).padStart(7);
  const { verdict } = await runChaos(plan, (text) => console.log(`${seconds()} s  ${text}`));
  console.log(describeVerdict(verdict, (performance.now() - began) / 1_000));
  return isGood(verdict) ? 0 : 1;
}

function readOptions(): { plan: Plan; planOnly: boolean } | number {
  const number = (name: string, text: string | undefined, fallback: number, min: number, max: number) => {
    const value = Number(text ?? fallback);
    if (/^\d+$/.test(text ?? `${fallback}`) && value >= min && value <= max) return value;
    throw new TypeError(`--${name} ${text}: it must be an integer from ${min} to ${max}`);
  };
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        messages: { type: 'string' },
        kills: { type: 'string' },
        plan: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const plan = planOf({
      seed: number('seed', values.seed, 1, 0, 2 ** 32 - 1),
      messages: number('messages', values.messages, 20_000, 1, 10_000_000),
      kills: number('kills', values.kills, 3, 0, 1_000),
    });
    return { plan, planOnly: values.plan };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

function describePlan({ seed, messages, chaos, faults }: Plan): string {
  const lines = faults.map((fault) => {
    const detail =
      'ms' in fault ? ` for ${fault.ms} ms` : 'publisher' in fault ? `: number ${fault.publisher}` : '';
    return `  ${String(fault.at).padStart(10)}  ${fault.kind}${detail}`;
  });
  const chances = Object.entries(chaos).map(([name, value]) => `${name} ${value}`);
  return [
    `Plan of seed ${seed}: ${messages} messages; ${chances.join(', ')}`,
    'When so many are acknowledged:',
    ...lines,
    '',
  ].join('\n');
}

function describeVerdict(verdict: Verdict, seconds: number): string {
  const { acknowledged, attempts, records, copies, poison, poisonInDeadLetters } = verdict;
  const list = (title: string, ids: readonly string[]) =>
    [`${ids.length} ${title}`, ...ids.slice(0, IDS_SHOWN).map((id) => `  ${id}`)].concat(
      ids.length > IDS_SHOWN ? [`  and ${ids.length - IDS_SHOWN} more`] : [],
    );
  return [
    '',
    `${acknowledged} acknowledged of ${attempts} sent in ${seconds.toFixed(0)} s: ${records} records, ${copies} copies, ${poison} poison`,
    `${poisonInDeadLetters} of ${poison} poison are dead letters`,
    ...list('lost', verdict.lost),
    ...list('twice', verdict.twice),
    ...list('where they must not be', verdict.strange),
    isGood(verdict) ? 'GOOD' : 'BAD',
  ].join('\n');
}
