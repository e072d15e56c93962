import { describe, expect, it } from '@jest/globals';
import { select } from '../src/evaluate/index.ts';
import {
  budgetSpent,
  CLOUD_BURN_RATES,
  errorBudget,
  OBJECTIVES,
  PROMETHEUS_BURN_RATES,
  togetherAvailable,
} from '../src/index.ts';

describe('objectives', () => {
  it.each(OBJECTIVES.map((objective) => ({ ...objective })))(
    '$id promises no more than its parts, and no more than Cloud Monitoring takes',
    ({ goal, parts, windowDays }) => {
      expect(goal).toBeGreaterThan(0);
      expect(goal).toBeLessThanOrEqual(togetherAvailable(parts));
      expect(goal).toBeLessThanOrEqual(0.999);
      expect(windowDays).toBeGreaterThanOrEqual(1);
      expect(windowDays).toBeLessThanOrEqual(30);
    },
  );

  it('rest on parts of which Cloud Run and BigQuery together promise less than 99.95 %', () => {
    const [{ parts } = { parts: [] }] = OBJECTIVES;
    expect(togetherAvailable(parts)).toBeLessThan(0.9995);
    expect(togetherAvailable(parts)).toBeCloseTo(0.9994, 5);
  });

  it('have a budget of 43 minutes in 30 days at 99.9 %', () => {
    const availability = OBJECTIVES.find(({ id }) => id === 'availability');
    const budget = availability && errorBudget(availability);
    expect(budget?.minutes).toBeCloseTo(43.2, 6);
    expect(budget?.perMillion).toBeCloseTo(1000, 6);
  });

  it('count nothing but 5xx against the API, so client errors are good', () => {
    const availability = OBJECTIVES.find(({ id }) => id === 'availability');
    if (availability?.cloud.kind !== 'ratio') throw new Error('availability is a ratio');
    const requests = ['2xx', '3xx', '4xx', '5xx'].map((responseClass) => ({
      labels: {
        'metric.type': 'run.googleapis.com/request_count',
        'resource.type': 'cloud_run_revision',
        'resource.labels.service_name': 'records-api',
        'metric.labels.response_code_class': responseClass,
      },
      points: [1],
    }));
    const selected = select(availability.cloud.bad, requests);
    expect(selected.map(({ labels }) => labels['metric.labels.response_code_class'])).toEqual(['5xx']);
  });
});

describe('burn rates', () => {
  it('spend 2, 5 and 10 percent of the budget before they alert', () => {
    const spent = (rates: typeof CLOUD_BURN_RATES) =>
      rates.map((burn) => Math.round(budgetSpent(burn, 30) * 1000) / 10);
    expect(spent(CLOUD_BURN_RATES)).toEqual([2, 5, 10]);
    expect(spent(PROMETHEUS_BURN_RATES)).toEqual([2, 5, 10]);
  });

  it('have a long window and a twelfth of it', () => {
    for (const { longSeconds, shortSeconds } of [...CLOUD_BURN_RATES, ...PROMETHEUS_BURN_RATES])
      expect(shortSeconds).toBe(longSeconds / 12);
  });

  it('look back at most a day in Cloud Monitoring', () => {
    for (const { longSeconds } of CLOUD_BURN_RATES) expect(longSeconds).toBeLessThanOrEqual(24 * 3_600);
  });
});
