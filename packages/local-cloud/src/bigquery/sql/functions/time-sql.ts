import { addMonths, formatDateTime, MAX_MICROS, MIN_MICROS } from '../../calendar.ts';
import type { Position } from '../../errors.ts';
import type { Interval } from '../../intervals.ts';
import { duckType, type ScalarKind, scalar } from '../../types.ts';
import { fromClock, toClock } from '../../zones.ts';
import { failure, letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { defined, FunctionError } from './computed.ts';
import {
  assertPart,
  DATE_PARTS,
  DATE_STEPS,
  firstWeekday,
  isoYearStart,
  MICROS,
  MONTHS,
  partOf,
  TIME_PARTS,
  weekNumber,
  weekOfYear,
  weekStart,
} from './date-parts.ts';
import { type Emit, inOrder, type Overload, overload } from './table.ts';
import { clockOf, DAY, dayOf, type TimeKind, zoned } from './time-format.ts';

/** Dates and times in DuckDB's SQL. A TIMESTAMP is stored as the clock of UTC. */

const inZone = defined('to_clock', 'TIMESTAMP, STRING -> DATETIME', (instant, zone) =>
  zoned(() => toClock(instant, zone)),
);
export const ofZone = defined('from_clock', 'DATETIME, STRING -> TIMESTAMP', (clock, zone) => {
  const instant = zoned(() => fromClock(clock, zone));
  if (instant < MIN_MICROS || instant > MAX_MICROS)
    throw new FunctionError(
      `Cannot convert Datetime ${formatDateTime(clock, ' ')} at timezone ${zone} to a Timestamp`,
    );
  return instant;
});

/** The clock of an instant. A TIMESTAMP is stored as the clock of UTC. */
export function clockSql(instant: string, zone: string | undefined): string {
  return zone === undefined ? instant : inZone([instant, zone]);
}

const MOST: Readonly<Record<TimeKind, readonly [least: string, most: string]>> = {
  DATE: ["DATE '0001-01-01'", "DATE '9999-12-31'"],
  DATETIME: ["TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"],
  TIMESTAMP: ["TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"],
  TIME: ["TIME '00:00:00'", "TIME '24:00:00'"],
};

const ALL_PARTS = [...TIME_PARTS, ...DATE_PARTS];

type Sign = '+' | '-';

export const STEPS: Readonly<Record<TimeKind, readonly string[]>> = {
  DATE: DATE_STEPS,
  DATETIME: [...TIME_PARTS, ...DATE_STEPS],
  TIMESTAMP: [...TIME_PARTS, 'DAY'],
  TIME: TIME_PARTS,
};

/** `value + INTERVAL n part`. Both systems use the last day of a month that is too short. */
export function stepSql(
  name: string,
  kind: TimeKind,
  sign: Sign,
  [value = '', amount = '']: readonly string[],
  part: string,
  at: Position | undefined,
): string {
  const refusal = `${name} does not support the ${part} date part${kind === 'TIME' ? '' : ` when the argument is ${kind} type`}`;
  assertPart(part, STEPS[kind], refusal, at);
  const months = MONTHS[part];
  const days = part === 'DAY' ? 1 : 7;
  const unit = MICROS[part] ?? DAY * 7n;
  const [least, most] = MOST[kind];
  return letIn([value, amount], (v, n) => {
    const step = months
      ? `to_months(CAST(${n} * ${months} AS INTEGER))`
      : kind === 'DATE'
        ? `CAST(${n} * ${days} AS INTEGER)`
        : `to_microseconds(${kind === 'TIME' ? `(${n} % ${DAY / unit})` : n} * ${unit})`;
    const sum = `(${v} ${sign} ${step})`;
    const result = kind === 'DATE' ? `CAST(${sum} AS DATE)` : sum;
    const word = sign === '+' ? 'Adding' : 'Subtracting';
    const error = failure(
      `${word} `,
      `${n} || ' ${part} ${sign === '+' ? 'to' : 'from'} ${kind.toLowerCase()} ' || ${v} || ' causes overflow'`,
    );
    // More than all years, in any part: DuckDB would fail in words of its own.
    const tooMuch = `abs(CAST(${n} AS HUGEINT)) > ${months ? 120_000 : 3_652_059n * (DAY / (MICROS[part] ?? DAY))}`;
    return kind === 'TIME'
      ? result
      : `CASE WHEN ${tooMuch} THEN ${error} WHEN ${result} < ${least} OR ${result} > ${most} THEN ${error} ELSE ${result} END`;
  });
}

/** A clock or instant plus or minus an INTERVAL: its months first, then its days, then its time. */
export function addInterval(
  kind: 'DATETIME' | 'TIMESTAMP',
  sign: Sign,
  value: string,
  interval: string,
): string {
  return CALLS[kind]([value, interval, sign === '+' ? 'TRUE' : 'FALSE']);
}

function later(clock: bigint, { months, days, micros }: Interval, isLater: boolean): bigint {
  const sign = isLater ? 1n : -1n;
  const day = dayOf(clock);
  const start = clockOf(months === 0n ? day : addMonths(day, Number(sign * months)));
  const result = start + (clock - clockOf(day)) + sign * (days * DAY + micros);
  if (result < MIN_MICROS || result > MAX_MICROS)
    throw new FunctionError(`Adding an INTERVAL to ${formatDateTime(clock, ' ')} causes overflow`);
  return result;
}

const CALLS = {
  DATETIME: defined('datetime_interval', 'DATETIME, INTERVAL, BOOL -> DATETIME', later),
  TIMESTAMP: defined(
    'timestamp_interval',
    'TIMESTAMP, INTERVAL, BOOL -> TIMESTAMP',
    (instant, interval, isLater) => {
      if (interval.months !== 0n)
        throw new FunctionError(
          'TIMESTAMP +/- INTERVAL is not supported for intervals with non-zero MONTH or YEAR part.',
        );
      return later(instant, interval, isLater);
    },
  ),
};

export const steps = (name: string, sign: Sign, kinds: readonly TimeKind[]) =>
  inOrder(
    kinds.map((kind) =>
      overload(`${kind}, STEP -> ${kind}`, (args, [value, interval]) =>
        // Of NULL every part is NULL.
        value?.coercible === 'NULL' && kind !== 'TIME'
          ? value.sql
          : stepSql(name, kind, sign, args, interval?.special?.part ?? '', interval?.at),
      ),
    ),
  );

/** A DATE takes the parts of dates here, too. */
export const stepsOfClocks = (name: string, sign: Sign, kinds: readonly TimeKind[]) => [
  ...steps(name, sign, kinds),
  overload('DATE, STEP -> DATETIME', ([date, amount = ''], [, interval]) => {
    const part = partOf(name, interval, DATE_STEPS, 'DATE');
    return stepSql(name, 'DATETIME', sign, [`CAST(${date} AS TIMESTAMP)`, amount], part, interval?.at);
  }),
];

/** Of NULL every part is NULL. */
const ofNull = (name: string, part: Resolved | undefined, kind: ScalarKind): string => {
  partOf(name, part, ALL_PARTS);
  return `CAST(NULL AS ${duckType(scalar(kind))})`;
};

const DIFFERENCES = { ...STEPS, DATE: DATE_PARTS, DATETIME: ALL_PARTS };

/** TIMESTAMP_DIFF counts whole parts; the others count the boundaries between parts. */
export const differences = (name: string, kinds: readonly TimeKind[]) =>
  inOrder(kinds.map((kind) => overload(`${kind}, ${kind}, PART -> INT64`, differenceOf(name, kind))));

/** A DATE less a DATETIME counts the parts of dates only. */
export const dateLessDateTime = (name: string): Overload => ({
  ...overload('DATE, DATETIME, PART -> INT64', differenceOf(name, 'DATE')),
  isExact: true,
});

function differenceOf(name: string, kind: TimeKind): Emit {
  return ([a = '', b = ''], [first, , third]) => {
    if (first?.coercible === 'NULL') return ofNull(name, third, 'INT64');
    const part = partOf(name, third, DIFFERENCES[kind], kind);
    if (kind === 'TIMESTAMP') return `((epoch_us(${a}) - epoch_us(${b})) // ${MICROS[part]})`;
    const weekday = firstWeekday(part);
    const [x, y] = [a, b].map((value) => `CAST(${value} AS DATE)`);
    if (weekday !== undefined) return `(${weekNumber(x ?? '', weekday)} - ${weekNumber(y ?? '', weekday)})`;
    return `date_diff('${part.toLowerCase()}', ${b}, ${a})`;
  };
}

/** The start of a part. `clock` is of a DATE, or of a DATETIME. */
function truncatedSql(kind: 'DATE' | 'DATETIME', clock: string, part: string): string {
  const first = firstWeekday(part);
  const type = kind === 'DATE' ? 'DATE' : 'TIMESTAMP';
  if (first !== undefined) return `CAST(${weekStart(`CAST(${clock} AS DATE)`, first)} AS ${type})`;
  if (part === 'ISOYEAR') return `CAST(${isoYearStart(`extract(isoyear FROM ${clock})`)} AS ${type})`;
  return `CAST(date_trunc('${part.toLowerCase()}', ${clock}) AS ${type})`;
}

function truncated(
  name: string,
  kind: 'DATE' | 'DATETIME' | 'TIMESTAMP',
  [value = '', , zone]: readonly string[],
  [first, second]: readonly Resolved[],
): string {
  if (first?.coercible === 'NULL') return ofNull(name, second, kind);
  const part = partOf(name, second, kind === 'DATE' ? DATE_PARTS : ALL_PARTS);
  const canBegin = !/WEEK|ISOYEAR/.test(part);
  if (zone === undefined || kind !== 'TIMESTAMP') {
    const start = truncatedSql(kind === 'DATE' ? kind : 'DATETIME', value, part);
    return canBegin ? start : inYears(name, part, kind, start);
  }
  return letIn([value, zone], (instant, z) => {
    const clock = clockSql(instant, z);
    const start = truncatedSql('DATETIME', clock, part);
    // An hour that comes twice is two.
    return TIME_PARTS.includes(part)
      ? inYears(name, part, kind, `${instant} - (${clock} - ${start})`)
      : ofZone([start, z]);
  });
}

/** A part can begin before the first year, or end after the last. */
function inYears(name: string, part: string, kind: 'DATE' | 'DATETIME' | 'TIMESTAMP', sql: string): string {
  const error = failure(`${name}: the ${part} is not within the years 1 to 9999`);
  const [least, most] = MOST[kind];
  return letIn(
    [sql],
    (bound) => `CASE WHEN ${bound} NOT BETWEEN ${least} AND ${most} THEN ${error} ELSE ${bound} END`,
  );
}

export const truncations = (name: string) => [
  overload('DATE, PART -> DATE', (args, values) => truncated(name, 'DATE', args, values)),
  overload('DATETIME, PART -> DATETIME', (args, values) => truncated(name, 'DATETIME', args, values)),
  overload('TIMESTAMP, PART, STRING? -> TIMESTAMP', (args, values) =>
    truncated(name, 'TIMESTAMP', args, values),
  ),
];

/** Of a DATE, the start of a part of dates as a DATETIME. */
export const dateTruncated = (name: string): Overload => ({
  ...overload(
    'DATE, PART -> DATETIME',
    (args, values) => `CAST(${truncated(name, 'DATE', args, values)} AS TIMESTAMP)`,
  ),
  isExact: true,
});

/** TIME_TRUNC */
export function truncatedTime([time]: readonly string[], [first, second]: readonly Resolved[]): string {
  if (first?.coercible === 'NULL') return ofNull('TIME_TRUNC', second, 'TIME');
  const part = partOf('TIME_TRUNC', second, TIME_PARTS);
  return `(TIME '00:00:00' + to_microseconds(epoch_us(${time}) // ${MICROS[part]} * ${MICROS[part]}))`;
}

/** The last day of the part that holds a date. */
export function lastDay([value = '']: readonly string[], [, second]: readonly Resolved[]): string {
  const allowed = DATE_PARTS.filter((each) => each !== 'DAY');
  const part = second ? partOf('LAST_DAY', second, allowed) : 'MONTH';
  const date = `CAST(${value} AS DATE)`;
  const first = firstWeekday(part);
  const last = (end: string) => inYears('LAST_DAY', part, 'DATE', end);
  if (first !== undefined) return last(`${weekStart(date, first)} + 6`);
  if (part === 'ISOYEAR') return last(`${isoYearStart(`extract(isoyear FROM ${date}) + 1`)} - 1`);
  return `(CAST(date_trunc('${part.toLowerCase()}', ${date}) + to_months(${MONTHS[part]}) AS DATE) - 1)`;
}

/** The parts that DuckDB names or counts otherwise: what it extracts, and what is computed of it. */
const EXTRACTED: Readonly<Record<string, readonly [field: string, rest?: string]>> = {
  ISOWEEK: ['week'],
  DAYOFYEAR: ['doy'],
  DAYOFWEEK: ['dow', ' + 1'],
  MILLISECOND: ['microsecond', ' % 1000000 // 1000'],
  MICROSECOND: ['microsecond', ' % 1000000'],
};

/** EXTRACT(part FROM value), an INT64. `sql` is a clock. */
export function extractSql(part: string, kind: TimeKind, sql: string, at: Position): string {
  const allowed = [
    ...(kind === 'TIME' ? [] : [...DATE_PARTS, 'DAYOFYEAR', 'DAYOFWEEK']),
    ...(kind === 'DATE' ? [] : TIME_PARTS),
  ];
  assertPart(part, allowed, `EXTRACT from ${kind} does not support the ${part} date part`, at);
  const first = part === 'ISOWEEK' ? undefined : firstWeekday(part);
  const [field, rest = ''] = EXTRACTED[part] ?? [part.toLowerCase()];
  const value = first === undefined ? `extract(${field} FROM ${sql})${rest}` : weekOfYear(sql, first);
  return `CAST(${value} AS BIGINT)`;
}
