/** Time zones, by the data of this Node.js. Instants and clocks are in microseconds; a clock counts as if it were UTC. */
import { cached } from './cached.ts';

const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#timezone_definitions */
const FIXED_OFFSET = /^(?:UTC)?([+-])(\d{1,2})(?::?(\d{1,2}))?$/;
const MAX_OFFSET_MINUTES = 14 * 60;

/** The text names no time zone. */
export class TimeZoneError extends Error {
  override readonly name = 'TimeZoneError';
}

type Offset = (instant: bigint) => bigint;

/** By name. Of the some 600 names few are used together, and a zone may keep a megabyte. */
const offsetOf = cached(32, (zone): Offset => fixedOffset(zone) ?? namedZone(zone));

/** Microseconds to add to an instant to get the clock of a zone. Throws TimeZoneError. */
export function offsetAt(zone: string, instant: bigint): bigint {
  return offsetOf(zone)(instant);
}

export function toClock(instant: bigint, zone: string): bigint {
  return instant + offsetAt(zone, instant);
}

/** Of two instants with the same clock the earlier one; for a clock that is skipped, with the offset of before. */
export function fromClock(clock: bigint, zone: string): bigint {
  const before = offsetAt(zone, clock - DAY);
  const after = offsetAt(zone, clock + DAY);
  const isSkippedOrEarlier =
    offsetAt(zone, clock - before) === before || offsetAt(zone, clock - after) !== after;
  return clock - (isSkippedOrEarlier ? before : after);
}

function fixedOffset(zone: string): Offset | undefined {
  const match = FIXED_OFFSET.exec(zone);
  if (!match) return undefined;
  const [hours, minutes] = [Number(match[2]), Number(match[3] ?? 0)];
  if (minutes > 59 || hours * 60 + minutes > MAX_OFFSET_MINUTES) throw new TimeZoneError(invalid(zone));
  const offset = BigInt((hours * 60 + minutes) * (match[1] === '-' ? -60 : 60)) * SECOND;
  return () => offset;
}

function invalid(zone: string): string {
  return zone === '' ? 'Invalid empty time zone' : `Invalid time zone: ${zone}`;
}

/** Before, offsets had seconds, and some days had two of them. */
const SINCE = 2n * 365n * DAY;
/** 54 years of a zone. */
const MAX_DAYS = 20_000;

/** Intl takes some 50 µs for an offset, so an offset that a whole day has is kept. */
function namedZone(zone: string): Offset {
  if (zone === 'UTC') return () => 0n;
  const format = formatOf(zone);
  /** By day; undefined for a day with two offsets. */
  const known = new Map<bigint, bigint | undefined>();
  return (instant) => {
    if (instant < SINCE) return readOffset(format, instant);
    const day = instant / DAY;
    if (!known.has(day)) {
      if (known.size >= MAX_DAYS) known.clear();
      const offset = readOffset(format, day * DAY);
      known.set(day, offset === readOffset(format, (day + 1n) * DAY) ? offset : undefined);
    }
    return known.get(day) ?? readOffset(format, instant);
  };
}

/** Intl ignores the case of a name, Google does not. */
function formatOf(zone: string): Intl.DateTimeFormat {
  if (!/^[A-Z]/.test(zone) || zone === 'Z') throw new TimeZoneError(invalid(zone));
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) throw new TimeZoneError(invalid(zone), { cause: error });
    throw error;
  }
}

function readOffset(format: Intl.DateTimeFormat, instant: bigint): bigint {
  const second = floor(instant, SECOND);
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(Number(second) * 1000)) parts[type] = value;
  const clock = new Date(0);
  const year = Number(parts.year);
  clock.setUTCFullYear(parts.era === 'BC' ? 1 - year : year, Number(parts.month) - 1, Number(parts.day));
  clock.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return (BigInt(clock.getTime()) / 1000n - second) * SECOND;
}

function floor(value: bigint, unit: bigint): bigint {
  return (value - (((value % unit) + unit) % unit)) / unit;
}
