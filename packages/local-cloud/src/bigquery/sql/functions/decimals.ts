import { BIGNUMERIC_SCALE, decimalText, isBigNumeric } from '../../bignumeric.ts';
import { isolated } from '../let.ts';
import { type Call, defined, FunctionError } from './computed.ts';
import { exactDecimal, floatText, unitsOf } from './exact-decimal.ts';
import { type Overload, overload } from './table.ts';

/** Arithmetic of NUMERIC and BIGNUMERIC: whole numbers of units, rounded half away from zero. */

export type DecimalKind = 'NUMERIC' | 'BIGNUMERIC';
const KINDS: readonly DecimalKind[] = ['NUMERIC', 'BIGNUMERIC'];
/** Digits after the point. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
export const SCALE = { NUMERIC: 9, BIGNUMERIC: BIGNUMERIC_SCALE };
const MAX_NUMERIC = 10n ** 38n;
/** Whether a value of the type has so many units. */
export const FITS = {
  NUMERIC: (units: bigint) => units > -MAX_NUMERIC && units < MAX_NUMERIC,
  BIGNUMERIC: isBigNumeric,
};

const sizeOf = (units: bigint) => (units < 0n ? -units : units);

/** The quotient, rounded half away from zero. */
function quotient(dividend: bigint, divisor: bigint): bigint {
  const size = (2n * sizeOf(dividend) + sizeOf(divisor)) / (2n * sizeOf(divisor));
  return dividend < 0n === divisor < 0n ? size : -size;
}

/** Computes units of a type in which one is `one`. */
type Compute = (one: bigint, ...units: bigint[]) => bigint;

const OPERATORS: Readonly<Record<'+' | '-' | '*' | '/', readonly [name: string, compute: Compute]>> = {
  '+': ['add', (_, a = 0n, b = 0n) => a + b],
  '-': ['subtract', (_, a = 0n, b = 0n) => a - b],
  '*': ['multiply', (one, a = 0n, b = 0n) => quotient(a * b, one)],
  '/': ['divide', (one, a = 0n, b = 0n) => quotient(a * one, nonZero(b))],
};

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new FunctionError('division by zero');
  return divisor;
}

/** A function from values of the type, and perhaps other numbers, to a value of the type. */
function ofKind(kind: DecimalKind, name: string, parameters: string, compute: Compute): Call {
  const signature = `${parameters.replaceAll('$', kind)} -> ${kind}`;
  const checked = (...args: bigint[]) => {
    const units = compute(10n ** BigInt(SCALE[kind]), ...args);
    if (!FITS[kind](units)) throw new FunctionError(`${kind} overflow: ${name.toUpperCase()}`);
    return units;
  };
  return defined(`${kind.toLowerCase()}_${name}`, signature, checked as never);
}

/** The signatures of a function over NUMERIC and BIGNUMERIC. `$` is the type. */
function ofKinds(name: string, parameters: string, compute: Compute): Overload[] {
  return KINDS.map((kind) => {
    const signature = `${parameters.replaceAll('$', kind)} -> ${kind}`;
    return overload(signature, ofKind(kind, name, parameters, compute));
  });
}

type Operators = Readonly<Record<'+' | '-' | '*' | '/', Call>>;

const operatorsOf = (kind: DecimalKind) =>
  Object.fromEntries(
    Object.entries(OPERATORS).map(([operator, [name, compute]]) => [
      operator,
      ofKind(kind, name, '$, $', compute),
    ]),
  ) as Operators;

export const DECIMAL_OPERATORS = {
  NUMERIC: operatorsOf('NUMERIC'),
  BIGNUMERIC: operatorsOf('BIGNUMERIC'),
};

/** The result, or NULL where the plain operator fails. */
const safe = (operator: '+' | '-' | '*' | '/'): Overload[] =>
  KINDS.map((kind) => {
    const call = DECIMAL_OPERATORS[kind][operator];
    return overload(`${kind}, ${kind} -> ${kind}`, ([a = '', b = '']) =>
      isolated([a, b], (x, y) => `TRY(${call([x, y])})`),
    );
  });

/** The number of units that one digit at a place after the point is worth; before the point when negative. */
function placed(one: bigint, digits: bigint, divide: (units: bigint, place: bigint) => bigint) {
  const scale = BigInt(String(one).length - 1);
  if (digits >= scale) return (units: bigint) => units;
  // Of more places than any number has, nothing is left.
  const place = 10n ** (scale - (digits < -40n ? -40n : digits));
  return (units: bigint) => divide(units, place) * place;
}

const truncate = (units: bigint, place: bigint) => units / place;
const floorOf = (units: bigint, place: bigint) => (units - (((units % place) + place) % place)) / place;

const rounded = (name: string, divide: (units: bigint, place: bigint) => bigint) =>
  ofKinds(name, '$, INT64?', (one, units = 0n, digits = 0n) => placed(one, digits, divide)(units));

