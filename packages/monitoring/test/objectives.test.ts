import { describe, expect, it } from '@jest/globals';
import {
  budgetSpent,
  CLOUD_BURN_RATES,
  checkBurnRate,
  checkObjective,
  errorBudget,
  LONGEST_CLOUD_LOOKBACK,
  OBJECTIVES,
  PROMETHEUS_BURN_RATES,
  select,
  togetherAvailable,
} from '../src/index.ts';

describe('objectives', () => {
  it.each(OBJECTIVES.map((objective) => ({ ...objective })))(
    '$id promises no more than its parts',
    (objective) => {
      expect(() => checkObjective(objective)).not.toThrow();
      expect(() => checkObjective({ ...objective, goal: 0.9995 })).toThrow(
        new RegExp(
          `objective ${objective.id} promises 0.9995: .* together promise 0.99\\d+, so it may not be above`,
        ),
      );
    },
  );

  it('know that Cloud Run and BigQuery together promise less than 99.95 %', () => {
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

  it('count what clients do wrong as answered, and nothing but 5xx against the API', () => {
    const availability = OBJECTIVES.find(({ id }) => id === 'availability');
    if (availability?.cloud.kind !== 'ratio') throw new Error('availability is a ratio');
    const requests = ['2xx', '3xx', '4xx', '5xx'].map((responseClass) => ({
      metric: 'run.googleapis.com/request_count',
      resource: 'cloud_run_revision',
      labels: {
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
    for (const burn of [...CLOUD_BURN_RATES, ...PROMETHEUS_BURN_RATES]) {
      expect(() => checkBurnRate(burn)).not.toThrow();
      const swapped = { ...burn, longSeconds: burn.shortSeconds, shortSeconds: burn.longSeconds };
      expect(() => checkBurnRate(swapped)).toThrow('must be a twelfth of the long one');
    }
  });

  it('look back no further than Cloud Monitoring can', () => {
    for (const { longSeconds } of CLOUD_BURN_RATES) {
      expect(longSeconds).toBeLessThanOrEqual(LONGEST_CLOUD_LOOKBACK);
    }
  });
});
