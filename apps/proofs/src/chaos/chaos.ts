import { conclude, whole } from '../shared/report.ts';
import { type InjectedFault, runChaos } from './chaos-run.ts';
import { problemsOf, type Verdict } from './histories.ts';
import { type ChaosSize, type Plan, planOf } from './plan.ts';

export async function proveChaos(size: ChaosSize, planOnly: boolean): Promise<void> {
  const plan = planOf(size);
  console.log(describePlan(plan));
  if (planOnly) return;
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1_000).toFixed(1).padStart(7);
  const { verdict, broken, injected } = await runChaos(plan, (text) =>
    console.log(`${seconds()} s  ${text}`),
  );
  const idle = printFaults(injected);
  console.log(describeVerdict(verdict));
  conclude([...problemsOf(verdict), ...broken, ...idle]);
}

/** Prints how often each kind of fault came and what it hit. Answers a sentence for each kind that hit nothing. */
function printFaults(injected: readonly InjectedFault[]): string[] {
  console.log();
  const width = Math.max(0, ...injected.map(({ fault }) => fault.kind.length));
  const print = (kind: string, cells: readonly string[]) =>
    console.log(kind.padEnd(width) + cells.map((cell) => cell.padStart(12)).join(''));
  print('fault', ['injected', 'hit nothing', 'hits']);
  const idle: string[] = [];
  for (const [kind, faults] of Map.groupBy(injected, ({ fault }) => fault.kind)) {
    const missed = faults.filter(({ hits }) => hits === 0).length;
    const hits = faults.reduce((sum, fault) => sum + fault.hits, 0);
    print(kind, [whole(faults.length), whole(missed), whole(hits)]);
    if (hits === 0) idle.push(`"${kind}" hit nothing, so it proves nothing; use more messages`);
  }
  return idle;
}

function describePlan({ seed, messages, chaos, faults }: Plan): string {
  const lines = faults.map((fault) => {
    const detail =
      'ms' in fault ? ` for ${fault.ms} ms` : 'publisher' in fault ? ` (number ${fault.publisher})` : '';
    return `  ${String(fault.at).padStart(10)}  ${fault.kind}${detail}`;
  });
  const probabilities = Object.entries(chaos).map(([name, value]) => `${name} ${value}`);
  return [
    `Plan of seed ${seed}: ${messages} messages; ${probabilities.join(', ')}`,
    'Faults, by the number of messages acknowledged before:',
    ...lines,
    '',
  ].join('\n');
}

function describeVerdict(verdict: Verdict): string {
  const { acknowledged, attempts, records, copies, poison, poisonInDeadLetters, lost, twice, strange } =
    verdict;
  return [
    '',
    `${acknowledged} messages acknowledged in ${attempts} attempts: ${records} records, ${copies} copies, ${poison} poison`,
    `${lost.length} lost, ${twice.length} visible twice, ${strange.length} in the wrong place`,
    `${poisonInDeadLetters} of ${poison} poison messages are dead letters`,
  ].join('\n');
}
