import { describe, expect, it } from '@jest/globals';
import { Histories, isGood } from '../bench/chaos/histories.ts';
import { messageOf, type Plan, type PlannedMessage, planOf, recordOf } from '../bench/chaos/plan.ts';
import { runChaos } from '../bench/chaos/run.ts';

describe('chaos', () => {
  it('neither loses nor repeats what was acknowledged, while each kind of process is killed and writes fail', async () => {
    const plan = planOf({ seed: 7, messages: 20_000, kills: 2 });
    const { verdict, suffered } = await runChaos(plan, () => {});
    expect(verdict).toMatchObject({ acknowledged: 20_000, lost: [], twice: [], strange: [] });
    expect(verdict.poisonInDeadLetters).toBe(verdict.poison);
    expect(verdict.records + verdict.copies + verdict.poison).toBe(20_000);
    expect(suffered.map(({ fault }) => fault)).toEqual(plan.faults);
    expect(suffered.filter(({ met }) => met === 0)).toEqual([]);
    expect(new Set(suffered.map(({ fault }) => fault.kind)).size).toBe(5);
    // What was under way when a process was killed was sent again.
    expect(verdict.attempts).toBeGreaterThan(20_000);
  }, 300_000);

  it('has a plan that the seed decides, with copies and poison in it', () => {
    const size = { seed: 7, messages: 1_000_000, kills: 20 };
    expect(planOf(size)).toEqual(planOf(size));
    expect(planOf(size)).not.toEqual(planOf({ ...size, seed: 8 }));
    const { faults } = planOf(size);
    const kills = ['the local cloud', 'the API', 'a publisher'].map(
      (victim) => faults.filter(({ kind }) => kind === `kill -9 ${victim}`).length,
    );
    expect(kills).toEqual([20, 10, 10]);
    expect(new Set(faults.flatMap((fault) => ('publisher' in fault ? [fault.publisher] : [])))).toEqual(
      new Set([0, 1]),
    );
    const late = faults.filter(({ at }) => at > 900_000);
    expect(late).toEqual([{ at: 1_000_000, kind: 'kill -9 the local cloud' }]);
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
    silent.bury(JSON.stringify(poisonOf(plan).record), undefined);
    silent.startWalk();
    expect(silent.verdict().strange).toContain(`${poisonOf(plan).record.id}: a dead letter by no reason`);
    const wrong = told(plan);
    wrong.bury(JSON.stringify(poisonOf(plan).record), 'Chaos lost the rows of write 7.');
    expect(isGood(wrong.verdict())).toBe(false);
  });

  it('notices what is a dead letter more often than it was sent, or although the table takes it', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    const { record, index } = poisonOf(plan);
    const twice = told(plan);
    bury(twice, record);
    expect(twice.verdict().strange).toEqual([`${record.id}: 2 dead letters, sent 1 times`]);
    const again = told(plan);
    again.attempt(index);
    bury(again, record);
    expect(isGood(again.verdict())).toBe(true);
    bury(again, record);
    expect(again.verdict().strange).toEqual([`${record.id}: 3 dead letters, sent 2 times`]);

    const plain = recordOf(7, plainOf(plan));
    const both = told(plan);
    bury(both, plain);
    expect(both.verdict().strange).toEqual([`${plain.id}: a dead letter, although the table takes it`]);
  });

  it('takes what Pub/Sub kept of a publisher that was killed before it heard of it', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    const { index, record } = poisonOf(plan);
    const killed = new Histories(plan);
    killed.attempt(index);
    bury(killed, record);
    expect(killed.verdict()).toMatchObject({
      acknowledged: 0,
      attempts: 1,
      poison: 0,
      lost: [],
      strange: [],
    });
    killed.attempt(index);
    bury(killed, record);
    // Once before the kill, in a report that was lost or was not, and once after it.
    killed.acknowledge(index);
    killed.acknowledge(index);
    const verdict = killed.verdict();
    expect(verdict).toMatchObject({ acknowledged: 1, attempts: 2, poison: 1, poisonInDeadLetters: 1 });
    expect(isGood(verdict)).toBe(true);
  });

  it('has a publisher that is started again send what nobody knows to be acknowledged, and nothing else', () => {
    const histories = new Histories(planOf({ seed: 7, messages: 10, kills: 0 }));
    const share = { first: 1, step: 2 };
    expect(histories.unacknowledged(share)).toEqual({ again: [], first: 1 });
    for (const n of [1, 3, 5, 7]) histories.attempt(n);
    histories.acknowledge(1);
    histories.acknowledge(5);
    expect(histories.unacknowledged(share)).toEqual({ again: [3], first: 7 });
    for (const n of [3, 7, 9]) histories.acknowledge(n);
    expect(histories.unacknowledged(share)).toEqual({ again: [], first: 11 });
  });
});

function bury(histories: Histories, record: object | undefined): void {
  histories.bury(JSON.stringify(record), 'Unknown field "edad"');
}

function poisonOf({ seed, messages }: Plan): PlannedMessage {
  const poison = Array.from({ length: messages }, (_, n) => messageOf(seed, n)).find(
    ({ isPoison }) => isPoison,
  );
  if (!poison) throw new Error('this plan has no poison');
  return poison;
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
function told(plan: Plan, bad: { without?: string; again?: string; letters?: boolean } = {}): Histories {
  const histories = new Histories(plan);
  for (let n = 0; n < plan.messages; n++) {
    const { index, isPoison, record } = messageOf(plan.seed, n);
    histories.attempt(n);
    histories.acknowledge(n);
    if (isPoison && bad.letters !== false) bury(histories, record);
    if (isPoison || index !== n || record.id === bad.without) continue;
    histories.see(record);
    if (record.id === bad.again) histories.see(record);
  }
  return histories;
}
