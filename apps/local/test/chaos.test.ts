import { describe, expect, it } from '@jest/globals';
import { Histories, isGood } from '../bench/chaos/histories.ts';
import { messageOf, type Plan, planOf, recordOf } from '../bench/chaos/plan.ts';
import { runChaos } from '../bench/chaos/run.ts';

describe('chaos', () => {
  it('neither loses nor repeats what was acknowledged, while processes are killed and writes fail', async () => {
    const plan = planOf({ seed: 7, messages: 5_000, kills: 1 });
    const verdict = await runChaos(plan, () => {});
    expect(verdict).toMatchObject({ acknowledged: 5_000, lost: [], twice: [], strange: [] });
    expect(verdict.poisonInDeadLetters).toBe(verdict.poison);
    expect(verdict.records + verdict.copies + verdict.poison).toBe(5_000);
  }, 300_000);

  it('has a plan that the seed decides, with copies and poison in it', () => {
    const size = { seed: 7, messages: 1_000_000, kills: 20 };
    expect(planOf(size)).toEqual(planOf(size));
    expect(planOf(size)).not.toEqual(planOf({ ...size, seed: 8 }));
    expect(planOf(size).faults.filter(({ kind }) => kind === 'kill -9 the local cloud')).toHaveLength(20);
    const messages = Array.from({ length: 10_000 }, (_, n) => ({ n, ...messageOf(7, n) }));
    const percent = (counted: readonly unknown[]) => Math.round(counted.length / 100);
    expect(percent(messages.filter(({ isPoison }) => isPoison))).toBe(1);
    expect(percent(messages.filter(({ n, index }) => n !== index))).toBe(5);
  });

  it('notices each way in which histories can differ', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    expect(isGood(told(plan).verdict())).toBe(true);
    const { id } = recordOf(7, plainOf(plan));
    expect(told(plan, { without: id }).verdict()).toMatchObject({ lost: [id], twice: [] });
    expect(told(plan, { again: id }).verdict()).toMatchObject({ lost: [], twice: [id] });
    expect(told(plan, { letters: false }).verdict().lost).not.toEqual([]);
    const strange = told(plan);
    strange.see({ ...recordOf(7, plainOf(plan)), pais: 'Chile' });
    expect(isGood(strange.verdict())).toBe(false);
    const silent = told(plan);
    silent.bury(JSON.stringify({ id }), undefined);
    expect(silent.verdict().strange).toContain(`${id}: a dead letter without a reason`);
  });

  it('notices what is a dead letter more often than it was sent, or beside being visible', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    const poison = Array.from({ length: 300 }, (_, n) => messageOf(7, n)).find(({ isPoison }) => isPoison);
    const buryPoison = (histories: Histories) => bury(histories, poison?.record);
    const twice = told(plan);
    buryPoison(twice);
    expect(twice.verdict().strange).toEqual([`${poison?.record.id}: 2 dead letters, sent 1 times`]);
    const retried = told(plan, { retried: poison?.index });
    buryPoison(retried);
    expect(isGood(retried.verdict())).toBe(true);
    buryPoison(retried);
    expect(retried.verdict().strange).toEqual([`${poison?.record.id}: 3 dead letters, sent 2 times`]);

    const plain = plainOf(plan);
    const both = told(plan);
    bury(both, recordOf(7, plain));
    const problem = 'visible, and all 1 that were sent are dead letters';
    expect(both.verdict().strange).toEqual([`${recordOf(7, plain).id}: ${problem}`]);
    const sentTwice = told(plan, { retried: plain });
    bury(sentTwice, recordOf(7, plain));
    expect(isGood(sentTwice.verdict())).toBe(true);
  });
});

function bury(histories: Histories, record: object | undefined): void {
  histories.bury(JSON.stringify(record), 'Unknown field "edad"');
}

/** The first record that is neither poison nor has a copy before it. */
function plainOf({ seed }: Plan): number {
  for (let n = 0; ; n++) {
    const copied = Array.from({ length: 300 }, (_, other) => other).some(
      (other) => other !== n && messageOf(seed, other).index === n,
    );
    if (messageOf(seed, n).index === n && !messageOf(seed, n).isPoison && !copied) return n;
  }
}

/** Histories in which all went well, but for what is asked. */
function told(
  plan: Plan,
  bad: { without?: string; again?: string; letters?: boolean; retried?: number | undefined } = {},
): Histories {
  const histories = new Histories(plan);
  for (let n = 0; n < plan.messages; n++) {
    const { index, isPoison, record } = messageOf(plan.seed, n);
    histories.acknowledge(n, n === bad.retried ? 2 : 1);
    if (isPoison && bad.letters !== false) bury(histories, record);
    if (isPoison || index !== n || record.id === bad.without) continue;
    histories.see(record);
    if (record.id === bad.again) histories.see(record);
  }
  return histories;
}
