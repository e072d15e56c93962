import { MAX_MICROS, MIN_MICROS } from '../../calendar.ts';
import { fromClock } from '../../zones.ts';
import { FunctionError } from './computed.ts';
import {
  DAY,
  DAY_MS,
  ELEMENT,
  elementName,
  MONTHS,
  SECOND,
  type TimeKind,
  two,
  WEEKDAYS,
  yearStart,
  zoned,
} from './time-format.ts';

/** Dates and times in a text that a pattern describes. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time */

/** What is read from a text. */
interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly dayOfYear?: number | undefined;
  readonly century?: number;
  readonly yearOfCentury?: number;
  readonly hour: number;
  /** Set when the hour counts to 12. */
  readonly isHour12: boolean;
  readonly isAfternoon: boolean;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  /** Seconds since the epoch: it overrides everything else. */
  readonly epoch?: bigint;
  readonly offsetMinutes?: number | undefined;
  readonly zone?: string | undefined;
}

const START: Fields = {
  ...{ year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, micros: 0 },
  ...{ isHour12: false, isAfternoon: false },
};

/** What an element matches, and the fields that it sets; undefined for a value out of its range. */
type Element = readonly [expression: RegExp, read: (match: RegExpExecArray) => Partial<Fields> | undefined];

const number = (
  digits: number,
  least: number,
  most: number,
  set: (value: number) => Partial<Fields>,
): Element => [
  new RegExp(`\\s*\\d{1,${digits}}`, 'y'),
  ([text]) => (Number(text) < least || Number(text) > most ? undefined : set(Number(text))),
];

/** A name: whole, or its first three letters. */
const named = (names: readonly string[], set: (index: number) => Partial<Fields>): Element => [
  new RegExp(`\\s*(?:${names.map((name) => `(${name.slice(0, 3)}(?:${name.slice(3)})?)`).join('|')})`, 'iy'),
  ([, ...found]) => set(found.findIndex((name) => name !== undefined)),
];

/** The seconds with so many digits of a fraction at most. */
const fractional = (digits: string): Element => [
  new RegExp(`\\s*(\\d{1,2})(?:\\.(\\d${digits === '*' ? '*' : `{0,${digits}}`}))?`, 'y'),
  ([, second, text = '']) =>
    Number(second) > 60
      ? undefined
      : { second: Number(second), micros: Number(text.padEnd(6, '0').slice(0, 6)) },
];

const weekday = named(WEEKDAYS, () => ({}));
const month = named(MONTHS, (index) => ({ month: index + 1 }));
const day = number(2, 1, 31, (value) => ({ day: value, dayOfYear: undefined }));
const hour = number(2, 0, 23, (value) => ({ hour: value, isHour12: false }));
const hour12 = number(2, 1, 12, (value) => ({ hour: value % 12, isHour12: true }));
const second = number(2, 0, 60, (value) => ({ second: value }));
const half: Element = [/\s*([ap])m/iy, ([, letter = '']) => ({ isAfternoon: /p/i.test(letter) })];
const space: Element = [/\s*/y, () => ({})];

const ELEMENTS: Readonly<Record<string, Element>> = {
  ...{ A: weekday, a: weekday, B: month, b: month, h: month, d: day, e: day },
  ...{ H: hour, k: hour, I: hour12, l: hour12, P: half, p: half, n: space, t: space },
  C: number(2, 0, 99, (century) => ({ century })),
  j: number(3, 1, 366, (dayOfYear) => ({ dayOfYear })),
  m: number(2, 1, 12, (value) => ({ month: value, dayOfYear: undefined })),
  Q: number(1, 1, 4, (quarter) => ({ month: quarter * 3 - 2, day: 1 })),
  // The year 10000 is read, and then refused.
  Y: [/\s*(?:10000|\d{1,4})/y, ([year]) => ({ year: Number(year) })],
  E4Y: [/\d{4}/y, ([year]) => ({ year: Number(year) })],
  y: number(2, 0, 99, (yearOfCentury) => ({ yearOfCentury })),
  M: number(2, 0, 59, (minute) => ({ minute })),
  S: second,
  E0S: second,
  ...Object.fromEntries([...'123456789*'].map((digits) => [`E${digits}S`, fractional(digits)])),
  s: [/\s*-?\d{1,18}/y, ([text]) => ({ epoch: BigInt(text.trim()) })],
  Z: [/\s*(\S+)/y, ([, zone]) => ({ zone, offsetMinutes: undefined })],
  z: [/\s*([+-])(\d{2})([0-5]\d)?/y, offset],
  Ez: [/\s*(?:([+-])(\d{2})(?::?([0-5]\d))?|Z)/iy, offset],
  '%': [/%/y, () => ({})],
};

function offset([, sign, hours = '0', minutes = '0']: RegExpExecArray): Partial<Fields> {
  const size = Number(hours) * 60 + Number(minutes);
  if (size > 14 * 60)
    throw new FunctionError(
      `Timezone offset out of valid range -14:00 to +14:00: ${sign}${hours}:${two(Number(minutes))}`,
    );
  return { offsetMinutes: sign === '-' ? -size : size, zone: undefined };
}

