import { HOUR, MINUTE } from './units.ts';

export type Severity = 'page' | 'ticket';

/** Both windows must burn at `rate`: the long one says that it matters, the short one that it goes on. */
export interface BurnRate {
  readonly rate: number;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  readonly severity: Severity;
}

/** https://sre.google/workbook/alerting-on-slos/: 2 % of a 30-day budget in an hour, and 5 % in six. */
const PAGES: readonly BurnRate[] = [
  { rate: 14.4, longSeconds: HOUR, shortSeconds: 5 * MINUTE, severity: 'page' },
  { rate: 6, longSeconds: 6 * HOUR, shortSeconds: 30 * MINUTE, severity: 'page' },
];

/** 10 % of the budget in three days. */
export const PROMETHEUS_BURN_RATES: readonly BurnRate[] = [
  ...PAGES,
  { rate: 1, longSeconds: 72 * HOUR, shortSeconds: 6 * HOUR, severity: 'ticket' },
];

/** Cloud Monitoring looks back for alerts no further than this. */
export const LONGEST_CLOUD_LOOKBACK = 24 * HOUR;

/**
 * The same 10 % within the day that Cloud Monitoring looks back: burning between one and three times the budget for days
 * on end raises no ticket there. https://docs.cloud.google.com/stackdriver/docs/solutions/slo-monitoring/alerting-on-budget-burn-rate
 */
export const CLOUD_BURN_RATES: readonly BurnRate[] = [
  ...PAGES,
  { rate: 3, longSeconds: 24 * HOUR, shortSeconds: 2 * HOUR, severity: 'ticket' },
];

/** The fraction of the window's budget that is gone when the long window has burned at `rate`. */
export function budgetSpent({ rate, longSeconds }: BurnRate, windowDays: number): number {
  return (rate * longSeconds) / (windowDays * 24 * HOUR);
}

/** Throws RangeError when the windows are not a long one and a twelfth of it. */
export function checkBurnRate({ rate, longSeconds, shortSeconds }: BurnRate): void {
  if (longSeconds !== 12 * shortSeconds) {
    throw new RangeError(
      `burn rate ${rate}: the short window is ${shortSeconds} s, and must be a twelfth of the long one, ${longSeconds} s`,
    );
  }
}
