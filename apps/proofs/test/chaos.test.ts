import { describe, expect, it } from '@jest/globals';
import { runChaos } from '../src/chaos/chaos-run.ts';
import { Histories, problemsOf } from '../src/chaos/histories.ts';
import {
  inFlightOf,
  messageOf,
  type Plan,
  type PlannedMessage,
  planOf,
  recordOf,
} from '../src/chaos/plan.ts';

describe('chaos', () => {
  // /dev/full, /proc and more than one address of this machine.
  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux(
    'neither loses nor repeats an acknowledged message, and stalls nobody, under one fault of each kind',
    async () => {
      // One fault of each kind; `pnpm prove chaos` injects many.
      const plan = planOf({ seed: 7, messages: 5_000, kills: 1 });
      const { verdict, broken, injected } = await runChaos(plan, () => {});
      expect(broken).toEqual([]);
      expect(verdict).toMatchObject({ acknowledged: 5_000, lost: [], twice: [], strange: [] });
      expect(verdict.poisonInDeadLetters).toBe(verdict.poison);
      expect(verdict.records + verdict.copies + verdict.poison).toBe(5_000);
      expect(injected.map(({ fault }) => fault)).toEqual(plan.faults);
      expect(injected.filter(({ hits }) => hits === 0)).toEqual([]);
      expect(new Set(injected.map(({ fault }) => fault.kind)).size).toBe(14);
      // Messages in flight at a kill, if there were any, are sent again.
      expect(verdict.attempts).toBeGreaterThanOrEqual(5_000);
    },
    600_000,
  );

  it('makes the same plan for the same seed, with copies and poison', () => {
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

  it('leaves messages for every fault, however many there are', () => {
    for (const size of [
      { messages: 5_000, kills: 1 },
      { messages: 20_000, kills: 3 },
      { messages: 1_000_000, kills: 20 },
    ]) {
      const plan = planOf({ seed: 7, ...size });
      let published = 0;
      // The last one comes when all is published.
      for (const { at, kind } of size.kills > 1 ? plan.faults.slice(0, -1) : plan.faults) {
        published = Math.max(published + 1, at) + inFlightOf(plan);
        expect([kind, published < size.messages]).toEqual([kind, true]);
      }
    }
  });

  it('notices a lost, repeated, changed or wrongly dead-lettered message', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    expect(problemsOf(historiesOf(plan).verdict())).toEqual([]);
    const { id } = recordOf(7, plainOf(plan));
    expect(historiesOf(plan, { without: id }).verdict()).toMatchObject({ lost: [id], twice: [] });
    expect(historiesOf(plan, { again: id }).verdict()).toMatchObject({ lost: [], twice: [id] });
    expect(historiesOf(plan, { deadLetters: false }).verdict().lost).not.toEqual([]);
    const strange = historiesOf(plan);
    strange.see({ ...recordOf(7, plainOf(plan)), pais: 'Chile' });
    expect(problemsOf(strange.verdict())).not.toEqual([]);
    const silent = historiesOf(plan);
    silent.addDeadLetter(JSON.stringify(poisonOf(plan).record), undefined);
    silent.startWalk();
    expect(silent.verdict().strange).toContain(`${poisonOf(plan).record.id}: a dead letter with no reason`);
    const wrong = historiesOf(plan);
    wrong.addDeadLetter(JSON.stringify(poisonOf(plan).record), 'Chaos lost the rows of write 7.');
    expect(problemsOf(wrong.verdict())).not.toEqual([]);
  });

  it('notices a message with more dead letters than attempts, or one that the table accepts', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    const { record, index } = poisonOf(plan);
    const twice = historiesOf(plan);
    addDeadLetter(twice, record);
    expect(twice.verdict().strange).toEqual([`${record.id}: 2 dead letters, sent 1 times`]);
    const again = historiesOf(plan);
    again.attempt(index);
    addDeadLetter(again, record);
    expect(problemsOf(again.verdict())).toEqual([]);
    addDeadLetter(again, record);
    expect(again.verdict().strange).toEqual([`${record.id}: 3 dead letters, sent 2 times`]);

    const plain = recordOf(7, plainOf(plan));
    const both = historiesOf(plan);
    addDeadLetter(both, plain);
    expect(both.verdict().strange).toEqual([`${plain.id}: a dead letter, although the table accepts it`]);
  });

  it('accepts a message that Pub/Sub has although its publisher was killed before the acknowledgement', () => {
    const plan = planOf({ seed: 7, messages: 300, kills: 0 });
    const { index, record } = poisonOf(plan);
    const killed = new Histories(plan);
    killed.attempt(index);
    addDeadLetter(killed, record);
    expect(killed.verdict()).toMatchObject({
      acknowledged: 0,
      attempts: 1,
      poison: 0,
      lost: [],
      strange: [],
    });
    killed.attempt(index);
    addDeadLetter(killed, record);
    // Reported before the kill and again after it.
    killed.acknowledge(index);
    killed.acknowledge(index);
    const verdict = killed.verdict();
    expect(verdict).toMatchObject({ acknowledged: 1, attempts: 2, poison: 1, poisonInDeadLetters: 1 });
    expect(problemsOf(verdict)).toEqual([]);
  });

  it('has a restarted publisher send the unacknowledged messages and no others', () => {
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

function addDeadLetter(histories: Histories, record: object | undefined): void {
  histories.addDeadLetter(JSON.stringify(record), 'Unknown field "edad"');
}

function poisonOf({ seed, messages }: Plan): PlannedMessage {
  const poison = Array.from({ length: messages }, (_, n) => messageOf(seed, n)).find(
    ({ isPoison }) => isPoison,
  );
  if (!poison) throw new Error('this plan has no poison');
  return poison;
}

/** The first record that is not poison and has no copy. */
function plainOf({ seed }: Plan): number {
  for (let n = 0; ; n++) {
    const copied = Array.from({ length: 300 }, (_, other) => other).some(
      (other) => other !== n && messageOf(seed, other).index === n,
    );
    if (messageOf(seed, n).index === n && !messageOf(seed, n).isPoison && !copied) return n;
  }
}

/** Histories of a good run, except for the given faults. */
function historiesOf(
  plan: Plan,
  bad: { without?: string; again?: string; deadLetters?: boolean } = {},
): Histories {
  const histories = new Histories(plan);
  for (let n = 0; n < plan.messages; n++) {
    const { index, isPoison, record } = messageOf(plan.seed, n);
    histories.attempt(n);
    histories.acknowledge(n);
    if (isPoison && bad.deadLetters !== false) addDeadLetter(histories, record);
    if (isPoison || index !== n || record.id === bad.without) continue;
    histories.see(record);
    if (record.id === bad.again) histories.see(record);
  }
  return histories;
}