/** Elements that stand for several. */
const COMPOSED: Readonly<Record<string, string>> = {
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
};

const DATE_LETTERS = 'AaBbhCDdeFGgjmQUuVWwxYy';
const TIME_LETTERS = 'HIklMPpRrSTX';

function isAllowed(kind: TimeKind, name: string): boolean {
  const isTime = TIME_LETTERS.includes(name) || /^E[\d*]S$/.test(name);
  if (name === 'E4Y' || DATE_LETTERS.includes(name)) return kind !== 'TIME';
  if (isTime) return kind !== 'DATE';
  if (name === 'c' || name === 's') return kind === 'DATETIME' || kind === 'TIMESTAMP';
  return /^(Z|z|Ez)$/.test(name) ? kind === 'TIMESTAMP' : true;
}

const PARTS = new RegExp(String.raw`${ELEMENT}|(\s+)|([\s\S])`, 'g');

function readFields(kind: TimeKind, pattern: string, text: string): Fields {
  let fields = START;
  let at = 0;
  const failed = () => new FunctionError(`Failed to parse input string "${text}"`);
  const read = ([expression, fieldsOf]: Element) => {
    expression.lastIndex = at;
    const match = expression.exec(text);
    const found = match && fieldsOf(match);
    if (!found) throw failed();
    at = expression.lastIndex;
    fields = { ...fields, ...found };
  };
  const readAll = (elements: string) => {
    for (const [, element, spaces, literal = ''] of elements.matchAll(PARTS)) {
      if (spaces !== undefined) read(space);
      else if (element !== undefined) readElement(elementName(element));
      else if (!text.startsWith(literal, at)) throw failed();
      else at += literal.length;
    }
  };
  const readElement = (name: string) => {
    if (!isAllowed(kind, name))
      throw new FunctionError(`Invalid format: %${name} is not allowed for the ${kind} type.`);
    const composed = Object.hasOwn(COMPOSED, name) ? COMPOSED[name] : undefined;
    const element = Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name] : undefined;
    if (composed) readAll(composed);
    else if (element) read(element);
    else if (!/^[GgUuVWw]$/.test(name)) throw failed();
    else
      throw new FunctionError(`Parsing the format element %${name} is not supported by the local BigQuery`);
  };
  read(space);
  readAll(pattern);
  read(space);
  if (at < text.length) throw failed();
  return fields;
}

/** The value in microseconds: a clock, or since midnight for a TIME; for a TIMESTAMP the instant. */
export function parseTimeElements(kind: TimeKind, pattern: string, text: string, zone = 'UTC'): bigint {
  const fields = readFields(kind, pattern, text);
  const hours = fields.hour + (fields.isHour12 && fields.isAfternoon ? 12 : 0);
  const time =
    BigInt((hours * 60 + fields.minute) * 60 + fields.second) * SECOND +
    BigInt(fields.second === 60 ? 0 : fields.micros);
  if (kind === 'TIME') return time % DAY;
  const result = fields.epoch === undefined ? instantOf(kind, fields, time, zone) : fields.epoch * SECOND;
  if (result < MIN_MICROS || result > MAX_MICROS)
    throw new FunctionError('Invalid result from parsing function');
  return result;
}

/** The clock, or for a TIMESTAMP the instant. */
function instantOf(kind: TimeKind, fields: Fields, time: bigint, otherwise: string): bigint {
  const clock = BigInt(dateOf(fields)) * 1000n + time;
  const { offsetMinutes, zone } = fields;
  if (kind !== 'TIMESTAMP') return clock;
  if (offsetMinutes !== undefined) return clock - BigInt(offsetMinutes) * 60n * SECOND;
  return zoned(() => fromClock(clock, zone ?? otherwise));
}

/** Milliseconds. */
function dateOf(fields: Fields): number {
  const of = yearOf(fields);
  if (fields.dayOfYear !== undefined) {
    const days = (yearStart(of + 1) - yearStart(of)) / DAY_MS;
    if (fields.dayOfYear > days)
      throw new FunctionError(
        `Year ${of} has ${days} days, but the specified day of year was ${fields.dayOfYear}`,
      );
    return yearStart(of) + (fields.dayOfYear - 1) * DAY_MS;
  }
  const date = new Date(0);
  date.setUTCFullYear(of, fields.month - 1, fields.day);
  if (date.getUTCDate() !== fields.day)
    throw new FunctionError('Out-of-range datetime field in parsing function');
  return date.getTime();
}

/** Years without a century are 1969 to 2068. */
function yearOf({ year: full, century, yearOfCentury }: Fields): number {
  if (century === undefined && yearOfCentury === undefined) return full;
  const rest = yearOfCentury ?? 0;
  if (century !== undefined) return century * 100 + rest;
  return rest < 69 ? 2000 + rest : 1900 + rest;
}
