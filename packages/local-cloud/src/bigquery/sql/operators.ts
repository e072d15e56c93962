import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { type DataType, duckType, holds, isGroupable, type ScalarKind, scalar, typeName } from '../types.ts';
import type { Site } from './bindings.ts';
import { spelled } from './casts.ts';
import { coerce, coerceAll, commonType, exactly, signatureError, unreadableText } from './coercion.ts';
import { BYTE_OPERATORS, notBytes, SHIFTS } from './functions/bits.ts';
import { DECIMAL_OPERATORS, negateBig } from './functions/decimals.ts';
import { INTERVAL_OPERATORS } from './functions/interval.ts';
import { failure, letIn, strict, whenAsked } from './let.ts';
import { combined, type Resolved } from './resolved.ts';
import { fieldAt } from './scope.ts';
import { daysLater, difference, withInterval } from './time-operators.ts';

type Arithmetic = '+' | '-' | '*' | '/';

const isArithmetic = (operator: string): operator is Arithmetic => /^[-+*/]$/.test(operator);
const NUMERIC_KINDS: readonly ScalarKind[] = ['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64'];

export function resolveBinary(operator: string, left: Resolved, right: Resolved, site: Site): Resolved {
  const { at } = site;
  if (operator === '<<' || operator === '>>') return shifted(operator, left, right, site);
  assertNotNull(operator, [left, right], at);
  if (isArithmetic(operator) && (left.type.kind === 'INTERVAL' || right.type.kind === 'INTERVAL'))
    return withInterval(operator, left, right, site);
  if (operator === '-') {
    const between = difference(left, right, site);
    if (between) return between;
  }
  if ((operator === '+' || operator === '-') && (left.type.kind === 'DATE' || right.type.kind === 'DATE'))
    return daysLater(operator, left, right, site);
  if (operator === '||') return concatenation(left, right, site);
  if (isArithmetic(operator)) return arithmetic(operator, left, right, site);
  if (operator === '|' || operator === '&' || operator === '^') return bitwise(operator, left, right, site);
  return compare(operator, left, right, site);
}

/** Google refuses a NULL without a type as an operand, but not of IN, BETWEEN, IS, AND and OR. */
export function assertNotNull(operator: string, operands: readonly Resolved[], at: Position): void {
  if (operands.some(({ coercible }) => coercible === 'NULL'))
    throw invalidQuery(`Operands of ${operator} cannot be literal NULL`, at);
}

/** =, !=, <, <=, >, >=; also used for BETWEEN, NULLIF and CASE x WHEN. */
export function compare(operator: string, left: Resolved, right: Resolved, site: Site): Resolved {
  const { at } = site;
  const [a, b] = unified(`operator ${operator}`, [left, right], `ANY ${operator} ANY`, site);
  if (a.type.kind === 'STRUCT') return compareStructs(operator, a, b, site);
  return combined(compareSql(operator, a.sql, b.sql, a.type.kind === 'FLOAT64'), scalar('BOOL'), at, [a, b]);
}

/** Field by field: false where a pair differs, else NULL where a pair is NULL. DuckDB takes NULLs for equal. */
function compareStructs(operator: string, left: Resolved, right: Resolved, site: Site): Resolved {
  const { at } = site;
  if (left.type.kind !== 'STRUCT') throw new TypeError('not a STRUCT');
  if (operator !== '=' && operator !== '!=')
    throw invalidQuery(
      `Operator ${operator} is not defined for arguments of type ${typeName(left.type)}`,
      at,
    );
  const { fields } = left.type;
  const sql = letIn([left.sql, right.sql], (a, b) => {
    const pairs = fields.map((_, index) => {
      const [own, other] = [fieldAt({ ...left, sql: a }, index), fieldAt({ ...right, sql: b }, index)];
      return compare('=', own, other, site).sql;
    });
    const equal = `(${pairs.join(' AND ') || 'TRUE'})`;
    return `CASE WHEN ${a} IS NOT NULL AND ${b} IS NOT NULL THEN ${operator === '=' ? equal : `NOT ${equal}`} END`;
  });
  return combined(`(${sql})`, scalar('BOOL'), at, [left, right]);
}

