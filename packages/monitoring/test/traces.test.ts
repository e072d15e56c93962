import { describe, expect, it } from '@jest/globals';
import {
  alertsFor,
  DEFAULT_LIMITS,
  findPromtool,
  policiesFor,
  renderTrials,
  runPromtool,
  TRACES,
  tryOut,
} from '../src/index.ts';

const trials = TRACES.map((trace) => tryOut(trace));

describe.each(trials.map((trial) => ({ name: trial.trace.name, ...trial })))('$name', (trial) => {
  it(`fires ${Object.keys(trial.trace.fires).join(', ') || 'nothing'}, and nothing else`, () => {
    expect({ missed: trial.missed, falseAlarms: trial.falseAlarms }).toEqual({ missed: [], falseAlarms: [] });
  });
});

it('every alert that is no burn rate fires in some trace, or is known to be untellable', () => {
  const fired = new Set(trials.flatMap(({ firings }) => firings.map(({ alert }) => alert)));
  const silent = alertsFor(DEFAULT_LIMITS).filter(({ id }) => !fired.has(id));
  expect(silent.map(({ id }) => id)).toEqual(Object.keys(trials[0]?.cannotTell ?? {}));
});

it('an outage pages before a tenth of the budget is gone, and resolves within minutes of its end', () => {
  const outage = trials.find(({ trace }) => trace.name.startsWith('full outage'));
  const page = outage?.firings.find(({ alert }) => alert === 'availability-burns-14.4x');
  expect(page?.after).toBeLessThan(4.32);
  expect(page?.resolved).toBeLessThanOrEqual(5);
});

it('a threshold that is ten times too high is missed by the traces', () => {
  const higher = policiesFor(DEFAULT_LIMITS).map((policy) => ({
    ...policy,
    conditions: policy.conditions.map((condition) =>
      condition.kind === 'threshold' ? { ...condition, threshold: condition.threshold * 10 } : condition,
    ),
  }));
  const missed = TRACES.flatMap((trace) => tryOut(trace, higher).missed);
  expect(missed).toEqual(expect.arrayContaining(['backlog-stuck', 'cost-runaway', 'freshness-burns-14.4x']));
});

it('the report says what fired, after how long, and how many were wrong', () => {
  const report = renderTrials(trials);
  expect(report).toMatch(/full outage for 30 minutes +availability-burns-14\.4x +1 min +5 min\n/);
  expect(report).toContain(`${TRACES.length} traces, 0 missed, 0 false alarms.`);
});

const promtool = findPromtool();

(promtool === undefined ? it.skip : it)(
  'Prometheus agrees, by promtool where it is installed',
  () => {
    const few = trials.filter(({ trace }) => /blip|poison/.test(trace.name));
    const { passed, output } = runPromtool(promtool ?? '', few);
    expect(output).not.toContain('FAILED');
    expect(passed).toBe(true);
  },
  60_000,
);
