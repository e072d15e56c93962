import { DuckDBDecimalValue, type DuckDBValue } from '@duckdb/node-api';
import { encodeBigNumeric } from '../../bignumeric.ts';
import type { ScalarKind } from '../../types.ts';
import { type Call, defined } from './computed.ts';
import { type DecimalKind, FITS, SCALE } from './decimals.ts';
import { unitsOf } from './exact-decimal.ts';

/** Digits of the whole part of a BIGNUMERIC. */
const MAX_WHOLE_DIGITS = 39;

/** Without the space around a number, which is that of C. */
export const trimmed = (text: string) => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');

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
  const [, sign, whole = '', fraction = '', power = '0'] = HEX_FLOAT.exec(trimmed(text)) ?? [];
  if (sign === undefined || whole + fraction === '') return decimalFloat(text);
  const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(power) - 4 * fraction.length);
  return sign === '-' ? -value : value;
});

/** Null for a text that is no number in decimal digits. */
export function decimalFloat(text: string): number | null {
  const number = trimmed(text);
  if (FLOAT.test(number)) return Number(number);
  const [, minus, word] = SPECIAL_FLOAT.exec(number) ?? [];
  if (word === undefined) return null;
  const special = /nan/i.test(word) ? Number.NaN : Number.POSITIVE_INFINITY;
  return minus === '-' ? -special : special;
}

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
  const size = places < 0 ? digits * 10n ** BigInt(-places) : digits;
  const units = sign === '-' ? -size : size;
  return unitsOf({ units, scale: Math.max(places, 0), ties: 'away' }, scale);
}

function readUnits(kind: DecimalKind, text: string): bigint | null {
  const units = decimalUnits(text, SCALE[kind]);
  return units !== undefined && FITS[kind](units) ? units : null;
}

/** The value of a text for DuckDB; undefined for one that is no number, or is out of range. */
export function decimalOf(kind: DecimalKind, text: string): DuckDBValue | undefined {
  const units = readUnits(kind, text);
  if (units === null) return undefined;
  return kind === 'NUMERIC' ? new DuckDBDecimalValue(units, 38, SCALE.NUMERIC) : encodeBigNumeric(units);
}

/** Read text that DuckDB reads otherwise or not at all. NULL for what Google does not read either. */
export const READERS: Readonly<Partial<Record<ScalarKind, Call>>> = {
  INT64: readInteger,
  FLOAT64: readFloat,
  NUMERIC: defined('read_numeric', 'STRING -> NUMERIC', (text) => readUnits('NUMERIC', text)),
  BIGNUMERIC: defined('read_bignumeric', 'STRING -> BIGNUMERIC', (text) => readUnits('BIGNUMERIC', text)),
};
