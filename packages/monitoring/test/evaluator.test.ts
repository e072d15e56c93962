import { describe, expect, it } from '@jest/globals';
import { CannotTell, Distribution, evaluate, type Series, select } from '../src/evaluate/index.ts';
import { type Condition, OBJECTIVES, type Policy, type ThresholdCondition } from '../src/index.ts';

// The examples are those of https://docs.cloud.google.com/monitoring/alerts/concepts-indepth

const METRIC = 'example.com/latency';

function series(points: Series['points'], labels: Series['labels'] = {}): Series {
  return { labels: { 'metric.type': METRIC, 'resource.type': 'generic_node', ...labels }, points };
}

function above(threshold: number, change: Partial<ThresholdCondition> = {}): ThresholdCondition {
  return {
    kind: 'threshold',
    title: 'example',
    filter: `metric.type="${METRIC}" AND resource.type="generic_node"`,
    aggregation: { alignmentSeconds: 60, aligner: 'ALIGN_MEAN', reducer: 'REDUCE_MAX' },
    comparison: 'COMPARISON_GT',
    threshold,
    durationSeconds: 0,
    ...change,
  };
}

function run(all: readonly Series[], ...conditions: readonly Condition[]) {
  const policy: Policy = {
    id: 'p',
    title: 'example',
    severity: 'page',
    runbook: 'none',
    conditions,
  };
  const minutes = Math.max(...all.map(({ points }) => points.length));
  return evaluate({ minutes, series: all, policies: [policy] });
}

const opened = (...args: Parameters<typeof run>) => run(...args).incidents.map(({ from }) => from);

describe('the evaluator of alert policies', () => {
  it('slides the alignment period by a minute: 1+1+1 in five minutes is more than two at the third point', () => {
    const sum = { alignmentSeconds: 300, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' } as const;
    expect(opened([series([1, 1, 1, 0, 0])], above(2, { aggregation: sum }))).toEqual([3]);
  });

  it('restarts a duration of five minutes after one point below the threshold', () => {
    const latency = series([3, 3, 3, 1, 3, 3, 3, 3, 3]);
    expect(opened([latency], above(2, { durationSeconds: 300 }))).toEqual([9]);
  });

  it('opens an incident at once without a duration', () => {
    expect(opened([series([1, 3, 1])], above(2))).toEqual([2]);
  });

  it('opens an incident only while every condition of a policy holds', () => {
    expect(opened([series([1, 3, 5])], above(2), above(4))).toEqual([3]);
  });

  it('keeps an incident open without data, and closes it after half an hour', () => {
    const points = [3, ...Array<undefined>(60).fill(undefined)];
    expect(run([series(points)], above(2)).incidents).toEqual([{ policy: 'p', from: 1, until: 31 }]);
  });

  it('opens nothing without data', () => {
    expect(opened([series([undefined, undefined])], above(2))).toEqual([]);
  });

  it('takes missing data for a violation where the condition says so', () => {
    const sum = { alignmentSeconds: 120, aligner: 'ALIGN_DELTA', reducer: 'REDUCE_SUM' } as const;
    const fewer = above(1, { comparison: 'COMPARISON_LT', aggregation: sum, durationSeconds: 60 });
    const points = series([1, undefined, undefined, undefined, 1]);
    expect(opened([points], fewer)).toEqual([]);
    expect(run([points], { ...fewer, withoutData: 'violates' }).incidents).toEqual([
      { policy: 'p', from: 3, until: 5 },
    ]);
  });

  it('burns at a rate of one when errors are exactly what the goal allows, and at zero without errors', () => {
    const availability = OBJECTIVES.find(({ id }) => id === 'availability');
    if (!availability) throw new Error('there is an objective of availability');
    const labels = {
      'metric.type': 'run.googleapis.com/request_count',
      'resource.type': 'cloud_run_revision',
      'resource.labels.service_name': 'records-api',
    };
    const requests = (responseClass: string, count: number): Series => ({
      labels: { ...labels, 'metric.labels.response_code_class': responseClass },
      points: Array(60).fill(count),
    });
    const burns = (rate: number, errors: number) =>
      opened(
        [requests('2xx', 1000 - errors), requests('5xx', errors)],
        above(rate, { filter: 'select_slo_burn_rate("availability", "3600s")' }),
      );
    expect(burns(0.999, 1)).toEqual([1]);
    expect(burns(1.001, 1)).toEqual([]);
    expect(burns(0, 0)).toEqual([]);
  });

  it('adds up the values of a distribution, of each system by itself', () => {
    const sum: Condition = {
      kind: 'sum',
      title: 'example',
      filter: `metric.type="${METRIC}" AND resource.type="generic_node"`,
      windowSeconds: 120,
      threshold: 10,
    };
    const values = (...all: readonly number[]) => Distribution.of([5, 10], all);
    const points = [values(4, 2), undefined, values(1), values(2, 7, 1)];
    expect(opened([series(points)], sum)).toEqual([4]);
    const other = { 'resource.labels.project_id': 'other' };
    expect(opened([series([values(6)]), series([values(6)], other)], sum)).toEqual([]);
    expect(opened([series([values(6)]), series([values(6)])], sum)).toEqual([1]);
    expect(run([series([new Distribution([5], [1, 0])])], sum).cannotTell).toEqual({
      p: 'a sum of values needs a series of distributions with sums',
    });
  });

  it('says what it cannot tell', () => {
    expect(() => select('metric.type="a" OR metric.type="b"', [])).toThrow(CannotTell);
    const log: Condition = {
      kind: 'log',
      title: 'a line',
      filter: 'severity>=ERROR',
      notifyEverySeconds: 300,
    };
    expect(run([series([1])], log).cannotTell).toEqual({
      p: 'it reads log lines, which simulated incidents do not have',
    });
    expect(run([series([1])], above(1, { filter: 'select_slo_burn_rate("x", "60s")' })).cannotTell).toEqual({
      p: 'there is no objective x',
    });
  });
});
