import { DuckDBDecimalValue, type DuckDBValue } from '@duckdb/node-api';
import { BIGNUMERIC_SCALE, encodeBigNumeric, isBigNumeric } from '../../bignumeric.ts';
import type { ScalarKind } from '../../types.ts';
import { type Call, defined, FunctionError } from './computed.ts';
import { exactDecimal, fixed, floatText } from './exact-decimal.ts';

const DIGITS = 9;
/** In units of 10^-9. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
const MAX_UNITS = 10n ** 38n;
/** Of a BIGNUMERIC. */
const MAX_WHOLE_DIGITS = 39;

/** DuckDB multiplies with the double and rounds: 1e15 becomes 999999999999999.983222784. */
export const floatToNumeric = defined('float_to_numeric', 'FLOAT64 -> NUMERIC', (value) => {
  if (!Number.isFinite(value)) {
    throw new FunctionError(
      `Illegal conversion of non-finite floating point number to numeric: ${floatText(value)}`,
    );
  }
  const units = BigInt(fixed({ ...exactDecimal(value), ties: 'away' }, DIGITS).replace('.', ''));
  if (units >= MAX_UNITS) throw new FunctionError(`numeric out of range: ${floatText(value)}`);
  return value < 0 ? -units : units;
});

/** Space as C has it, which surrounds a number. */
const trimmed = (text: string) => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');

const INTEGER = /^([+-]?)(0x[0-9a-f]+|[0-9]+)$/i;

const readInteger = defined('read_integer', 'STRING -> INT64', (text) => {
  const [, sign = '', digits] = INTEGER.exec(trimmed(text)) ?? [];
  if (digits === undefined) return null;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, value) === value ? value : null;
});

const HEX_FLOAT = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?[0-9]+))?$/i;
const FLOAT = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i;
const SPECIAL_FLOAT = /^([+-]?)(inf|infinity|nan)$/i;

const readFloat = defined('read_float', 'STRING -> FLOAT64', (text) => {
  const number = trimmed(text);
  const [, sign, whole = '', fraction = '', power = '0'] = HEX_FLOAT.exec(number) ?? [];
  if (sign !== undefined && whole + fraction !== '') {
    const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(power) - 4 * fraction.length);
    return sign === '-' ? -value : value;
  }
  if (FLOAT.test(number)) return Number(number);
  const [, minus, word] = SPECIAL_FLOAT.exec(number) ?? [];
  if (word === undefined) return null;
  const special = /nan/i.test(word) ? Number.NaN : Number.POSITIVE_INFINITY;
  return minus === '-' ? -special : special;
});

const DECIMAL = /^([+-]?)([0-9]*)\.?([0-9]*)(?:e([+-]?[0-9]{1,9}))?$/i;

/** Units of 10^-`scale`, rounded half away from zero; undefined for a text that is no number, or far too large a one. */
function decimalUnits(text: string, scale: number): bigint | undefined {
  const [, sign, whole = '', fraction = '', power = '0'] = DECIMAL.exec(trimmed(text)) ?? [];
  if (sign === undefined || whole + fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const places = fraction.length - Number(power);
  const wholeDigits = String(digits).length - places;
  if (digits === 0n || wholeDigits < -scale) return 0n;
  if (wholeDigits > MAX_WHOLE_DIGITS) return undefined;
  const decimal = {
    units: places < 0 ? digits * 10n ** BigInt(-places) : digits,
    scale: Math.max(places, 0),
  };
  const units = BigInt(fixed({ ...decimal, ties: 'away' }, scale).replace('.', ''));
  return sign === '-' ? -units : units;
}

const RANGE = {
  NUMERIC: { scale: DIGITS, fits: (units: bigint) => units > -MAX_UNITS && units < MAX_UNITS },
  BIGNUMERIC: { scale: BIGNUMERIC_SCALE, fits: isBigNumeric },
};

function unitsOf(kind: keyof typeof RANGE, text: string): bigint | null {
  const { scale, fits } = RANGE[kind];
  const units = decimalUnits(text, scale);
  return units !== undefined && fits(units) ? units : null;
}

/** The value of a text for DuckDB; undefined for one that is no number, or is out of range. */
export function decimalOf(kind: keyof typeof RANGE, text: string): DuckDBValue | undefined {
  const units = unitsOf(kind, text);
  if (units === null) return undefined;
  return kind === 'NUMERIC' ? new DuckDBDecimalValue(units, 38, DIGITS) : encodeBigNumeric(units);
}

const readNumeric = defined('read_numeric', 'STRING -> NUMERIC', (text) => unitsOf('NUMERIC', text));
const readBigNumeric = defined('read_bignumeric', 'STRING -> BIGNUMERIC', (text) =>
  unitsOf('BIGNUMERIC', text),
);

/** Read text that DuckDB reads otherwise or not at all. NULL for what Google does not read either. */
export const READERS: Readonly<Partial<Record<ScalarKind, Call>>> = {
  INT64: readInteger,
  FLOAT64: readFloat,
  NUMERIC: readNumeric,
  BIGNUMERIC: readBigNumeric,
};
