import { offsetAt, TimeZoneError } from '../../zones.ts';
import { type Call, defined, FunctionError } from './computed.ts';

/** The format elements of dates and times. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time */

export type TimeKind = 'DATE' | 'DATETIME' | 'TIME' | 'TIMESTAMP';

export const SECOND = 1_000_000n;
export const DAY = 86_400n * SECOND;
export const DAY_MS = 86_400_000;

export const MONTHS =
  'January February March April May June July August September October November December'.split(' ');
export const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Names a wrong zone in BigQuery's words. */
export function zoned<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TimeZoneError) throw new FunctionError(error.message);
    throw error;
  }
}

/** A clock, and its distance from UTC. */
interface Moment {
  readonly date: Date;
  /** Microseconds since midnight. */
  readonly time: bigint;
  readonly clock: bigint;
  readonly offsetMinutes: number;
}

export const two = (value: number) => String(value).padStart(2, '0');
const spaced = (value: number) => String(value).padStart(2);
const mod = (value: bigint, unit: bigint) => ((value % unit) + unit) % unit;

const year = ({ date }: Moment) => date.getUTCFullYear();
const month = ({ date }: Moment) => date.getUTCMonth() + 1;
const day = ({ date }: Moment) => date.getUTCDate();
const weekday = ({ date }: Moment) => date.getUTCDay();
const hour = ({ time }: Moment) => Number(time / (3600n * SECOND));
const minute = ({ time }: Moment) => Number((time / (60n * SECOND)) % 60n);
const second = ({ time }: Moment) => Number((time / SECOND) % 60n);
const fraction = ({ time }: Moment) => String(time % SECOND).padStart(6, '0');
const hour12 = (moment: Moment) => hour(moment) % 12 || 12;
const half = (moment: Moment) => (hour(moment) < 12 ? 'AM' : 'PM');
const dayOfYear = (moment: Moment) =>
  Math.round((moment.date.getTime() - yearStart(year(moment))) / DAY_MS) + 1;

export function yearStart(of: number): number {
  return new Date(0).setUTCFullYear(of, 0, 1);
}

/** The week of the year; days before the first `first` day are in week 0. */
function week(moment: Moment, first: number): string {
  const offset = (weekday(moment) - first + 7) % 7;
  return two(Math.floor((dayOfYear(moment) - 1 + 7 - offset) / 7));
}

/** Its year has the Thursday of the week. https://www.iso.org/iso-8601-date-and-time-format.html */
function isoWeek(moment: Moment): { year: number; week: number } {
  const thursday = new Date(moment.date.getTime() + (4 - (weekday(moment) || 7)) * DAY_MS);
  const isoYear = thursday.getUTCFullYear();
  return { year: isoYear, week: Math.floor((thursday.getTime() - yearStart(isoYear)) / DAY_MS / 7) + 1 };
}

