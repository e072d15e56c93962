import { fromClock, TimeZoneError } from './zones.ts';

/** Converts dates and times between GoogleSQL's text and DuckDB's numbers: days or microseconds since 1970-01-01. */

const DAY_MS = 86_400_000;
const DAY_MICROS = 86_400_000_000n;

/** The first and the last microsecond of the years 1 to 9999. */
export const MIN_MICROS = -62_135_596_800_000_000n;
export const MAX_MICROS = 253_402_300_799_999_999n;

/** The same microseconds; undefined outside of the years 1 to 9999. */
export function inYears(micros: bigint): bigint | undefined {
  return micros >= MIN_MICROS && micros <= MAX_MICROS ? micros : undefined;
}

const DATE = String.raw`(\d{4})-(\d{1,2})-(\d{1,2})`;
const TIME = String.raw`(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?`;
const ZONE = String.raw`(Z|[+-]\d{1,2}(?::?\d{2})?| (?![+-])\S.*)`;
const DATE_ONLY = new RegExp(`^${DATE}$`);
const TIME_ONLY = new RegExp(`^${TIME}$`);
const DATE_TIME = new RegExp(`^${DATE}(?:[ T]${TIME})?$`, 'i');
const DATE_TIME_ZONE = new RegExp(`^${DATE}(?:[ T]${TIME}${ZONE}?)?$`, 'i');

/** Days since 1970-01-01, or undefined for a text that is not a date of the years 1 to 9999. */
export function parseDate(text: string): number | undefined {
  const match = DATE_ONLY.exec(text);
  return match ? days(match[1], match[2], match[3]) : undefined;
}

/** Microseconds since midnight. */
export function parseTime(text: string): bigint | undefined {
  const match = TIME_ONLY.exec(text);
  const micros = match ? timeMicros(match[1], match[2], match[3], match[4]) : undefined;
  return micros === undefined ? undefined : micros % DAY_MICROS;
}

/** Microseconds since 1970-01-01 00:00 on a clock without a time zone. */
export function parseDateTime(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text);
  const micros = match ? dateTimeMicros(match) : undefined;
  return micros === undefined ? undefined : inYears(micros);
}

/** Whether a timestamp says in which zone it is. */
export function namesZone(text: string): boolean {
  return DATE_TIME_ZONE.exec(text)?.[8] !== undefined;
}

/** Microseconds since the epoch; undefined also for an unknown zone in the text, and outside of the years 1 to 9999. `zone` counts where it names none. */
export function parseTimestamp(text: string, zone = 'UTC'): bigint | undefined {
  const match = DATE_TIME_ZONE.exec(text);
  const clock = match ? dateTimeMicros(match) : undefined;
  if (!match || clock === undefined) return undefined;
  const named = match[8] === undefined || match[8].toUpperCase() !== 'Z' ? match[8]?.trim() : 'UTC';
  try {
    return inYears(fromClock(clock, named ?? zone));
  } catch (error) {
    if (error instanceof TimeZoneError && named !== undefined) return undefined;
    throw error;
  }
}

const PICOS_PER_MICRO = 1_000_000n;

/** Picoseconds since the epoch; undefined as for `parseTimestamp`. */
export function parsePicoseconds(text: string): bigint | undefined {
  const [fraction, digits = ''] = /\.\d{6}(\d{1,6})(?!\d)/.exec(text) ?? [];
  const micros = parseTimestamp(fraction ? text.replace(fraction, fraction.slice(0, 7)) : text);
  // A leap second has no fraction, as in timeMicros.
  const picos = text.includes(`:60${fraction}`) ? 0n : BigInt(digits.padEnd(6, '0'));
  return micros === undefined ? undefined : micros * PICOS_PER_MICRO + picos;
}

/** Rounds down, also before the epoch. */
export function microsOf(picos: bigint): bigint {
  return (picos - picosBelowMicro(picos)) / PICOS_PER_MICRO;
}

function picosBelowMicro(picos: bigint): bigint {
  return ((picos % PICOS_PER_MICRO) + PICOS_PER_MICRO) % PICOS_PER_MICRO;
}

/** With the twelve digits of a second's fraction, unless it has none: `2026-01-31T12:30:00.123456789012`. */
export function formatPicoseconds(picos: bigint, separator = 'T'): string {
  const text = formatDateTime(microsOf(picos), separator);
  const rest = picosBelowMicro(picos);
  if (rest === 0n && !text.includes('.')) return text;
  return `${text.includes('.') ? text : `${text}.000000`}${String(rest).padStart(6, '0')}`;
}

/** The day so many months later, which is the last one of a month that is too short. */
export function addMonths(daysSinceEpoch: number, months: number): number {
  const date = new Date(daysSinceEpoch * DAY_MS);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months, 1);
  const last = new Date(date).setUTCMonth(date.getUTCMonth() + 1, 0);
  return Math.min(date.setUTCDate(day), last) / DAY_MS;
}

export function formatDate(daysSinceEpoch: number): string {
  return new Date(daysSinceEpoch * DAY_MS).toISOString().slice(0, 10);
}

/** `12:30:00`, or `12:30:00.500000` when the second has a fraction. */
export function formatTime(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n);
  const pad = (value: number) => String(value).padStart(2, '0');
  const fraction = Number(micros % 1_000_000n);
  const clock = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return fraction === 0 ? clock : `${clock}.${String(fraction).padStart(6, '0')}`;
}

/** `2026-01-31T12:30:00`: BigQuery's JSON separates date and time of a DATETIME by `T`. */
export function formatDateTime(micros: bigint, separator = 'T'): string {
  const timeOfDay = ((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS;
  const day = Number((micros - timeOfDay) / DAY_MICROS);
  return `${formatDate(day)}${separator}${formatTime(timeOfDay)}`;
}

function dateTimeMicros(match: RegExpExecArray): bigint | undefined {
  const day = days(match[1], match[2], match[3]);
  const time = match[4] === undefined ? 0n : timeMicros(match[4], match[5], match[6], match[7]);
  return day === undefined || time === undefined ? undefined : BigInt(day) * DAY_MICROS + time;
}

function days(year = '', month = '', day = ''): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const valid =
    Number(year) >= 1 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return valid ? date.getTime() / DAY_MS : undefined;
}

function timeMicros(hour = '', minute = '', second = '0', fraction = ''): bigint | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  // A leap second is the first one of the next minute.
  if (h > 23 || m > 59 || s > 60) return undefined;
  const micros = s === 60 ? 0n : BigInt(fraction.padEnd(6, '0').slice(0, 6));
  return BigInt(h * 3600 + m * 60 + s) * 1_000_000n + micros;
}
