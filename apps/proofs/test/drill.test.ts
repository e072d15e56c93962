import { describe, expect, it } from '@jest/globals';
import { prometheusRules } from '@records/monitoring';
import { FAULTS } from '../src/drill/faults.ts';
import { ONE_UNKNOWN_IN, pathOf } from '../src/drill/traffic.ts';
import { type Firing, problemsOf, Timeline } from '../src/drill/verdict.ts';

const [fault] = FAULTS.filter(({ expected }) => expected === 'backlog-stuck');
if (!fault) throw new Error('no drill expects backlog-stuck');
const FOUND = 'RESOURCE_ERROR\nPERMISSION_DENIED … roles/bigquery.dataEditor';

const fired = (name: string, resolvedAfter: number | undefined = 1): Firing => ({
  name,
  severity: 'page',
  firedAfter: 15,
  resolvedAfter,
});

describe('the verdict on a drill', () => {
  it('is good when the expected alert fired and resolved beside alerts that watch the same thing', () => {
    const firings = [fired('freshness-burns-6x'), fired('backlog-stuck')];
    expect(problemsOf(fault, firings, FOUND)).toEqual([]);
  });

  it.each([
    ['did not fire', [], FOUND, 'backlog-stuck did not fire'],
    [
      'did not resolve',
      [{ ...fired('backlog-stuck'), resolvedAfter: undefined }],
      FOUND,
      'backlog-stuck did not resolve',
    ],
    [
      'resolved too early',
      [fired('backlog-stuck', -3)],
      FOUND,
      'backlog-stuck resolved before the fault was repaired',
    ],
    [
      'was not alone',
      [fired('backlog-stuck'), fired('cost-runaway')],
      FOUND,
      'cost-runaway fired without a fault in what it watches',
    ],
    [
      'had a runbook that finds nothing',
      [fired('backlog-stuck')],
      'ACTIVE',
      `the runbook did not find the cause ${fault.cause}`,
    ],
  ])('is bad when the expected alert %s', (_, firings, found, problem) => {
    expect(problemsOf(fault, firings, found)).toEqual([problem]);
  });

  it('counts an alert from its first firing to its last resolution', () => {
    const timeline = new Timeline(100);
    const alert = { name: 'a', state: 'firing', severity: 'page', summary: '', runbook: '' } as const;
    timeline.note({ alert, change: 'firing' }, 110);
    timeline.note({ alert, change: 'resolved' }, 112);
    timeline.note({ alert, change: 'firing' }, 115);
    expect(timeline.allResolved).toBe(false);
    timeline.repaired(120);
    timeline.note({ alert, change: 'resolved' }, 124);
    expect(timeline.firings).toEqual([{ name: 'a', severity: 'page', firedAfter: 10, resolvedAfter: 4 }]);
  });

  it('does not count an alert that was only pending', () => {
    const timeline = new Timeline(0);
    const alert = { name: 'a', state: 'pending', severity: 'page', summary: '', runbook: '' } as const;
    timeline.note({ alert, change: 'pending' }, 1);
    timeline.note({ alert, change: 'passed' }, 2);
    expect(timeline.firings).toEqual([]);
  });
});

describe('the faults of a drill', () => {
  it('expect alerts that exist', () => {
    const alerts = prometheusRules().map((rule) => rule.alert);
    for (const { expected, alongside } of FAULTS) {
      expect(alerts).toContain(expected);
      expect(alerts.some((name) => alongside.test(name))).toBe(true);
    }
  });
});

describe('the traffic of a drill', () => {
  const options = { knownIds: ['a', 'b'], seed: 7 };
  const paths = (seed: number) => Array.from({ length: 5_000 }, (_, n) => pathOf(n, { ...options, seed }));

  it('requests another unknown record once in every 50 requests', () => {
    const asked = paths(7);
    for (let start = 0; start < asked.length; start += ONE_UNKNOWN_IN) {
      const unknown = asked.slice(start, start + ONE_UNKNOWN_IN).filter((path) => path.includes('nobody'));
      expect(unknown).toHaveLength(1);
    }
    expect(new Set(asked.filter((path) => path.includes('nobody'))).size).toBe(asked.length / ONE_UNKNOWN_IN);
  });

  it('depends on the seed only', () => {
    expect(paths(7)).toEqual(paths(7));
    expect(paths(8)).not.toEqual(paths(7));
  });
});
