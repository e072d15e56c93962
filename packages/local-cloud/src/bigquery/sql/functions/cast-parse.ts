import { MAX_MICROS, MIN_MICROS, parseDateTime } from '../../calendar.ts';
import { fromClock, toClock } from '../../zones.ts';
import { defined, FunctionError } from './computed.ts';
import { dayOf, MONTHS, type TimeKind, zoned } from './time-format.ts';

/** `CAST('2024-01-05' AS DATE FORMAT 'YYYY-MM-DD')`. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime */

type Category = 'YEAR' | 'MONTH' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND' | 'MERIDIAN_INDICATOR' | 'TIME_ZONE';

interface Parsed {
  year: number;
  month: number;
  day: number;
  hour: number;
  /** On a clock of twelve hours. */
  half?: number;
  isAfternoon: boolean;
  minute: number;
  second: number;
  micros: number;
  zoneSign: number;
  zoneHour: number;
  zoneMinute: number;
  hasZone: boolean;
}

interface Element {
  readonly written: string;
  readonly category?: Category;
  /** Of a text that is matched as it is. */
  readonly literal?: string;
  /** The most digits; where digits follow, exactly so many. */
  readonly digits?: number;
  readonly range?: readonly [least: number, most: number];
  readonly words?: readonly string[];
  /** The fields that a number, or the index of a word, sets. */
  read?(value: number, parsed: Parsed): Partial<Parsed>;
}

const lastDigits =
  (count: number) =>
  (value: number, { year }: Parsed) => ({ year: year - (year % count) + value });

type Described = Omit<Element, 'written'>;

const number = (
  category: Category,
  digits: number,
  range: readonly [number, number],
  read: NonNullable<Element['read']>,
): Described => ({ category, digits, range, read });

const year = number('YEAR', 4, [0, 10_000], (value) => ({ year: value }));
const half = number('HOUR', 2, [1, 12], (value) => ({ half: value }));
const meridian: Described = {
  category: 'MERIDIAN_INDICATOR',
  words: ['A.M.', 'P.M.'],
  read: (index) => ({ isAfternoon: index === 1 }),
};
const month = (index: number) => ({ month: index + 1 });

const ELEMENTS: Readonly<Record<string, Described>> = {
  YYYY: year,
  RRRR: year,
  YYY: number('YEAR', 3, [0, 999], lastDigits(1000)),
  YY: number('YEAR', 2, [0, 99], lastDigits(100)),
  Y: number('YEAR', 1, [0, 9], lastDigits(10)),
  RR: number('YEAR', 2, [0, 99], (value, parsed) => {
    const [century, now] = [Math.floor(parsed.year / 100), parsed.year % 100];
    const shift = value < 50 && now >= 50 ? 1 : value >= 50 && now < 50 ? -1 : 0;
    return { year: (century + shift) * 100 + value };
  }),
  MM: number('MONTH', 2, [1, 12], (value) => ({ month: value })),
  MON: { category: 'MONTH', words: MONTHS.map((name) => name.slice(0, 3)), read: month },
  MONTH: { category: 'MONTH', words: MONTHS, read: month },
  DD: number('DAY', 2, [1, 31], (day) => ({ day })),
  HH: half,
  HH12: half,
  HH24: number('HOUR', 2, [0, 23], (hour) => ({ hour })),
  MI: number('MINUTE', 2, [0, 59], (minute) => ({ minute })),
  SS: number('SECOND', 2, [0, 59], (second) => ({ second })),
  SSSSS: number('SECOND', 5, [0, 86_399], (value) => ({
    hour: Math.floor(value / 3600),
    minute: Math.floor(value / 60) % 60,
    second: value % 60,
  })),
  'A.M.': meridian,
  'P.M.': meridian,
  TZM: number('TIME_ZONE', 2, [0, 59], (zoneMinute) => ({ hasZone: true, zoneMinute })),
  TZH: { category: 'TIME_ZONE' },
  'Y,YYY': { category: 'YEAR' },
};

