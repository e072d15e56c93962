import { invalidQuery, type Position, unsupported } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import type { ScalarKind } from '../../types.ts';
import { readText } from '../casts.ts';
import { letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { constantText, type Emit, type FunctionTable, overload } from './overload.ts';

const MICROS: Readonly<Record<string, bigint>> = {
  MICROSECOND: 1n,
  MILLISECOND: 1_000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
};

const MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

type Sign = '+' | '-';

/** `date + INTERVAL n part`. Both systems use the last day of a month that is too short. */
function addToDate(sign: Sign): Emit {
  return ([date, amount], [, interval]) => {
    const part = interval?.special?.part ?? '';
    const months = MONTHS[part];
    if (months) return `CAST(${date} ${sign} to_months(CAST(${amount} * ${months} AS INTEGER)) AS DATE)`;
    if (part === 'DAY') return `(${date} ${sign} CAST(${amount} AS INTEGER))`;
    if (part === 'WEEK') return `(${date} ${sign} CAST(${amount} * 7 AS INTEGER))`;
    throw unsupportedPart(part, 'DATE', interval?.at);
  };
}

function addToTime(kind: ScalarKind, sign: Sign): Emit {
  return ([time, amount], [, interval]) => {
    const part = interval?.special?.part ?? '';
    const micros = MICROS[part];
    if (micros) return `(${time} ${sign} to_microseconds(${amount} * ${micros}))`;
    const months = kind === 'DATETIME' ? MONTHS[part] : undefined;
    if (months) return `(${time} ${sign} to_months(CAST(${amount} * ${months} AS INTEGER)))`;
    throw unsupportedPart(part, kind, interval?.at);
  };
}

/** TIMESTAMP_DIFF counts whole parts; DATE_DIFF and DATETIME_DIFF count the boundaries between parts. */
function difference(kind: ScalarKind, parts: readonly string[]): Emit {
  return ([a, b], [, , third]) => {
    const part = third?.special?.part ?? '';
    if (!parts.includes(part)) throw unsupportedPart(part, kind, third?.at);
    if (kind === 'TIMESTAMP') return `((epoch_us(${a}) - epoch_us(${b})) // ${MICROS[part]})`;
    return `date_diff('${part.toLowerCase()}', ${b}, ${a})`;
  };
}

const TRUNCATIONS: Readonly<Record<string, string>> = {
  MICROSECOND: 'microsecond',
  MILLISECOND: 'millisecond',
  SECOND: 'second',
  MINUTE: 'minute',
  HOUR: 'hour',
  DAY: 'day',
  ISOWEEK: 'week',
  MONTH: 'month',
  QUARTER: 'quarter',
  YEAR: 'year',
};

function truncate(kind: ScalarKind): Emit {
  return ([value = ''], [, second]) => {
    const part = second?.special?.part ?? '';
    const unit = TRUNCATIONS[part];
    const tooFine = kind === 'DATE' && /SECOND|MINUTE|HOUR/.test(part);
    if (tooFine || (!unit && part !== 'WEEK')) throw unsupportedPart(part, kind, second?.at);
    // A WEEK begins on Sunday.
    const sunday = (v: string) =>
      `date_trunc('day', ${v}) - to_days(CAST(extract(dow FROM ${v}) AS INTEGER))`;
    const truncated = unit ? `date_trunc('${unit}', ${value})` : letIn([value], sunday);
    return `CAST(${truncated} AS ${kind === 'DATE' ? 'DATE' : 'TIMESTAMP'})`;
  };
}

/** The last day of the part that holds a date. */
function lastDay([date = '']: readonly string[], [, second]: readonly Resolved[]): string {
  const part = second?.special?.part ?? 'MONTH';
  const months = MONTHS[part];
  if (!months) throw unsupportedPart(part, 'DATE', second?.at);
  return `CAST(date_trunc('${part.toLowerCase()}', ${date}) + to_months(${months}) AS DATE) - 1`;
}

/** EXTRACT(part FROM value), an INT64. */
export function extractSql(part: string, kind: ScalarKind, sql: string, at: Position): string {
  const ofDate: Readonly<Record<string, string>> = {
    YEAR: `extract(year FROM ${sql})`,
    ISOYEAR: `extract(isoyear FROM ${sql})`,
    QUARTER: `extract(quarter FROM ${sql})`,
    MONTH: `extract(month FROM ${sql})`,
    ISOWEEK: `extract(week FROM ${sql})`,
    DAY: `extract(day FROM ${sql})`,
    DAYOFYEAR: `extract(doy FROM ${sql})`,
    DAYOFWEEK: `(extract(dow FROM ${sql}) + 1)`,
  };
  const ofTime: Readonly<Record<string, string>> = {
    HOUR: `extract(hour FROM ${sql})`,
    MINUTE: `extract(minute FROM ${sql})`,
    SECOND: `extract(second FROM ${sql})`,
    MILLISECOND: `(extract(microsecond FROM ${sql}) % 1000000 // 1000)`,
    MICROSECOND: `(extract(microsecond FROM ${sql}) % 1000000)`,
  };
  const known = {
    ...(kind === 'TIME' ? {} : ofDate),
    ...(kind === 'DATE' ? {} : ofTime),
  };
  const found = Object.hasOwn(known, part) ? known[part] : undefined;
  if (!found) throw unsupported(`EXTRACT(${part} FROM ${kind})`, at);
  return `CAST(${found} AS BIGINT)`;
}

/** BigQuery's format elements, each with DuckDB's equivalent. */
const FORMAT_ELEMENTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'YmdHMSyjbBaA%'].map((letter) => [letter, `%${letter}`])),
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
};

