import { CloudError } from '../errors.ts';
import { secondsIn } from './fields.ts';
import { RETRY_BACKOFF_SECONDS } from './limits.ts';
import { durationOf, type RetryPolicy, secondsOf } from './resources.ts';

/** The retry policy with both bounds filled in, as Google stores it. Throws INVALID_ARGUMENT. */
export function checkRetryPolicy(policy: RetryPolicy | null | undefined): RetryPolicy | undefined {
  if (!policy) return undefined;
  const range = RETRY_BACKOFF_SECONDS;
  const minimum =
    secondsIn('retry_policy.minimum_backoff', policy.minimumBackoff, range) ?? range.defaultMinimum;
  const maximum =
    secondsIn('retry_policy.maximum_backoff', policy.maximumBackoff, range) ?? range.defaultMaximum;
  if (minimum > maximum) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid retry_policy: minimum_backoff (${minimum}s) is greater than maximum_backoff (${maximum}s).`,
    );
  }
  return { minimumBackoff: durationOf(minimum), maximumBackoff: durationOf(maximum) };
}

/** Bounds of an exponential backoff. */
export interface Backoff {
  readonly minimumMs: number;
  readonly maximumMs: number;
}

/** Backoff of push and BigQuery subscriptions without a retry policy. https://docs.cloud.google.com/pubsub/docs/push#push_backoff */
export const PUSH_BACKOFF = { minimumMs: 100, maximumMs: 60_000 };

/** Without a retry policy, Pub/Sub redelivers at once. */
export const NO_BACKOFF: Backoff = { minimumMs: 0, maximumMs: 0 };

export function backoffOf(policy: RetryPolicy | null | undefined, fallback: Backoff): Backoff {
  if (!policy) return fallback;
  return {
    minimumMs: secondsOf(policy.minimumBackoff ?? {}) * 1e3,
    maximumMs: secondsOf(policy.maximumBackoff ?? {}) * 1e3,
  };
}

/** Milliseconds to back off after this many failures. A difference from Google: there is no jitter, so tests are exact. */
export function delayMs({ minimumMs, maximumMs }: Backoff, failures: number): number {
  return Math.min(minimumMs * 2 ** (failures - 1), maximumMs);
}
