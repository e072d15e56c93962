import { conclude } from '../shared/report.ts';
import { runChaos } from './chaos-run.ts';
import { problemsOf, type Verdict } from './histories.ts';
import { type ChaosSize, type Plan, planOf } from './plan.ts';

export async function proveChaos(size: ChaosSize, planOnly: boolean): Promise<void> {
  const plan = planOf(size);
  console.log(describePlan(plan));
  if (planOnly) return;
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1_000).toFixed(1).padStart(7);
  const { verdict, broken } = await runChaos(plan, (text) => console.log(`${seconds()} s  ${text}`));
  console.log(describeVerdict(verdict));
  conclude([...problemsOf(verdict), ...broken]);
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
  const { acknowledged, attempts, records, copies, poison, poisonInDeadLetters } = verdict;
  return [
    '',
    `${acknowledged} messages acknowledged in ${attempts} attempts: ${records} records, ${copies} copies, ${poison} poison`,
    `${poisonInDeadLetters} of ${poison} poison messages are dead letters`,
  ].join('\n');
}