function compareSql(operator: string, left: string, right: string, floats: boolean): string {
  // In BigQuery, comparisons with NaN are false, except !=. In DuckDB, NaN equals itself and is the largest value.
  if (!floats) return `(${left} ${operator} ${right})`;
  const withNaN = operator === '!=' ? 'TRUE' : 'FALSE';
  return letIn(
    [left, right],
    (a, b) =>
      `CASE WHEN ${a} IS NULL OR ${b} IS NULL THEN NULL WHEN isnan(${a}) OR isnan(${b}) THEN ${withNaN} ` +
      `ELSE ${a} ${operator} ${b} END`,
  );
}

/** Coerces the values to one type that can be compared. */
export function unified(
  what: string,
  values: readonly [Resolved, ...Resolved[]],
  supported: string,
  { at, bindings }: Site,
): [Resolved, Resolved, ...Resolved[]] {
  const type = commonType(values, bindings);
  if (!type) throw unreadableText(values) ?? signatureError(what, values, supported, at);
  if (type.kind === 'ARRAY') throw signatureError(what, values, supported, at);
  assertComparable(what, type, at);
  const [first, second, ...rest] = values.map((value) => {
    const same = exactly(value, type, bindings);
    if (!same) throw signatureError(what, values, supported, at);
    return same;
  });
  if (!first || !second) throw new RangeError(`${what} needs two values`);
  return [first, second, ...rest];
}

/** Values with JSON in them are neither equal nor different. */
export function assertComparable(what: string, type: DataType, at: Position): void {
  if (holds(type, 'JSON'))
    throw invalidQuery(`${what} is not defined for arguments of type ${typeName(type)}`, at);
}

/** Whether rows can be grouped by the values, or compared as whole rows. */
export function assertGroupable(what: string, type: DataType, at: Position): void {
  assertComparable(what, type, at);
  if (!isGroupable(type)) throw unsupported(`${what} with a value of type ${typeName(type)}`, at);
}

function arithmetic(operator: Arithmetic, left: Resolved, right: Resolved, { at, bindings }: Site): Resolved {
  const supported = NUMERIC_KINDS.map((kind) => `${kind} ${operator} ${kind}`).join('; ');
  const type = commonType([left, right], bindings);
  const kind = NUMERIC_KINDS.find((numeric) => numeric === type?.kind);
  if (!kind) {
    if (/DATE|TIME/.test(`${left.type.kind} ${right.type.kind}`))
      throw unsupported(`Operator ${operator} for dates and times`, at);
    throw signatureError(`operator ${operator}`, [left, right], supported, at);
  }
  const target = scalar(operator === '/' && kind === 'INT64' ? 'FLOAT64' : kind);
  const [a, b] = [exactly(left, target, bindings), exactly(right, target, bindings)];
  if (!a || !b) throw signatureError(`operator ${operator}`, [left, right], supported, at);
  if (target.kind === 'FLOAT64') return combined(floatSql(operator, a.sql, b.sql), target, at, [a, b]);
  // DuckDB has no room for the digits of these.
  const isExact = kind === 'INT64' || (kind === 'NUMERIC' && (operator === '+' || operator === '-'));
  if (!isExact && target.kind !== 'INT64') {
    const call = DECIMAL_OPERATORS[kind as 'NUMERIC' | 'BIGNUMERIC'][operator];
    return combined(call([a.sql, b.sql]), target, at, [a, b]);
  }
  const sql = `(${a.sql} ${operator} ${b.sql})`;
  return combined(kind === 'NUMERIC' ? `CAST(${sql} AS ${duckType(target)})` : sql, target, at, [a, b]);
}

/** BigQuery fails on a division by zero and on an overflow of FLOAT64; DuckDB returns infinity. */
function floatSql(operator: string, left: string, right: string): string {
  const computed = letIn([left, right], (a, b) => {
    const sum = `${a} ${operator} ${b}`;
    const zero = `WHEN ${b} = 0 THEN ${failure('division by zero: ', `${a} || ' / ' || ${b}`)} `;
    const overflow = failure('Floating point error in function: ', `${a} || ' ${operator} ' || ${b}`);
    const isOverflow = `isinf(${sum}) AND NOT isinf(${a}) AND NOT isinf(${b})`;
    return `CASE ${operator === '/' ? zero : ''}WHEN ${isOverflow} THEN ${overflow} ELSE ${sum} END`;
  });
  return computed.startsWith('CASE') ? `(${computed})` : computed;
}