function format(kind: 'DATE' | 'DATETIME' | 'TIMESTAMP'): Emit {
  return ([, value], [pattern]) => {
    const text = constantText(pattern, `FORMAT_${kind} with a format`);
    const translated = text.replaceAll(/%(E?[\s\S]?)/g, (element, letter: string) => {
      const known = Object.hasOwn(FORMAT_ELEMENTS, letter) ? FORMAT_ELEMENTS[letter] : undefined;
      if (!known || (kind === 'DATE' && /[HMSTR]/.test(letter))) {
        throw unsupported(`Format element ${element} of FORMAT_${kind}`, pattern?.at);
      }
      return known;
    });
    return `strftime(${value}, ${quoteLiteral(translated)})`;
  };
}

/** Rounds down, also for instants before 1970. */
const unix = (unit: bigint) => (args: readonly string[]) =>
  letIn([`epoch_us(${args[0]})`], (us) => `(${us} - (${us} % ${unit} + ${unit}) % ${unit}) // ${unit}`);

const fromUnix = (unit: bigint) => (args: readonly string[]) => `make_timestamp(${args[0]} * ${unit})`;

const DATE_PARTS = ['DAY', 'MONTH', 'QUARTER', 'YEAR'];
const TIME_PARTS = Object.keys(MICROS);

