import { CLOUD_BURN_RATES, OBJECTIVES } from '@records/monitoring';

/** The metrics of one revision in one minute. A list lacks the minutes that are not reported yet. */
export interface Minute {
  /** Minutes since the step began, from 0. */
  readonly minute: number;
  readonly requests: number;
  /** Answers 5xx. 4xx are the caller's. */
  readonly errors: number;
  /** 95th percentile in milliseconds; undefined without requests. */
  readonly p95Ms: number | undefined;
}

/** Both revisions in the minutes of the present step. */
export interface Trace {
  readonly canary: readonly Minute[];
  readonly stable: readonly Minute[];
  /** Full minutes since the step began. */
  readonly elapsed: number;
}

export interface Rules {
  /** Good minutes with traffic that a step needs. */
  readonly goodMinutes: number;
  /** Requests that a step needs, in total. */
  readonly minRequests: number;
  /** Share of answers that may fail in the long run: the error budget of the objective. */
  readonly budget: number;
  /** Multiple of the budget that ends a rollout at once. */
  readonly burn: number;
  /** Fewer failures prove nothing, whatever their share. */
  readonly minErrors: number;
  /** Too slow is this multiple of the stable revision's p95, and at least `slowerMs` above it. */
  readonly slower: number;
  readonly slowerMs: number;
  /** This many bad minutes, in a row or not, end a rollout. */
  readonly badMinutes: number;
  /** Minutes after which an undecided step goes back: nothing is promoted without proof. */
  readonly patience: number;
  /** Minutes that a metric may be late. */
  readonly lag: number;
}

/** `burn` is the rate that pages somebody (docs/monitoring.md). */
export const RULES: Rules = {
  goodMinutes: 5,
  minRequests: 50,
  budget: budgetOf('availability'),
  burn: Math.max(...CLOUD_BURN_RATES.map(({ rate }) => rate)),
  minErrors: 3,
  slower: 1.5,
  slowerMs: 100,
  badMinutes: 3,
  patience: 30,
  lag: 4,
};

function budgetOf(id: string): number {
  const objective = OBJECTIVES.find((one) => one.id === id);
  if (!objective) throw new RangeError(`there is no objective ${id}`);
  return 1 - objective.goal;
}

export type Verdict = 'promote' | 'hold' | 'return';

export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** Decides whether the step goes on, waits, or the rollout goes back. Depends only on its arguments. */
export function decide({ canary, stable, elapsed }: Trace, rules: Rules = RULES): Decision {
  const total = sum(canary);
  const share = total.requests === 0 ? 0 : total.errors / total.requests;
  const limit = rules.budget * rules.burn;
  if (total.errors >= rules.minErrors && share > limit && share > 2 * shareOf(stable)) {
    return {
      verdict: 'return',
      reason: `${total.errors} of ${total.requests} answers failed: ${percent(share)}, and the limit is ${percent(limit)}`,
    };
  }
  const bad = canary.filter((minute) => isBad(minute, stable, rules));
  if (bad.length >= rules.badMinutes) {
    return { verdict: 'return', reason: `${bad.length} bad minutes: ${bad.map(nameOf).join(', ')}` };
  }
  if (elapsed >= rules.patience) {
    return {
      verdict: 'return',
      reason: `not proved after ${elapsed} minutes, with ${total.requests} requests: nothing is promoted without proof`,
    };
  }
  // Metrics are late, so only minutes older than the lag must be reported.
  const missing = elapsed - rules.lag - (last(canary)?.minute ?? -1) - 1;
  if (canary.length > 0 && missing > 0) {
    return { verdict: 'hold', reason: `metrics are ${missing + rules.lag} minutes late` };
  }
  const good = canary.filter((minute) => minute.requests > 0 && !bad.includes(minute));
  if (total.requests < rules.minRequests) {
    return { verdict: 'hold', reason: `${total.requests} of ${rules.minRequests} requests so far` };
  }
  if (good.length < rules.goodMinutes) {
    return { verdict: 'hold', reason: `${good.length} of ${rules.goodMinutes} good minutes so far` };
  }
  const newest = last(canary);
  if (newest && bad.includes(newest))
    return { verdict: 'hold', reason: `the newest minute, ${nameOf(newest)}, is bad` };
  return { verdict: 'promote', reason: `${good.length} good minutes, ${total.requests} requests` };
}

function isBad(minute: Minute, stable: readonly Minute[], rules: Rules): boolean {
  if (minute.requests === 0) return false;
  const failing =
    minute.errors >= rules.minErrors && minute.errors / minute.requests > rules.budget * rules.burn;
  // When both revisions fail, this one is not the cause.
  if (failing && minute.errors / minute.requests > 2 * shareOf(stable)) return true;
  const usual = median(stable.flatMap(({ p95Ms }) => (p95Ms === undefined ? [] : [p95Ms])));
  if (minute.p95Ms === undefined || usual === undefined) return false;
  return minute.p95Ms > usual * rules.slower && minute.p95Ms > usual + rules.slowerMs;
}

function sum(minutes: readonly Minute[]) {
  return minutes.reduce(
    (total, { requests, errors }) => ({
      requests: total.requests + requests,
      errors: total.errors + errors,
    }),
    { requests: 0, errors: 0 },
  );
}

function shareOf(minutes: readonly Minute[]): number {
  const { requests, errors } = sum(minutes);
  return requests === 0 ? 0 : errors / requests;
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function last(minutes: readonly Minute[]): Minute | undefined {
  return minutes.reduce<Minute | undefined>(
    (newest, minute) => (newest && newest.minute > minute.minute ? newest : minute),
    undefined,
  );
}

function nameOf({ minute, errors, requests, p95Ms }: Minute): string {
  return `minute ${minute} (${errors} of ${requests} failed, p95 ${p95Ms ?? '-'} ms)`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

/** The revisions of a rollout under way. */
export interface Revisions {
  readonly canary: string;
  readonly stable: string;
}