const TOKEN =
  /Y,YYY|YYYY|YYY|YY|Y|RRRR|RR|MONTH|MON|MM|MI|DDD|DD|DAY|DY|D|HH24|HH12|HH|SSSSS|SS|FF[1-9]|A\.M\.|P\.M\.|AM|PM|TZH|TZM|\s+|[-./,';:]|"((?:[^"\\]|\\.)*)"/giy;

/** A DATE takes no element of a time, and so on. */
const FORBIDDEN: Readonly<Record<TimeKind, readonly Category[]>> = {
  DATE: ['HOUR', 'MINUTE', 'SECOND', 'MERIDIAN_INDICATOR', 'TIME_ZONE'],
  DATETIME: ['TIME_ZONE'],
  TIME: ['YEAR', 'MONTH', 'DAY', 'TIME_ZONE'],
  TIMESTAMP: [],
};

/** What the sticky pattern of elements finds, one after the other, in the whole format. */
export function elementsIn(format: string, pattern: RegExp): RegExpExecArray[] {
  const found = [...format.matchAll(pattern)];
  const end = found.reduce((length, [written]) => length + written.length, 0);
  if (end < format.length) throw new FunctionError(`Cannot find matched format element at ${end}`);
  return found;
}

function elementsOf(kind: TimeKind, format: string): readonly Element[] {
  const elements = elementsIn(format, TOKEN).map(([written, quoted]) => elementOf(written, quoted));
  assertElements(kind, elements);
  return elements;
}

function elementOf(written: string, quoted: string | undefined): Element {
  if (quoted !== undefined) return { written, literal: quoted.replaceAll(/\\(.)/g, '$1') };
  if (/^\s+$/.test(written)) return { written: ' ' };
  if (/^[-./,';:]$/.test(written)) return { written, literal: written };
  const name = written.toUpperCase();
  const known = ELEMENTS[name];
  if (known) return { written: name, ...known };
  const places = /^FF([1-9])$/.exec(name)?.[1];
  if (places === undefined)
    throw new FunctionError(`Format element '${written}' is not supported for parsing`);
  return { written: name, category: 'SECOND', digits: Number(places) };
}

function assertElements(kind: TimeKind, elements: readonly Element[]): void {
  const named = elements.filter(({ category }) => category);
  const of = (category: Category) => named.filter((element) => element.category === category);
  for (const [index, { written }] of named.entries())
    if (named.slice(0, index).some((other) => other.written === written))
      throw new FunctionError(`Format element '${written}' appears more than once in the format string`);
  for (const category of FORBIDDEN[kind]) {
    const [first] = of(category);
    if (first)
      throw new FunctionError(
        `Format element in category ${category} ('${first.written}') is not allowed for output type ${kind}`,
      );
  }
  for (const category of ['MERIDIAN_INDICATOR', 'YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE'] as const) {
    const [first, second] = of(category);
    if (second)
      throw new FunctionError(
        `More than one format element in category ${category} exist: '${first?.written}' and '${second.written}'`,
      );
  }
  const has = (written: string) => named.some((element) => element.written === written);
  const [hour] = of('HOUR');
  const [indicator] = of('MERIDIAN_INDICATOR');
  if (indicator && (!hour || hour.written === 'HH24'))
    throw new FunctionError(`Format element '${indicator.written}' needs HH or HH12, and no HH24`);
  if (hour && hour.written !== 'HH24' && !indicator)
    throw new FunctionError(
      `Format element in category MERIDIAN_INDICATOR is required when format element '${hour.written}' exists`,
    );
  if (has('SSSSS') && (hour || has('MI') || has('SS')))
    throw new FunctionError("Format element 'SSSSS' cannot exist with those of hours, minutes and seconds");
}

/** Whether the text of the element after this one begins with a digit. */
function precedesDigits(elements: readonly Element[], index: number): boolean {
  const next = elements[index + 1];
  if (!next) return false;
  if (next.literal !== undefined)
    return next.literal === '' ? precedesDigits(elements, index + 1) : /^\d/.test(next.literal);
  return next.digits !== undefined || next.written === 'Y,YYY';
}

/** The length of what the element matches at the start of the text; undefined when it does not match. */
function read(element: Element, text: string, isExact: boolean, parsed: Parsed): number | undefined {
  const { written, literal, digits, range, words } = element;
  if (literal !== undefined) return text.startsWith(literal) ? literal.length : undefined;
  if (written === ' ') return /^\s+/u.exec(text)?.[0].length;
  if (words) {
    const index = words.findIndex((word) => text.slice(0, word.length).toLowerCase() === word.toLowerCase());
    Object.assign(parsed, element.read?.(index, parsed));
    return words[index]?.length;
  }
  if (written === 'TZH') return readZone(text, isExact, parsed);
  if (written === 'Y,YYY') {
    const [all, thousands, rest] = /^(\d|10),(\d{3})/.exec(text) ?? [];
    parsed.year = Number(thousands) * 1000 + Number(rest);
    return all?.length;
  }
  const most = (digits ?? 1) + (digits === 4 && !isExact ? 1 : 0);
  const [number] = new RegExp(`^\\d{${isExact ? digits : 1},${isExact ? digits : most}}`).exec(text) ?? [];
  if (number === undefined) return undefined;
  if (!range) {
    parsed.micros = Number(number.padEnd(6, '0').slice(0, 6));
    return number.length;
  }
  const value = Number(number);
  if (value < range[0] || value > range[1]) return undefined;
  Object.assign(parsed, element.read?.(value, parsed));
  return number.length;
}

function readZone(text: string, isExact: boolean, parsed: Parsed): number | undefined {
  const [all, sign, hours] = (isExact ? /^([-+ ])(\d{2})/ : /^([-+ ])(\d{1,2})/).exec(text) ?? [];
  if (all === undefined || Number(hours) > 14) return undefined;
  Object.assign(parsed, { hasZone: true, zoneSign: sign === '-' ? -1 : 1, zoneHour: Number(hours) });
  return all.length;
}

function parsedParts(kind: TimeKind, format: string, text: string, now: bigint): Parsed {
  const elements = elementsOf(kind, format);
  const today = new Date(Number(now / 1000n));
  const parsed: Parsed = {
    ...{ year: today.getUTCFullYear(), month: today.getUTCMonth() + 1, day: 1 },
    ...{ hour: 0, isAfternoon: false, minute: 0, second: 0, micros: 0 },
    ...{ zoneSign: 1, zoneHour: 0, zoneMinute: 0, hasZone: false },
  };
  let at = /^\s*/u.exec(text)?.[0].length ?? 0;
  let index = 0;
  for (; at < text.length && index < elements.length; index += 1) {
    const element = elements[index];
    const length = element && read(element, text.slice(at), precedesDigits(elements, index), parsed);
    if (length === undefined)
      throw new FunctionError(
        `Failed to parse input timestamp string at ${at} with format element '${element?.written}'`,
      );
    at += length;
  }
  const rest = text.slice(at).trim();
  if (rest !== '') throw new FunctionError(`Illegal non-space trailing data '${rest}' in timestamp string`);
  const left = elements.slice(index).find(({ literal }) => literal !== '');
  if (left)
    throw new FunctionError(
      `Entire timestamp string has been parsed before dealing with format element '${left.written}'`,
    );
  if (parsed.half !== undefined) parsed.hour = (parsed.half % 12) + (parsed.isAfternoon ? 12 : 0);
  return parsed;
}

const pad = (value: number, length = 2) => String(value).padStart(length, '0');

function clockOf({ year, month, day, hour, minute, second, micros }: Parsed): bigint {
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const clock = parseDateTime(`${date} ${pad(hour)}:${pad(minute)}:${pad(second)}`);
  if (clock === undefined)
    throw new FunctionError('Invalid result from year, month, day values after parsing');
  return clock + BigInt(micros);
}

export const parseByFormat = {
  DATE: defined('cast_as_date', 'STRING, STRING, TIMESTAMP -> DATE', (text, format, now) =>
    dayOf(clockOf(parsedParts('DATE', format, text, now))),
  ),
  DATETIME: defined('cast_as_datetime', 'STRING, STRING, TIMESTAMP -> DATETIME', (text, format, now) =>
    clockOf(parsedParts('DATETIME', format, text, now)),
  ),
  TIME: defined('cast_as_time', 'STRING, STRING, TIMESTAMP -> TIME', (text, format, now) => {
    const parsed = parsedParts('TIME', format, text, now);
    return clockOf({ ...parsed, year: 1970, month: 1, day: 1 });
  }),
  TIMESTAMP: defined(
    'cast_as_timestamp',
    'STRING, STRING, TIMESTAMP, STRING? -> TIMESTAMP',
    (text, format, now, zone = 'UTC') => {
      const today = zoned(() => toClock(now, zone));
      const parsed = parsedParts('TIMESTAMP', format, text, today);
      const clock = clockOf(parsed);
      const offset = BigInt(parsed.zoneSign * (parsed.zoneHour * 60 + parsed.zoneMinute)) * 60_000_000n;
      const instant = parsed.hasZone ? clock - offset : zoned(() => fromClock(clock, zone));
      if (instant < MIN_MICROS || instant > MAX_MICROS)
        throw new FunctionError('The parsing result is out of valid time range');
      return instant;
    },
  ),
};