/** Date and time functions, in UTC. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions */
export const TIME_FUNCTIONS: FunctionTable = {
  DATE: [
    overload('INT64, INT64, INT64 -> DATE', ([y, m, d]) => `make_date(${y}, ${m}, ${d})`),
    overload('DATE -> DATE', ([x = '']) => x),
    overload('TIMESTAMP -> DATE', ([x]) => `CAST(${x} AS DATE)`),
    overload('DATETIME -> DATE', ([x]) => `CAST(${x} AS DATE)`),
  ],
  DATETIME: [
    overload('DATETIME -> DATETIME', ([x = '']) => x),
    overload('TIMESTAMP -> DATETIME', ([x = '']) => x),
    overload('DATE -> DATETIME', ([x]) => `CAST(${x} AS TIMESTAMP)`),
  ],
  TIMESTAMP: [
    overload('STRING -> TIMESTAMP', ([x = '']) => readText(x, 'TIMESTAMP', false)),
    overload('TIMESTAMP -> TIMESTAMP', ([x = '']) => x),
    overload('DATETIME -> TIMESTAMP', ([x = '']) => x),
    overload('DATE -> TIMESTAMP', ([x]) => `CAST(${x} AS TIMESTAMP)`),
  ],
  DATE_ADD: [overload('DATE, INTERVAL -> DATE', addToDate('+'))],
  DATE_SUB: [overload('DATE, INTERVAL -> DATE', addToDate('-'))],
  DATETIME_ADD: [overload('DATETIME, INTERVAL -> DATETIME', addToTime('DATETIME', '+'))],
  DATETIME_SUB: [overload('DATETIME, INTERVAL -> DATETIME', addToTime('DATETIME', '-'))],
  TIMESTAMP_ADD: [overload('TIMESTAMP, INTERVAL -> TIMESTAMP', addToTime('TIMESTAMP', '+'))],
  TIMESTAMP_SUB: [overload('TIMESTAMP, INTERVAL -> TIMESTAMP', addToTime('TIMESTAMP', '-'))],
  LAST_DAY: [overload('DATE, PART? -> DATE', lastDay)],
  UNIX_DATE: [overload('DATE -> INT64', ([x]) => `CAST(${x} - DATE '1970-01-01' AS BIGINT)`)],
  DATE_FROM_UNIX_DATE: [overload('INT64 -> DATE', ([n]) => `(DATE '1970-01-01' + CAST(${n} AS INTEGER))`)],
  DATE_DIFF: [overload('DATE, DATE, PART -> INT64', difference('DATE', DATE_PARTS))],
  DATETIME_DIFF: [
    overload('DATETIME, DATETIME, PART -> INT64', difference('DATETIME', [...DATE_PARTS, ...TIME_PARTS])),
  ],
  TIMESTAMP_DIFF: [overload('TIMESTAMP, TIMESTAMP, PART -> INT64', difference('TIMESTAMP', TIME_PARTS))],
  DATE_TRUNC: [overload('DATE, PART -> DATE', truncate('DATE'))],
  DATETIME_TRUNC: [overload('DATETIME, PART -> DATETIME', truncate('DATETIME'))],
  TIMESTAMP_TRUNC: [overload('TIMESTAMP, PART -> TIMESTAMP', truncate('TIMESTAMP'))],
  FORMAT_DATE: [overload('STRING, DATE -> STRING', format('DATE'))],
  FORMAT_DATETIME: [overload('STRING, DATETIME -> STRING', format('DATETIME'))],
  FORMAT_TIMESTAMP: [overload('STRING, TIMESTAMP -> STRING', format('TIMESTAMP'))],
  UNIX_SECONDS: [overload('TIMESTAMP -> INT64', unix(1_000_000n))],
  UNIX_MILLIS: [overload('TIMESTAMP -> INT64', unix(1_000n))],
  UNIX_MICROS: [overload('TIMESTAMP -> INT64', ([x]) => `epoch_us(${x})`)],
  TIMESTAMP_SECONDS: [overload('INT64 -> TIMESTAMP', fromUnix(1_000_000n))],
  TIMESTAMP_MILLIS: [overload('INT64 -> TIMESTAMP', fromUnix(1_000n))],
  TIMESTAMP_MICROS: [overload('INT64 -> TIMESTAMP', fromUnix(1n))],
};

/** Zero-based index of the argument that is a word: a date part, or a form of Unicode. */
export const PART_ARGUMENT: Readonly<Record<string, number>> = {
  NORMALIZE: 1,
  NORMALIZE_AND_CASEFOLD: 1,
  LAST_DAY: 1,
  DATE_DIFF: 2,
  DATETIME_DIFF: 2,
  TIMESTAMP_DIFF: 2,
  DATE_TRUNC: 1,
  DATETIME_TRUNC: 1,
  TIMESTAMP_TRUNC: 1,
};

function unsupportedPart(part: string, kind: ScalarKind, at: Position | undefined) {
  const exists =
    /^(MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY|WEEK|ISOWEEK|MONTH|QUARTER|YEAR|ISOYEAR)$/.test(part);
  return exists
    ? unsupported(`Date part ${part} for ${kind}`, at)
    : invalidQuery(`A valid date part name is required but found ${part}`, at);
}