function bitwise(
  operator: '|' | '&' | '^',
  left: Resolved,
  right: Resolved,
  { at, bindings }: Site,
): Resolved {
  for (const kind of ['INT64', 'BYTES'] as const) {
    const [a, b] = coerceAll([left, right], scalar(kind), bindings) ?? [];
    if (!a || !b) continue;
    const plain = operator === '^' ? `xor(${a.sql}, ${b.sql})` : `(${a.sql} ${operator} ${b.sql})`;
    const sql = kind === 'BYTES' ? BYTE_OPERATORS[operator]([a.sql, b.sql]) : plain;
    return combined(sql, scalar(kind), at, [a, b]);
  }
  const supported = `INT64 ${operator} INT64; BYTES ${operator} BYTES`;
  throw signatureError(`operator ${operator}`, [left, right], supported, at);
}

function shifted(operator: '<<' | '>>', left: Resolved, right: Resolved, { at, bindings }: Site): Resolved {
  const kind = left.type.kind === 'BYTES' ? 'BYTES' : 'INT64';
  const [value, offset] = [coerce(left, scalar(kind), bindings), coerce(right, scalar('INT64'), bindings)];
  if (!value || !offset) {
    const supported = `INT64 ${operator} INT64; BYTES ${operator} INT64`;
    throw signatureError(`operator ${operator}`, [left, right], supported, at);
  }
  return combined(SHIFTS[operator][kind]([value.sql, offset.sql]), scalar(kind), at, [value, offset]);
}

function concatenation(left: Resolved, right: Resolved, { at, bindings }: Site): Resolved {
  const type = commonType([left, right], bindings);
  const [a, b] = (type && coerceAll([left, right], type, bindings)) ?? [];
  if (!type || !a || !b || !['STRING', 'BYTES', 'ARRAY'].includes(type.kind)) {
    const texts = spelled([left, right], bindings);
    if (texts) return combined(`(${texts.join(' || ')})`, scalar('STRING'), at, [left, right]);
    const supported = 'STRING || STRING; BYTES || BYTES; ARRAY<T> || ARRAY<T>';
    throw signatureError('operator ||', [left, right], supported, at);
  }
  // DuckDB concatenates a NULL array as an empty one.
  const sql =
    type.kind === 'ARRAY'
      ? strict([a.sql, b.sql], (x, y) => `list_concat(${x}, ${y})`)
      : `(${a.sql} || ${b.sql})`;
  return combined(sql, type, at, [a, b]);
}

/** DuckDB negates the other types. */
const NEGATED: Readonly<Record<string, (args: readonly string[]) => string>> = {
  BIGNUMERIC: negateBig,
  INTERVAL: ([interval = '']) => INTERVAL_OPERATORS['*']([interval, '-1']),
};

export function resolveUnary(operator: string, value: Resolved, { at, bindings }: Site): Resolved {
  assertNotNull(operator, [value], at);
  if (operator === 'NOT') {
    const bool = coerce(value, scalar('BOOL'), bindings);
    if (!bool) throw signatureError('operator NOT', [value], 'NOT BOOL', at);
    return combined(`(NOT ${bool.sql})`, bool.type, at, [bool]);
  }
  if (operator === '~') {
    if (value.type.kind === 'BYTES') return combined(notBytes([value.sql]), value.type, at, [value]);
    const int64 = coerce(value, scalar('INT64'), bindings);
    if (!int64) throw signatureError('operator ~', [value], '~INT64; ~BYTES', at);
    return combined(`(~${int64.sql})`, int64.type, at, [int64]);
  }
  const isInterval = value.type.kind === 'INTERVAL' && operator === '-';
  if (!isInterval && !NUMERIC_KINDS.some((kind) => kind === value.type.kind))
    throw signatureError(
      `operator ${operator}`,
      [value],
      `${operator}INT64; ${operator}NUMERIC; ${operator}FLOAT64`,
      at,
    );
  if (operator === '+') return value;
  const sql = NEGATED[value.type.kind]?.([value.sql]) ?? `(-${value.sql})`;
  return combined(sql, value.type, at, [value]);
}

export function resolveLogical(
  operator: 'AND' | 'OR',
  operands: readonly Resolved[],
  { at, bindings }: Site,
): Resolved {
  const bools = coerceAll(operands, scalar('BOOL'), bindings);
  if (!bools) throw signatureError(`operator ${operator}`, operands, `BOOL ${operator} ([BOOL, ...])`, at);
  return combined(`(${bools.map(whenAsked).join(` ${operator} `)})`, scalar('BOOL'), at, bools);
}
