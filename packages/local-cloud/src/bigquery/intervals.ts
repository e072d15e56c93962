import { DuckDBIntervalValue } from '@duckdb/node-api';

/** INTERVAL, stored and as text. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#interval_type */

/** Each part has its own sign. */
export interface Interval {
  readonly months: bigint;
  readonly days: bigint;
  readonly micros: bigint;
}

/**
 * Added to each part that DuckDB stores, so that none is negative. DuckDB divides towards zero when it compares intervals: two with
 * parts of both signs, equal in BigQuery, would differ.
 */
const BIAS: Interval = { months: 1_000_000n, days: 4_000_000n, micros: 4n * 10n ** 17n };

/** In DuckDB's SQL, as it is stored. */
export function intervalSql({ months, days, micros }: DuckDBIntervalValue): string {
  return `(to_months(${months}) + to_days(${days}) + to_microseconds(CAST(${micros} AS BIGINT)))`;
}

export function encodeInterval({ months, days, micros }: Interval): DuckDBIntervalValue {
  return new DuckDBIntervalValue(
    Number(months + BIAS.months),
    Number(days + BIAS.days),
    micros + BIAS.micros,
  );
}

export function decodeInterval({ months, days, micros }: DuckDBIntervalValue): Interval {
  return {
    months: BigInt(months) - BIAS.months,
    days: BigInt(days) - BIAS.days,
    micros: micros - BIAS.micros,
  };
}

const SECOND = 1_000_000n;
const HOUR = 3600n * SECOND;

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#interval_type: 10,000 years of each part. */
const MOST: Interval = { months: 120_000n, days: 3_660_000n, micros: 87_840_000n * HOUR };

const MICROS: Readonly<Record<string, bigint>> = {
  HOUR,
  MINUTE: 60n * SECOND,
  SECOND,
  MILLISECOND: 1_000n,
  MICROSECOND: 1n,
};
const DAYS: Readonly<Record<string, bigint>> = { WEEK: 7n, DAY: 1n };
const MONTHS: Readonly<Record<string, bigint>> = { YEAR: 12n, QUARTER: 3n, MONTH: 1n };

/** An interval has more than 10,000 years in one of its parts. */
export class IntervalRangeError extends Error {
  override readonly name = 'IntervalRangeError';
}

/** Throws IntervalRangeError. */
export function interval(months: bigint, days: bigint, micros: bigint): Interval {
  const check = (part: keyof Interval, value: bigint) => {
    const most = MOST[part];
    if (value >= -most && value <= most) return value;
    throw new IntervalRangeError(`Interval field ${part} '${value}' is out of range ${-most} to ${most}`);
  };
  return { months: check('months', months), days: check('days', days), micros: check('micros', micros) };
}

/** Undefined for a part that no interval has. Throws IntervalRangeError. */
export function intervalOf(count: bigint, part: string): Interval | undefined {
  const [months, days, micros] = [MONTHS[part], DAYS[part], MICROS[part]];
  if (months !== undefined) return interval(count * months, 0n, 0n);
  if (days !== undefined) return interval(0n, count * days, 0n);
  return micros === undefined ? undefined : interval(0n, 0n, count * micros);
}

/** `1-2 3 4:5:6.789` */
export function formatInterval({ months, days, micros }: Interval): string {
  const allMonths = months < 0n ? -months : months;
  const size = micros < 0n ? -micros : micros;
  const [hours, minutes, seconds] = [size / HOUR, (size / (60n * SECOND)) % 60n, (size / SECOND) % 60n];
  const date = `${months < 0n ? '-' : ''}${allMonths / 12n}-${allMonths % 12n}`;
  return `${date} ${days} ${micros < 0n ? '-' : ''}${hours}:${minutes}:${seconds}${fraction(size % SECOND)}`;
}

/** `.789`, with three or six digits. */
function fraction(micros: bigint): string {
  if (micros === 0n) return '';
  return `.${String(micros).padStart(6, '0').replace(/000$/, '')}`;
}

/** ISO 8601: `P1Y2M3DT4H5M6.789S`. */
export function isoInterval({ months, days, micros }: Interval): string {
  const part = (value: bigint, letter: string) => (value === 0n ? '' : `${value}${letter}`);
  const date = `${part(months / 12n, 'Y')}${part(months % 12n, 'M')}${part(days, 'D')}`;
  const rest = micros % (60n * SECOND);
  const size = rest < 0n ? -rest : rest;
  const seconds = rest === 0n ? '' : `${rest < 0n ? '-' : ''}${size / SECOND}${fraction(size % SECOND)}S`;
  const time = `${part(micros / HOUR, 'H')}${part((micros / (60n * SECOND)) % 60n, 'M')}${seconds}`;
  return `P${date}${time && `T${time}`}`.replace(/^P$/, 'P0Y');
}