/** The least BIGNUMERIC has no opposite. */
const NEGATE = {
  NUMERIC: ofKind('NUMERIC', 'negate', '$', (_, a = 0n) => -a),
  BIGNUMERIC: ofKind('BIGNUMERIC', 'negate', '$', (_, a = 0n) => -a),
};

export const negateBig = NEGATE.BIGNUMERIC;

/** Rows of the table of functions, to which those of other types are added. */
export const DECIMAL_FUNCTIONS = {
  ABS: ofKinds('abs', '$', (_, a = 0n) => sizeOf(a)),
  SIGN: ofKinds('sign', '$', (one, a = 0n) => (a === 0n ? 0n : a < 0n ? -one : one)),
  ROUND: rounded('round', quotient),
  TRUNC: rounded('trunc', truncate),
  CEIL: ofKinds('ceil', '$', (one, a = 0n) => -floorOf(-a, one) * one),
  FLOOR: ofKinds('floor', '$', (one, a = 0n) => floorOf(a, one) * one),
  MOD: ofKinds('mod', '$, $', (_, a = 0n, b = 0n) => a % nonZero(b)),
  DIV: ofKinds('div', '$, $', (one, a = 0n, b = 0n) => (a / nonZero(b)) * one),
  SAFE_ADD: safe('+'),
  SAFE_SUBTRACT: safe('-'),
  SAFE_MULTIPLY: safe('*'),
  SAFE_DIVIDE: safe('/'),
  SAFE_NEGATE: KINDS.map((kind) =>
    overload(`${kind} -> ${kind}`, ([a = '']) => isolated([a], (x) => `TRY(${NEGATE[kind]([x])})`)),
  ),
};

/** An aggregate of the values that are not NULL; NULL when there are none. */
const aggregate = (name: string, compute: (sum: bigint, count: bigint) => bigint) =>
  defined(`${name}_bignumeric`, 'ARRAY<BIGNUMERIC> -> BIGNUMERIC', (values) => {
    const present = values.filter((value) => value !== null);
    const sum = present.reduce((all, value) => all + value, 0n);
    return present.length === 0 ? null : compute(sum, BigInt(present.length));
  });

export const averageOfBig = aggregate('average', quotient);
export const sumOfBig = aggregate('sum', (sum) => {
  if (!isBigNumeric(sum)) throw new FunctionError('BIGNUMERIC overflow: SUM');
  return sum;
});

const BIG_ONE = 10n ** BigInt(BIGNUMERIC_SCALE);
const NUMERIC_TO_BIG = 10n ** BigInt(BIGNUMERIC_SCALE - SCALE.NUMERIC);
const textOf = (units: bigint) => decimalText(units, BIGNUMERIC_SCALE);

export const bigOfInteger = defined('big_of_integer', 'INT64 -> BIGNUMERIC', (value) => value * BIG_ONE);
export const bigOfNumeric = defined(
  'big_of_numeric',
  'NUMERIC -> BIGNUMERIC',
  (units) => units * NUMERIC_TO_BIG,
);

/** Of the exact number. DuckDB multiplies with the double and rounds: 1e15 becomes 999999999999999.983222784. */
const ofFloat = (kind: DecimalKind, name: string) =>
  defined(`${kind.toLowerCase()}_of_float`, `FLOAT64 -> ${kind}`, (value) => {
    if (!Number.isFinite(value))
      throw new FunctionError(
        `Illegal conversion of non-finite floating point number to ${name}: ${floatText(value)}`,
      );
    const units = unitsOf(exactDecimal(value), SCALE[kind]);
    if (!FITS[kind](units)) throw new FunctionError(`${name} out of range: ${floatText(value)}`);
    return units;
  });

export const numericOfFloat = ofFloat('NUMERIC', 'numeric');
export const bigOfFloat = ofFloat('BIGNUMERIC', 'BIGNUMERIC');

export const integerOfBig = defined('integer_of_big', 'BIGNUMERIC -> INT64', (units) => {
  const value = quotient(units, BIG_ONE);
  if (BigInt.asIntN(64, value) !== value) throw new FunctionError(`int64 out of range: ${textOf(units)}`);
  return value;
});

export const numericOfBig = defined('numeric_of_big', 'BIGNUMERIC -> NUMERIC', (units) => {
  const value = quotient(units, NUMERIC_TO_BIG);
  if (!FITS.NUMERIC(value)) throw new FunctionError(`numeric out of range: ${textOf(units)}`);
  return value;
});

export const floatOfBig = defined('float_of_big', 'BIGNUMERIC -> FLOAT64', (units) => Number(textOf(units)));
export const textOfBig = defined('text_of_big', 'BIGNUMERIC -> STRING', textOf);
