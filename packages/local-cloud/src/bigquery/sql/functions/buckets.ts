import { addMonths, formatDateTime, MAX_MICROS, MIN_MICROS } from '../../calendar.ts';
import type { Interval } from '../../intervals.ts';
import { computed, FunctionError } from './computed.ts';
import type { FunctionTable } from './table.ts';
import { clockOf, DAY, DAY_MS, dayOf } from './time-format.ts';

/** The starts of buckets of the same width. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions */

/** 1950-01-01 */
const ORIGIN = -7305n * DAY;

function assertWidth({ months, days, micros }: Interval, allowed: RegExp): void {
  if (months < 0n || days < 0n || micros < 0n)
    throw new FunctionError('Negative bucket width INTERVAL is not allowed');
  const parts = [months > 0n && 'MONTH', days > 0n && 'DAY', micros > 0n && 'TIME'].filter(Boolean);
  const [part, ...others] = parts;
  if (!part || others.length > 0)
    throw new FunctionError('Exactly one non-zero INTERVAL part in bucket width is required');
  if (!allowed.test(part))
    throw new FunctionError(`The ${part} part is not allowed in bucket width INTERVAL`);
}

const timeOf = (clock: bigint) => clock - clockOf(dayOf(clock));
const dateOf = (clock: bigint) => new Date(dayOf(clock) * DAY_MS);

function monthBucket(input: bigint, width: number, origin: bigint): bigint {
  const [date, start] = [dateOf(input), dateOf(origin)];
  const monthOf = (day: Date) => day.getUTCFullYear() * 12 + day.getUTCMonth();
  const isLast = (day: Date) => new Date(day.getTime() + DAY_MS).getUTCDate() === 1;
  const months = monthOf(date) - monthOf(start);
  const rest = months % width;
  // The last day of a month is as late as that of any other.
  const day = isLast(start) && isLast(date) ? start.getUTCDate() : date.getUTCDate();
  const within = (days: number, clock: bigint) => BigInt(days) * DAY + timeOf(clock);
  const isBefore = rest === 0 && within(day, input) < within(start.getUTCDate(), origin);
  const steps = months - rest - (rest < 0 || isBefore ? width : 0);
  return clockOf(addMonths(dayOf(origin), steps)) + timeOf(origin);
}

function bucket(input: bigint, width: Interval, origin: bigint, allowed: RegExp): bigint {
  assertWidth(width, allowed);
  const size = width.days * DAY + width.micros;
  const rest = width.months > 0n ? 0n : (((input - origin) % size) + size) % size;
  const start = width.months > 0n ? monthBucket(input, Number(width.months), origin) : input - rest;
  if (start >= MIN_MICROS && start <= MAX_MICROS) return start;
  throw new FunctionError(`Bucket for ${formatDateTime(input, ' ')} is out of range`);
}

const ofClocks = (kind: 'DATETIME' | 'TIMESTAMP', allowed: RegExp) =>
  computed(
    `${kind.toLowerCase()}_bucket`,
    `${kind}, INTERVAL, ${kind}? -> ${kind}`,
    (clock, width, origin = ORIGIN) => bucket(clock, width, origin, allowed),
  );

export const BUCKET_FUNCTIONS: FunctionTable = {
  DATE_BUCKET: computed(
    'date_bucket',
    'DATE, INTERVAL, DATE? -> DATE',
    (date, width, origin = dayOf(ORIGIN)) =>
      dayOf(bucket(clockOf(date), width, clockOf(origin), /MONTH|DAY/)),
  ),
  DATETIME_BUCKET: ofClocks('DATETIME', /MONTH|DAY|TIME/),
  TIMESTAMP_BUCKET: ofClocks('TIMESTAMP', /DAY|TIME/),
};