type Part = 'YEAR' | 'MONTH' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';
const PARTS: readonly Part[] = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

const NUMBER = String.raw`\d+`;
const FRACTIONAL = String.raw`(\d*)(?:\.(\d{1,9}))?`;

/** The texts of `INTERVAL '…' from TO to`: what comes before each part but the first. */
const BEFORE: Readonly<Record<Part, string>> = {
  YEAR: '',
  MONTH: '-',
  DAY: ' ',
  HOUR: ' ',
  MINUTE: ':',
  SECOND: ':',
};

/** The interval of `INTERVAL 'text' from TO to`; undefined for another text, or when there are no such parts. */
export function parseIntervalOf(text: string, from: string, to: string): Interval | undefined {
  const [first, last] = [PARTS.indexOf(from as Part), PARTS.indexOf(to as Part)];
  if (first < 0 || last < first) return undefined;
  const pattern = PARTS.slice(first, last + 1).map((part, index) => {
    // The months, the days and the time have a sign each.
    const signed = index === 0 || part === 'DAY' || (part === 'HOUR' && from !== 'HOUR');
    const digits = part === 'SECOND' ? FRACTIONAL : `(${NUMBER})`;
    return `${index === 0 ? '' : BEFORE[part]}${signed ? '([+-]?)' : ''}${digits}`;
  });
  const match = new RegExp(`^${pattern.join('')}$`).exec(text);
  if (!match) return undefined;
  return summed(PARTS.slice(first, last + 1), match.slice(1), from);
}

function summed(parts: readonly Part[], found: readonly (string | undefined)[], from: string) {
  const groups = [...found];
  let [months, days, micros] = [0n, 0n, 0n];
  let sign = 1n;
  for (const [index, part] of parts.entries()) {
    if (index === 0 || part === 'DAY' || (part === 'HOUR' && from !== 'HOUR'))
      sign = groups.shift() === '-' ? -1n : 1n;
    const whole = groups.shift() ?? '';
    const value = sign * BigInt(whole || '0');
    months += value * (MONTHS[part] ?? 0n);
    days += value * (DAYS[part] ?? 0n);
    micros += value * (MICROS[part] ?? 0n);
    if (part !== 'SECOND') continue;
    const decimals = groups.shift();
    if (whole === '' && !decimals) return undefined;
    micros += sign * BigInt((decimals ?? '').padEnd(6, '0').slice(0, 6));
  }
  return interval(months, days, micros);
}

/** ISO 8601. Its parts may come in any order. */
const ISO = /^P((?:-?\d+[YMWD])*)(?:T((?:-?\d+[HM]|-?(?:\d+(?:\.\d{1,9})?|\.\d{1,9})S)*))?$/;
const ISO_DATE = { Y: [12n, 0n], M: [1n, 0n], W: [0n, 7n], D: [0n, 1n] } as const;
const ISO_TIME = { H: HOUR, M: 60n * SECOND, S: SECOND } as const;

function parseIso(date: string, time: string): Interval {
  let [months, days, micros] = [0n, 0n, 0n];
  for (const [, count = '', letter = ''] of date.matchAll(/(-?\d+)([YMWD])/g)) {
    const [ofMonths, ofDays] = ISO_DATE[letter as keyof typeof ISO_DATE];
    months += BigInt(count) * ofMonths;
    days += BigInt(count) * ofDays;
  }
  for (const [, minus = '', whole = '', decimals = '', letter = ''] of time.matchAll(
    /(-?)(\d*)(?:\.(\d+))?([HMS])/g,
  )) {
    const unit = ISO_TIME[letter as keyof typeof ISO_TIME];
    const size = BigInt(whole || '0') * unit + BigInt(decimals.padEnd(6, '0').slice(0, 6));
    micros += minus === '' ? size : -size;
  }
  return interval(months, days, micros);
}

/** The texts of CAST, from the longest to the shortest. */
const CASTABLE = [
  ['YEAR', 'SECOND'],
  ['YEAR', 'DAY'],
  ['YEAR', 'MONTH'],
  ['DAY', 'SECOND'],
  ['HOUR', 'SECOND'],
] as const;

/** The interval of a text as CAST reads it. Throws IntervalRangeError. */
export function parseInterval(text: string): Interval | undefined {
  const [, date, time = ''] = ISO.exec(text) ?? [];
  if (date !== undefined && text !== 'P') return parseIso(date, time);
  for (const [from, to] of CASTABLE) {
    const value = parseIntervalOf(text, from, to);
    if (value) return value;
  }
  return undefined;
}
