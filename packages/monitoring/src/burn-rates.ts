import { HOUR, MINUTE } from './units.ts';

export type Severity = 'page' | 'ticket';

/** Both windows must burn at `rate`: the long one shows that it matters, the short one that it still goes on. */
export interface BurnRate {
  readonly rate: number;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  readonly severity: Severity;
}

/** 2 % of a 30-day budget in an hour, and 5 % in six. https://sre.google/workbook/alerting-on-slos/ */
const PAGES: readonly BurnRate[] = [
  { rate: 14.4, longSeconds: HOUR, shortSeconds: 5 * MINUTE, severity: 'page' },
  { rate: 6, longSeconds: 6 * HOUR, shortSeconds: 30 * MINUTE, severity: 'page' },
];

/** The ticket: 10 % of the budget in three days. */
export const PROMETHEUS_BURN_RATES: readonly BurnRate[] = [
  ...PAGES,
  { rate: 1, longSeconds: 72 * HOUR, shortSeconds: 6 * HOUR, severity: 'ticket' },
];

/**
 * Alerts of Cloud Monitoring look back 24 hours at most, so the ticket is for 10 % of the budget in a day. A rate from 1 to 3 over
 * several days opens none. https://docs.cloud.google.com/stackdriver/docs/solutions/slo-monitoring/alerting-on-budget-burn-rate
 */
export const CLOUD_BURN_RATES: readonly BurnRate[] = [
  ...PAGES,
  { rate: 3, longSeconds: 24 * HOUR, shortSeconds: 2 * HOUR, severity: 'ticket' },
];

/** The fraction of the budget of `windowDays` that is spent when the long window has burned at `rate`. */
export function budgetSpent({ rate, longSeconds }: BurnRate, windowDays: number): number {
  return (rate * longSeconds) / (windowDays * 24 * HOUR);
}
