import type { Position } from '../errors.ts';
import { scalar } from '../types.ts';
import type { Site } from './bindings.ts';
import { coerce, coerceAll, signatureError } from './coercion.ts';
import {
  INTERVAL_OPERATORS,
  intervalOfClocks,
  intervalOfDays,
  intervalOfMicros,
} from './functions/interval.ts';
import { addInterval, stepSql } from './functions/time-sql.ts';
import { combined, type Resolved } from './resolved.ts';

/** Arithmetic of dates, times and intervals. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators#date_arithmetics_operators */

const CLOCKS = ['DATE', 'DATETIME', 'TIMESTAMP'] as const;

/** Operators with an INTERVAL on one side or both. A DATE becomes a DATETIME. */
export function withInterval(
  operator: '+' | '-' | '*' | '/',
  left: Resolved,
  right: Resolved,
  { at, bindings }: Site,
): Resolved {
  const isReversed = (operator === '+' || operator === '*') && right.type.kind !== 'INTERVAL';
  const [other, interval] = isReversed ? [right, left] : [left, right];
  const kind = CLOCKS.find((candidate) => candidate === other.type.kind);
  if (kind && (operator === '+' || operator === '-')) return stepped(operator, other, interval, kind, at);
  const isScaled = operator === '*' || operator === '/';
  const first = operator === '*' && !isReversed ? right : left;
  const second = operator === '*' && !isReversed ? left : right;
  const operand = coerce(second, scalar(isScaled ? 'INT64' : 'INTERVAL'), bindings);
  if (first.type.kind === 'INTERVAL' && operand) {
    const sql = INTERVAL_OPERATORS[operator]([first.sql, operand.sql]);
    return combined(sql, first.type, at, [first, operand]);
  }
  const supported = `TIMESTAMP ${operator} INTERVAL; DATE ${operator} INTERVAL; DATETIME ${operator} INTERVAL; INTERVAL ${operator} INTERVAL; INTERVAL * INT64; INTERVAL / INT64`;
  throw signatureError(`operator ${operator}`, [left, right], supported, at);
}

function stepped(
  operator: '+' | '-',
  value: Resolved,
  interval: Resolved,
  kind: (typeof CLOCKS)[number],
  at: Position,
): Resolved {
  const clock = kind === 'TIMESTAMP' ? kind : 'DATETIME';
  const start = kind === 'DATE' ? `CAST(${value.sql} AS TIMESTAMP)` : value.sql;
  const { step } = interval;
  const sql = step
    ? stepSql(`${clock}_ADD`, clock, operator, [start, step.count.sql], step.part, at)
    : addInterval(clock, operator, start, interval.sql);
  return combined(sql, scalar(clock), at, [value, interval]);
}

/** The INTERVAL between two dates, clocks, times or instants. */
export function difference(left: Resolved, right: Resolved, { at, bindings }: Site): Resolved | undefined {
  const kinds = [left.type.kind, right.type.kind];
  const kind = [...CLOCKS, 'TIME' as const].find(
    (candidate) => kinds.includes(candidate) && coerceAll([left, right], scalar(candidate), bindings),
  );
  const [a, b] = (kind && coerceAll([left, right], scalar(kind), bindings)) ?? [];
  if (!kind || !a || !b) return undefined;
  const micros = `(epoch_us(${a.sql}) - epoch_us(${b.sql}))`;
  const sql =
    kind === 'DATE'
      ? intervalOfDays([`CAST(${a.sql} - ${b.sql} AS BIGINT)`])
      : kind === 'DATETIME'
        ? intervalOfClocks([micros])
        : intervalOfMicros([micros]);
  return combined(sql, scalar('INTERVAL'), at, [a, b]);
}

/** A DATE plus or minus a number of days. */
export function daysLater(
  operator: '+' | '-',
  left: Resolved,
  right: Resolved,
  { at, bindings }: Site,
): Resolved {
  const isReversed = operator === '+' && right.type.kind === 'DATE';
  const [date, other] = isReversed ? [right, left] : [left, right];
  const days = coerce(other, scalar('INT64'), bindings);
  if (date.type.kind !== 'DATE' || !days)
    throw signatureError(`operator ${operator}`, [left, right], `DATE ${operator} INT64`, at);
  const sql = stepSql('DATE_ADD', 'DATE', operator, [date.sql, days.sql], 'DAY', at);
  return combined(sql, date.type, at, [date, days]);
}
