import { formatTime } from '../calendar.ts';
import { type DataType, duckType, holds, type ScalarKind, sameType, scalar, structKey } from '../types.ts';
import { defined } from './functions/computed.ts';
import {
  bigOfFloat,
  bigOfInteger,
  bigOfNumeric,
  floatOfBig,
  integerOfBig,
  numericOfBig,
  numericOfFloat,
  textOfBig,
} from './functions/decimals.ts';
import { floatText } from './functions/exact-decimal.ts';
import { textOfInterval } from './functions/interval.ts';
import { letIn } from './let.ts';

/** Conversions between types, in SQL of DuckDB. */

type Convert = (sql: string) => string;

/** With zero, three or six digits of a second's fraction. */
const timeToText = defined('time_to_text', 'TIME -> STRING', (micros) =>
  formatTime(micros).replace(/000$/, ''),
);

const floatToText = defined('float_text', 'FLOAT64 -> STRING', floatText);

const asDateTime: Convert = (sql) => `CAST(${sql} AS TIMESTAMP)`;
const rounded =
  (type: ScalarKind): Convert =>
  (sql) =>
    `CAST(round(${sql}) AS ${duckType(scalar(type))})`;
const plain =
  (type: ScalarKind): Convert =>
  (sql) =>
    `CAST(${sql} AS ${duckType(scalar(type))})`;

/** Casts between scalar types; a pair that is missing here is refused. Casts from STRING are in casts.ts. */
export const CONVERSIONS: Readonly<Record<string, Convert>> = {
  'INT64 FLOAT64': plain('FLOAT64'),
  'INT64 NUMERIC': plain('NUMERIC'),
  'INT64 BOOL': plain('BOOL'),
  'INT64 STRING': plain('STRING'),
  'FLOAT64 INT64': rounded('INT64'),
  'FLOAT64 NUMERIC': (sql) => numericOfFloat([sql]),
  'FLOAT64 STRING': (sql) => floatToText([sql]),
  'NUMERIC INT64': rounded('INT64'),
  'NUMERIC FLOAT64': plain('FLOAT64'),
  'NUMERIC STRING': (sql) => `rtrim(rtrim(CAST(${sql} AS VARCHAR), '0'), '.')`,
  'BOOL INT64': plain('INT64'),
  'BOOL STRING': plain('STRING'),
  'STRING BYTES': (sql) => `encode(${sql})`,
  'BYTES STRING': (sql) => `decode(${sql})`,
  'DATE STRING': (sql) => `strftime(${sql}, '%Y-%m-%d')`,
  'DATE DATETIME': asDateTime,
  'DATE TIMESTAMP': asDateTime,
  'DATETIME DATE': plain('DATE'),
  'DATETIME TIME': plain('TIME'),
  'DATETIME TIMESTAMP': asDateTime,
  'DATETIME STRING': (sql) => withFraction(sql, '%Y-%m-%d %H:%M:%S', ''),
  'TIMESTAMP TIMESTAMP(12)': (sql) => `CAST(epoch_us(${sql}) AS HUGEINT) * 1000000`,
  'TIMESTAMP DATE': plain('DATE'),
  'TIMESTAMP TIME': plain('TIME'),
  'TIMESTAMP DATETIME': asDateTime,
  'TIME STRING': (sql) => timeToText([sql]),
  'INT64 BIGNUMERIC': (sql) => bigOfInteger([sql]),
  'NUMERIC BIGNUMERIC': (sql) => bigOfNumeric([sql]),
  'FLOAT64 BIGNUMERIC': (sql) => bigOfFloat([sql]),
  'BIGNUMERIC INT64': (sql) => integerOfBig([sql]),
  'BIGNUMERIC NUMERIC': (sql) => numericOfBig([sql]),
  'BIGNUMERIC FLOAT64': (sql) => floatOfBig([sql]),
  'BIGNUMERIC STRING': (sql) => textOfBig([sql]),
  'INTERVAL STRING': (sql) => textOfInterval([sql]),
  'TIMESTAMP STRING': (sql) => withFraction(sql, '%Y-%m-%d %H:%M:%S', '+00'),
  'RANGE<DATE> STRING': (sql) => rangeText('DATE', sql),
  'RANGE<DATETIME> STRING': (sql) => rangeText('DATETIME', sql),
  'RANGE<TIMESTAMP> STRING': (sql) => rangeText('TIMESTAMP', sql),
};

/** A RANGE as text: `[2020-01-01, UNBOUNDED)`. */
export function rangeText(element: 'DATE' | 'DATETIME' | 'TIMESTAMP', range: string): string {
  return letIn(
    [range],
    (value) =>
      `CASE WHEN ${value} IS NOT NULL THEN '[' || ${boundText(element, `${value}.s`)} || ', ' || ${boundText(element, `${value}.e`)} || ')' END`,
  );
}

/** An unbounded one is infinite, or NULL before it is stored. */
export function boundText(element: 'DATE' | 'DATETIME' | 'TIMESTAMP', bound: string): string {
  const text = CONVERSIONS[`${element} STRING`]?.(bound);
  return `CASE WHEN isfinite(${bound}) THEN ${text} ELSE 'UNBOUNDED' END`;
}

/** BigQuery writes the fraction of a second with zero, three or six digits. */
function withFraction(sql: string, format: string, zone: string): string {
  const text = (value: string, fraction: string) => `strftime(${value}, '${format}${fraction}${zone}')`;
  return letIn(
    [sql],
    (value) =>
      `CASE WHEN microsecond(${value}) % 1000000 = 0 THEN ${text(value, '')} ` +
      `WHEN microsecond(${value}) % 1000 = 0 THEN ${text(value, '.%g')} ELSE ${text(value, '.%f')} END`,
  );
}

/** Types that DuckDB does not know. */
const OWN_FORMS = ['BIGNUMERIC', 'TIMESTAMP(12)'] as const;

/** A value in a wider type: the CAST of DuckDB, but to and from a type that DuckDB does not know. */
export function widened(sql: string, from: DataType, to: DataType): string {
  if (sameType(from, to)) return sql;
  if (
    from.kind === 'STRUCT' &&
    to.kind === 'STRUCT' &&
    OWN_FORMS.some((kind) => holds(from, kind) || holds(to, kind))
  ) {
    return letIn([sql], (value) => {
      const fields = from.fields.map(({ type }, index) => {
        const field = `struct_extract(${value}, '${structKey(index)}')`;
        return `${structKey(index)} := ${widened(field, type, to.fields[index]?.type ?? type)}`;
      });
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`;
    });
  }
  const isOwn = OWN_FORMS.some((kind) => kind === from.kind || kind === to.kind);
  const conversion = isOwn ? CONVERSIONS[`${from.kind} ${to.kind}`] : undefined;
  return conversion ? conversion(sql) : `CAST(${sql} AS ${duckType(to)})`;
}
