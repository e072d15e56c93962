import type { DuckDBIntervalValue } from '@duckdb/node-api';
import { formatDateTime } from '../../calendar.ts';
import { computed, FunctionError } from './computed.ts';
import type { FunctionTable } from './table.ts';
import { clockOf, DAY, dayOf, MAX_MICROS, MIN_MICROS } from './time-format.ts';

/** The starts of buckets of the same width. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions */

/** 1950-01-01 */
const ORIGIN = -7305n * DAY;

function assertWidth({ months, days, micros }: DuckDBIntervalValue, allowed: RegExp): void {
  if (months < 0 || days < 0 || micros < 0n)
    throw new FunctionError('Negative bucket width INTERVAL is not allowed');
  const parts = [months > 0 && 'MONTH', days > 0 && 'DAY', micros > 0n && 'TIME'].filter(Boolean);
  const [part, ...others] = parts;
  if (!part || others.length > 0)
    throw new FunctionError('Exactly one non-zero INTERVAL part in bucket width is required');
  if (!allowed.test(part))
    throw new FunctionError(`The ${part} part is not allowed in bucket width INTERVAL`);
}

const dateOf = (clock: bigint) => new Date(dayOf(clock) * 86_400_000);
const timeOf = (clock: bigint) => clock - clockOf(dayOf(clock));

/** The number of days in a month, which counts from the year 0. */
function lastDay(month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(month / 12), (month % 12) + 1, 0);
  return date.getUTCDate();
}

function monthBucket(input: bigint, width: number, origin: bigint): bigint {
  const [date, start] = [dateOf(input), dateOf(origin)];
  const monthOf = (day: Date) => day.getUTCFullYear() * 12 + day.getUTCMonth();
  const isLast = (day: Date) => day.getUTCDate() === lastDay(monthOf(day));
  const rest = (monthOf(date) - monthOf(start)) % width;
  // The last day of a month is as late as that of any other.
  const day = isLast(start) && isLast(date) ? start.getUTCDate() : date.getUTCDate();
  const within = (days: number, clock: bigint) => BigInt(days) * DAY + timeOf(clock);
  const isBefore = rest === 0 && within(day, input) < within(start.getUTCDate(), origin);
  const month = monthOf(date) - rest - (rest < 0 || isBefore ? width : 0);
  const result = new Date(0);
  result.setUTCFullYear(Math.floor(month / 12), month % 12, Math.min(start.getUTCDate(), lastDay(month)));
  return BigInt(result.getTime()) * 1000n + timeOf(origin);
}

function bucket(input: bigint, width: DuckDBIntervalValue, origin: bigint, allowed: RegExp): bigint {
  assertWidth(width, allowed);
  const size = BigInt(width.days) * DAY + width.micros;
  const rest = width.months > 0 ? 0n : (((input - origin) % size) + size) % size;
  const start = width.months > 0 ? monthBucket(input, width.months, origin) : input - rest;
  if (start >= MIN_MICROS && start <= MAX_MICROS) return start;
  throw new FunctionError(`Bucket for ${formatDateTime(input, ' ')} is out of range`);
}

export const BUCKET_FUNCTIONS: FunctionTable = {
  DATE_BUCKET: [
    computed('date_bucket', 'DATE, INTERVAL, DATE? -> DATE', (date, width, origin = dayOf(ORIGIN)) =>
      dayOf(bucket(clockOf(date), width, clockOf(origin), /MONTH|DAY/)),
    ),
  ],
  DATETIME_BUCKET: [
    computed(
      'datetime_bucket',
      'DATETIME, INTERVAL, DATETIME? -> DATETIME',
      (clock, width, origin = ORIGIN) => bucket(clock, width, origin, /MONTH|DAY|TIME/),
    ),
  ],
  TIMESTAMP_BUCKET: [
    computed(
      'timestamp_bucket',
      'TIMESTAMP, INTERVAL, TIMESTAMP? -> TIMESTAMP',
      (instant, width, origin = ORIGIN) => bucket(instant, width, origin, /DAY|TIME/),
    ),
  ],
};