function zoneOffset(minutes: number, separator: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`;
}

function zoneName(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const offset = zoneOffset(minutes, '');
  return `UTC${minutes % 60 === 0 ? `${offset.slice(0, 1)}${Number(offset.slice(1, 3))}` : offset}`;
}

type Elements = Readonly<Record<string, (moment: Moment) => string>>;

const DATE_ELEMENTS: Elements = {
  A: (m) => WEEKDAYS[weekday(m)] ?? '',
  a: (m) => WEEKDAYS[weekday(m)]?.slice(0, 3) ?? '',
  B: (m) => MONTHS[month(m) - 1] ?? '',
  b: (m) => MONTHS[month(m) - 1]?.slice(0, 3) ?? '',
  h: (m) => MONTHS[month(m) - 1]?.slice(0, 3) ?? '',
  C: (m) => String(Math.floor(year(m) / 100)),
  D: (m) => `${two(month(m))}/${two(day(m))}/${two(year(m) % 100)}`,
  d: (m) => two(day(m)),
  e: (m) => spaced(day(m)),
  F: (m) => `${year(m)}-${two(month(m))}-${two(day(m))}`,
  G: (m) => String(isoWeek(m).year),
  g: (m) => two(isoWeek(m).year % 100),
  j: (m) => String(dayOfYear(m)).padStart(3, '0'),
  m: (m) => two(month(m)),
  Q: (m) => String(Math.ceil(month(m) / 3)),
  U: (m) => week(m, 0),
  u: (m) => String(weekday(m) || 7),
  V: (m) => two(isoWeek(m).week),
  W: (m) => week(m, 1),
  w: (m) => String(weekday(m)),
  x: (m) => `${two(month(m))}/${two(day(m))}/${two(year(m) % 100)}`,
  Y: (m) => String(year(m)),
  y: (m) => two(year(m) % 100),
  E4Y: (m) => String(year(m)).padStart(4, '0'),
};

const clockTime = (m: Moment) => `${two(hour(m))}:${two(minute(m))}:${two(second(m))}`;

const TIME_ELEMENTS: Elements = {
  H: (m) => two(hour(m)),
  I: (m) => two(hour12(m)),
  k: (m) => spaced(hour(m)),
  l: (m) => spaced(hour12(m)),
  M: (m) => two(minute(m)),
  P: (m) => half(m).toLowerCase(),
  p: half,
  R: (m) => `${two(hour(m))}:${two(minute(m))}`,
  r: (m) => `${two(hour12(m))}:${two(minute(m))}:${two(second(m))} ${half(m)}`,
  S: (m) => two(second(m)),
  T: clockTime,
  X: clockTime,
  'E*S': (m) =>
    `${two(second(m))}.${fraction(m)}`.replace(/\.?0+$/, (zeros, at: number) => (at > 1 ? '' : zeros)),
};

const DATETIME_ELEMENTS: Elements = {
  c: (m) =>
    `${WEEKDAYS[weekday(m)]?.slice(0, 3)} ${MONTHS[month(m) - 1]?.slice(0, 3)} ${spaced(day(m))} ${clockTime(m)} ${year(m)}`,
  s: (m) => String((m.clock - mod(m.clock, SECOND)) / SECOND - BigInt(m.offsetMinutes) * 60n),
};

const ZONE_ELEMENTS: Elements = {
  Z: (m) => zoneName(m.offsetMinutes),
  z: (m) => zoneOffset(m.offsetMinutes, ''),
  Ez: (m) => zoneOffset(m.offsetMinutes, ':'),
};

const PLAIN_ELEMENTS: Elements = { n: () => '\n', t: () => '\t', '%': () => '%' };

const ELEMENTS: Readonly<Record<TimeKind, Elements>> = {
  DATE: { ...PLAIN_ELEMENTS, ...DATE_ELEMENTS },
  TIME: { ...PLAIN_ELEMENTS, ...TIME_ELEMENTS },
  DATETIME: { ...PLAIN_ELEMENTS, ...DATE_ELEMENTS, ...TIME_ELEMENTS, ...DATETIME_ELEMENTS },
  TIMESTAMP: {
    ...PLAIN_ELEMENTS,
    ...DATE_ELEMENTS,
    ...TIME_ELEMENTS,
    ...DATETIME_ELEMENTS,
    ...ZONE_ELEMENTS,
  },
};

/** C's modifiers E and O change nothing, where they are allowed. */
export const ELEMENT = String.raw`%(E4Y|E\*S|E[0-9]S|Ez|(?:E(?=[cCxXyY])|O(?=[deHImMSUuVwWy]))?[\s\S]?)`;

const EACH_ELEMENT = new RegExp(ELEMENT, 'g');

export function elementName(element: string): string {
  return /^E[\d*z]/.test(element) ? element : element.slice(-1);
}

/** `micros` is a clock, or since midnight for a TIME; for a TIMESTAMP an instant. */
export function formatTimeElements(kind: TimeKind, pattern: string, micros: bigint, zone = 'UTC'): string {
  const offset = kind === 'TIMESTAMP' ? zoned(() => offsetAt(zone, micros)) : 0n;
  // In a text, an offset has no seconds.
  const clock = micros + offset - (offset % (60n * SECOND));
  const time = mod(clock, DAY);
  const moment: Moment = {
    date: new Date(Number((clock - time) / 1000n)),
    time,
    clock,
    offsetMinutes: Number(offset / (60n * SECOND)),
  };
  const elements = ELEMENTS[kind];
  return pattern.replaceAll(EACH_ELEMENT, (whole, text: string) => {
    const name = elementName(text);
    const digits = kind === 'DATE' ? undefined : /^E(\d)S$/.exec(name)?.[1];
    if (digits === '0') return two(second(moment));
    if (digits !== undefined)
      return `${two(second(moment))}.${fraction(moment).padEnd(9, '0').slice(0, Number(digits))}`;
    if (/^[-_^#0-9J]$/.test(name))
      throw new FunctionError(`Format element ${whole} is not supported by the local BigQuery`);
    return (Object.hasOwn(elements, name) && elements[name]?.(moment)) || whole;
  });
}

/** The clock at the start of a day, in days since 1970-01-01. */
export function clockOf(days: number): bigint {
  return BigInt(days) * DAY;
}

export function dayOf(clock: bigint): number {
  return Number((clock - mod(clock, DAY)) / DAY);
}

const KINDS: readonly TimeKind[] = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP'];

/**
 * A function for each kind, of values in microseconds: a DATE is the clock at its start. `$` in the signature is the kind, and
 * ZONE an optional time zone, which only a TIMESTAMP has.
 */
export function ofKinds(
  name: string,
  signature: string,
  compute: (kind: TimeKind, ...args: never[]) => string | bigint,
): Readonly<Record<TimeKind, Call>> {
  const calls = KINDS.map((kind) => {
    const zone = kind === 'TIMESTAMP' ? ', STRING?' : '';
    const ofKind = (...args: (string | bigint | number)[]) => {
      const values = args.map((arg) => (typeof arg === 'number' ? clockOf(arg) : arg));
      const result = compute(kind, ...(values as never[]));
      return kind === 'DATE' && typeof result === 'bigint' ? dayOf(result) : result;
    };
    const own = signature.replace('$', kind).replace(', ZONE', zone);
    return [kind, defined(`${name}_${kind.toLowerCase()}`, own, ofKind as never)] as const;
  });
  return Object.fromEntries(calls) as Record<TimeKind, Call>;
}
