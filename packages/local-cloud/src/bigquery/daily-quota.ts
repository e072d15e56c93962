import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';

/** Daily quotas start again at midnight there. https://docs.cloud.google.com/bigquery/docs/custom-quotas */
const DAY = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' });

/**
 * The quota QueryUsagePerUserPerDay: what each user and each service account may be billed a day. As at Google, queries that run
 * at the same time can together exceed it. Here it starts anew with the process.
 */
export class DailyQuota {
  readonly #clock: Clock;
  #limit = Number.POSITIVE_INFINITY;
  #day = '';
  /** Bytes billed today, by account; the developer has none. */
  readonly #billed = new Map<string | undefined, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes; undefined for no limit. */
  set limit(bytes: number | undefined) {
    this.#limit = bytes ?? Number.POSITIVE_INFINITY;
  }

  /** Throws `usageQuotaExceeded`, in Google's words. */
  assertAllows(member: string | undefined, bytes: number): void {
    if (bytes === 0 || this.#today(member) + bytes <= this.#limit) return;
    throw new CloudError(
      'PERMISSION_DENIED',
      'Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerUserPerDay, which is set by your administrator. For more information, see https://cloud.google.com/bigquery/cost-controls',
      { reason: 'usageQuotaExceeded' },
    );
  }

  add(member: string | undefined, bytes: number): void {
    this.#billed.set(member, this.#today(member) + bytes);
  }

  #today(member: string | undefined): number {
    const day = DAY.format(this.#clock.now());
    if (day !== this.#day) this.#billed.clear();
    this.#day = day;
    return this.#billed.get(member) ?? 0;
  }
}
