import { describe, expect, it } from '@jest/globals';
import { findPromtool, runPromtool, TRACES, tryOut } from '../src/evaluate/index.ts';
import { alertsFor, DEFAULT_LIMITS, policiesFor } from '../src/index.ts';

const trials = TRACES.map((trace) => tryOut(trace));

describe.each(trials.map((trial) => ({ name: trial.trace.name, ...trial })))('$name', (trial) => {
  it(`fires ${Object.keys(trial.trace.fires).join(', ') || 'nothing'}, and nothing else`, () => {
    expect({ missed: trial.missed, falseAlarms: trial.falseAlarms }).toEqual({ missed: [], falseAlarms: [] });
  });
});

it('every threshold alert fires in some trace, unless the evaluator cannot tell about it', () => {
  const fired = new Set(trials.flatMap(({ firings }) => firings.map(({ alert }) => alert)));
  const silent = alertsFor(DEFAULT_LIMITS).filter(({ id }) => !fired.has(id));
  expect(silent.map(({ id }) => id)).toEqual(Object.keys(trials[0]?.cannotTell ?? {}));
});

it('an outage pages before a tenth of the budget is spent, and the page resolves within minutes of its end', () => {
  const outage = trials.find(({ trace }) => trace.name.startsWith('full outage'));
  const page = outage?.firings.find(({ alert }) => alert === 'availability-burns-14.4x');
  expect(page?.after).toBeLessThan(4.32);
  expect(page?.resolved).toBeLessThanOrEqual(5);
});

it('the budget of lists opens a ticket while nine tenths of the month are left to spend', () => {
  const overspent = trials.find(({ trace }) => trace.name.startsWith('lists at three times'));
  const ticket = overspent?.firings.find(({ alert }) => alert === 'list-budget');
  // Three budgets a month are spent in ten days.
  expect(ticket?.after).toBeLessThan(24 * 60);
  expect(ticket?.after).toBeGreaterThan(60);
});

it('the traces miss the alert of a threshold that is ten times too high', () => {
  const higher = policiesFor(DEFAULT_LIMITS).map((policy) => ({
    ...policy,
    conditions: policy.conditions.map((condition) =>
      'threshold' in condition ? { ...condition, threshold: condition.threshold * 10 } : condition,
    ),
  }));
  const missed = TRACES.flatMap((trace) => tryOut(trace, higher).missed);
  expect(missed).toEqual(
    expect.arrayContaining(['backlog-stuck', 'cost-runaway', 'freshness-burns-14.4x', 'list-budget']),
  );
});

const promtool = findPromtool();

(promtool === undefined ? it.skip : it)(
  'Prometheus agrees, where promtool is installed',
  () => {
    const few = trials.filter(({ trace }) => /blip|poison/.test(trace.name));
    const { passed, output } = runPromtool(promtool ?? '', few);
    expect(output).not.toContain('FAILED');
    expect(passed).toBe(true);
  },
  60_000,
);
