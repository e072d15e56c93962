import { addMonths, MAX_MICROS, MIN_MICROS } from '../../calendar.ts';
import { quoteLiteral } from '../../names.ts';
import { scalar } from '../../types.ts';
import { castTo, readText, readTimestamp } from '../casts.ts';
import { failure, letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';
import { computed, defined, FunctionError } from './computed.ts';
import { DATE_STEPS, MICROS, MONTHS, partOf } from './date-parts.ts';
import { MAX_ELEMENTS, sequence } from './general.ts';
import { STRING_OF_JSON } from './json-values.ts';
import { type Emit, type FunctionTable, inOrder, overload } from './table.ts';
import { clockOf, formatTimeElements, ofKinds, type TimeKind } from './time-format.ts';
import { parseTimeElements } from './time-parse.ts';
import {
  clockSql,
  dateLessDateTime,
  dateTruncated,
  differences,
  lastDay,
  ofZone,
  STEPS,
  steps,
  stepsOfClocks,
  truncatedTime,
  truncations,
} from './time-sql.ts';

/** Patterns of these elements mean the same to DuckDB, which is faster by far. It writes the year 5 as 0005. */
const PLAIN_PATTERN = /^(?:[^%]|%[YmdjbBaA%F])+$/;
const PLAIN_TIME_PATTERN = /^(?:[^%]|%[YmdHMSjbBaA%FTR])+$/;
const FIRST_PLAIN = "TIMESTAMP '1000-01-01'";

const FORMATTED = ofKinds('format', 'STRING, $, ZONE -> STRING', formatTimeElements);
const PARSED = ofKinds('parse', 'STRING, STRING, ZONE -> $', parseTimeElements);

const formatting = (kinds: readonly TimeKind[]) =>
  kinds.map((kind) => {
    const zone = kind === 'TIMESTAMP' ? ', STRING?' : '';
    const signature = `STRING, ${kind}${zone} -> STRING`;
    const call = FORMATTED[kind];
    return overload(signature, (args, [pattern]) => {
      const [format = '', value = ''] = args;
      const plain = kind === 'DATE' ? PLAIN_PATTERN : PLAIN_TIME_PATTERN;
      const text = pattern?.constant;
      if (kind === 'TIME' || args.length > 2 || typeof text !== 'string' || !plain.test(text))
        return call(args);
      const translated = text
        .replaceAll('%F', '%Y-%m-%d')
        .replaceAll('%T', '%H:%M:%S')
        .replaceAll('%R', '%H:%M');
      return letIn(
        [value],
        (v) =>
          `CASE WHEN ${v} >= ${FIRST_PLAIN} THEN strftime(${v}, ${quoteLiteral(translated)}) ELSE ${call([format, v])} END`,
      );
    });
  });

/** Rounds down, also for instants before 1970. */
const unix = (unit: bigint) => (args: readonly string[]) =>
  letIn([`epoch_us(${args[0]})`], (us) => `(${us} - (${us} % ${unit} + ${unit}) % ${unit}) // ${unit}`);

const fromUnix = (unit: bigint) => (args: readonly string[]) =>
  letIn([args[0] ?? ''], (n) => {
    const error = failure(
      'Input value ',
      `${n} || ' cannot be converted into a TIMESTAMP, because it would be out of the allowed range between ${MIN_MICROS} to ${MAX_MICROS} (microseconds)'`,
    );
    const [least, most] = [MIN_MICROS / unit, MAX_MICROS / unit];
    return `CASE WHEN ${n} < ${least} OR ${n} > ${most} THEN ${error} ELSE make_timestamp(${n} * ${unit}) END`;
  });

const MIN_DAYS = -719_162;
const MAX_DAYS = 2_932_896;

function fromUnixDate([n = '']: readonly string[]): string {
  return letIn([n], (days) => {
    const error = failure(`DATE_FROM_UNIX_DATE range is ${MIN_DAYS} to ${MAX_DAYS} but saw `, days);
    return `CASE WHEN ${days} < ${MIN_DAYS} OR ${days} > ${MAX_DAYS} THEN ${error} ELSE DATE '1970-01-01' + CAST(${days} AS INTEGER) END`;
  });
}

const pad = (value: bigint, length: number) => String(value).padStart(length, '0');

/** Google keeps the last 32 bits of a part. */
const last32 = (value: bigint) => BigInt.asIntN(32, value);

/** Days since 1970-01-01; undefined for a day that does not exist. */
function daysOf(...parts: [year: bigint, month: bigint, day: bigint]): number | undefined {
  const [year = 0n, month = 0n, day = 0n] = parts.map(last32);
  if (year < 1n || year > 9999n || month < 1n || month > 12n || day < 1n || day > 31n) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCDate() === Number(day) ? date.getTime() / 86_400_000 : undefined;
}

function timeOf(...parts: [hour: bigint, minute: bigint, second: bigint]): bigint | undefined {
  const [hour = 0n, minute = 0n, second = 0n] = parts.map(last32);
  const exists = hour >= 0n && hour < 24n && minute >= 0n && minute < 60n && second >= 0n && second < 60n;
  return exists ? ((hour * 60n + minute) * 60n + second) * 1_000_000n : undefined;
}

function invalidParts(kind: string, ...parts: string[]): FunctionError {
  return new FunctionError(`Input calculates to invalid ${kind}: ${parts.join(' ')}`);
}

function stepDate(days: number, count: number, part: string): number {
  const months = MONTHS[part];
  return months === undefined ? days + count * (part === 'WEEK' ? 7 : 1) : addMonths(days, count * months);
}

const dates = defined(
  'generate_dates',
  'DATE, DATE, INT64, STRING -> ARRAY<DATE>',
  (from, to, count, part) => {
    if (count === 0n) throw new FunctionError('Sequence step cannot be 0.');
    const days: number[] = [];
    const step = Number(count);
    for (let at = from; step > 0 ? at <= to : at >= to; at = stepDate(at, step, part)) {
      if (days.length > MAX_ELEMENTS)
        throw new FunctionError('GENERATE_DATE_ARRAY produced too many elements');
      days.push(at);
    }
    return days;
  },
);

function dateArray(
  [from = '', to = '', step = 'CAST(1 AS BIGINT)']: readonly string[],
  args: readonly Resolved[],
): string {
  const part = args[2] ? partOf('GENERATE_DATE_ARRAY', args[2], DATE_STEPS) : 'DAY';
  return dates([from, to, step, quoteLiteral(part)]);
}

const instants = defined(
  'generate_timestamps',
  'TIMESTAMP, TIMESTAMP, INT64, INT64 -> ARRAY<TIMESTAMP>',
  (from, to, count, unit) => sequence('GENERATE_TIMESTAMP_ARRAY', from, to, count * unit),
);

function timestampArray(
  [from = '', to = '', step = '']: readonly string[],
  [, , interval]: readonly Resolved[],
): string {
  const part = partOf('GENERATE_TIMESTAMP_ARRAY', interval, STEPS.TIMESTAMP);
  return instants([from, to, step, `CAST(${MICROS[part]} AS BIGINT)`]);
}

/** CAST(x AS STRING) of one argument. */
const asString: Emit = (_, [value], bindings) =>
  value ? castTo(value, scalar('STRING'), false, { at: value.at, bindings }).sql : '';

const inZoneText = defined('timestamp_text', 'TIMESTAMP, STRING -> STRING', (instant, zone) => {
  const offset = formatTimeElements('TIMESTAMP', '%Ez', instant, zone);
  const text = formatTimeElements('TIMESTAMP', '%E4Y-%m-%d %H:%M:%E6S', instant, zone);
  return `${text.replace(/\.000000$|(?<=\.\d{3})000$/, '')}${offset.replace(/:00$/, '')}`;
});

const asClock = ([instant = '', zone]: readonly string[]) => clockSql(instant, zone);
const asInstant = ([clock = '', zone]: readonly string[]) =>
  zone === undefined ? clock : ofZone([clock, zone]);

const KINDS = ['DATE', 'DATETIME', 'TIMESTAMP'] as const;
const CLOCKS = ['DATETIME', 'TIMESTAMP'] as const;

/** Date and time functions; without a zone, in UTC. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions */
export const TIME_FUNCTIONS: FunctionTable = {
  DATE: [
    computed('date_of', 'INT64, INT64, INT64 -> DATE', (y, m, d) => {
      const days = daysOf(y, m, d);
      if (days === undefined) throw invalidParts('date', `${pad(y, 4)}-${pad(m, 2)}-${pad(d, 2)}`);
      return days;
    }),
    overload('DATE -> DATE', ([x = '']) => x),
    overload('TIMESTAMP, STRING? -> DATE', (args) => `CAST(${asClock(args)} AS DATE)`),
    overload('DATETIME -> DATE', ([x]) => `CAST(${x} AS DATE)`),
    overload('STRING -> DATE', ([x = '']) => `CAST(${readText(x, 'TIMESTAMP', false)} AS DATE)`),
  ],
  DATETIME: [
    overload('DATETIME -> DATETIME', ([x = '']) => x),
    overload('TIMESTAMP, STRING? -> DATETIME', asClock),
    overload('DATE -> DATETIME', ([x]) => `CAST(${x} AS TIMESTAMP)`),
    overload('DATE, TIME -> DATETIME', ([date, time]) => `(${date} + ${time})`),
    overload('STRING -> DATETIME', ([x = '']) => readText(x, 'DATETIME', false)),
    computed(
      'datetime_of',
      'INT64, INT64, INT64, INT64, INT64, INT64 -> DATETIME',
      (year, month, day, hour, minute, second) => {
        const [days, time] = [daysOf(year, month, day), timeOf(hour, minute, second)];
        if (days !== undefined && time !== undefined) return clockOf(days) + time;
        const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
        throw invalidParts('datetime', date, `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`);
      },
    ),
  ],
  TIME: [
    computed('time_of', 'INT64, INT64, INT64 -> TIME', (hour, minute, second) => {
      const time = timeOf(hour, minute, second);
      if (time === undefined)
        throw invalidParts('time', `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`);
      return time;
    }),
    overload('TIME -> TIME', ([x = '']) => x),
    overload('TIMESTAMP, STRING? -> TIME', (args) => `CAST(${asClock(args)} AS TIME)`),
    overload('DATETIME -> TIME', ([x]) => `CAST(${x} AS TIME)`),
  ],
  TIMESTAMP: [
    overload('STRING, STRING? -> TIMESTAMP', readTimestamp),
    overload('TIMESTAMP -> TIMESTAMP', ([x = '']) => x),
    overload('DATETIME, STRING? -> TIMESTAMP', asInstant),
    overload('DATE, STRING? -> TIMESTAMP', ([x, ...zone]) => asInstant([`CAST(${x} AS TIMESTAMP)`, ...zone])),
  ],
  STRING: [
    ...(['DATE', 'DATETIME', 'TIME'] as const).map((kind) => overload(`${kind} -> STRING`, asString)),
    overload('TIMESTAMP, STRING? -> STRING', (args, values, bindings) =>
      args.length === 1 ? asString(args, values, bindings) : inZoneText(args),
    ),
    STRING_OF_JSON,
  ],
  DATE_ADD: steps('DATE_ADD', '+', KINDS),
  DATE_SUB: steps('DATE_SUB', '-', KINDS),
  DATETIME_ADD: stepsOfClocks('DATETIME_ADD', '+', CLOCKS),
  DATETIME_SUB: stepsOfClocks('DATETIME_SUB', '-', CLOCKS),
  TIMESTAMP_ADD: stepsOfClocks('TIMESTAMP_ADD', '+', ['TIMESTAMP', 'DATETIME']),
  TIMESTAMP_SUB: stepsOfClocks('TIMESTAMP_SUB', '-', ['TIMESTAMP', 'DATETIME']),
  TIME_ADD: steps('TIME_ADD', '+', ['TIME']),
  TIME_SUB: steps('TIME_SUB', '-', ['TIME']),
  LAST_DAY: inOrder(['DATE', 'DATETIME'].map((kind) => overload(`${kind}, PART? -> DATE`, lastDay))),
  UNIX_DATE: overload('DATE -> INT64', ([x]) => `CAST(${x} - DATE '1970-01-01' AS BIGINT)`),
  DATE_FROM_UNIX_DATE: overload('INT64 -> DATE', fromUnixDate),
  DATE_DIFF: [...differences('DATE_DIFF', KINDS), dateLessDateTime('DATE_DIFF')],
  DATETIME_DIFF: differences('DATETIME_DIFF', CLOCKS),
  TIMESTAMP_DIFF: differences('TIMESTAMP_DIFF', ['TIMESTAMP', 'DATETIME']),
  TIME_DIFF: differences('TIME_DIFF', ['TIME']),
  DATE_TRUNC: inOrder(truncations('DATE_TRUNC')),
  DATETIME_TRUNC: inOrder([...truncations('DATETIME_TRUNC').slice(1), dateTruncated('DATETIME_TRUNC')]),
  TIMESTAMP_TRUNC: inOrder([
    ...truncations('TIMESTAMP_TRUNC').slice(1).reverse(),
    dateTruncated('TIMESTAMP_TRUNC'),
  ]),
  TIME_TRUNC: overload('TIME, PART -> TIME', truncatedTime),
  FORMAT_DATE: inOrder(formatting(KINDS)),
  FORMAT_DATETIME: inOrder(formatting(CLOCKS)),
  FORMAT_TIMESTAMP: inOrder(formatting(['TIMESTAMP', 'DATETIME'])),
  FORMAT_TIME: formatting(['TIME']),
  PARSE_DATE: overload('STRING, STRING -> DATE', PARSED.DATE),
  PARSE_DATETIME: overload('STRING, STRING -> DATETIME', PARSED.DATETIME),
  PARSE_TIME: overload('STRING, STRING -> TIME', PARSED.TIME),
  PARSE_TIMESTAMP: overload('STRING, STRING, STRING? -> TIMESTAMP', PARSED.TIMESTAMP),
  GENERATE_DATE_ARRAY: overload('DATE, DATE, STEP? -> ARRAY<DATE>', dateArray),
  GENERATE_TIMESTAMP_ARRAY: overload('TIMESTAMP, TIMESTAMP, STEP -> ARRAY<TIMESTAMP>', timestampArray),
  UNIX_SECONDS: overload('TIMESTAMP -> INT64', unix(1_000_000n)),
  UNIX_MILLIS: overload('TIMESTAMP -> INT64', unix(1_000n)),
  UNIX_MICROS: overload('TIMESTAMP -> INT64', ([x]) => `epoch_us(${x})`),
  TIMESTAMP_SECONDS: overload('INT64 -> TIMESTAMP', fromUnix(1_000_000n)),
  TIMESTAMP_MILLIS: overload('INT64 -> TIMESTAMP', fromUnix(1_000n)),
  TIMESTAMP_MICROS: overload('INT64 -> TIMESTAMP', fromUnix(1n)),
};
