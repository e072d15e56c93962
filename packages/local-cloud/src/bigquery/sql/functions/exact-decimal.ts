/** Numbers in decimal digits, rounded as C's printf does. JavaScript's toFixed and toExponential round ties up. */

/** A finite number, exactly: `units` / 10^`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
  /** A NUMERIC rounds ties away from zero, a FLOAT64 to the even digit. */
  readonly ties: 'even' | 'away';
}

const FRACTION_BITS = 52;
const EXPONENT_BIAS = 1075;

/** The exact value of a finite number. */
export function exactDecimal(value: number): Decimal {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const word = bits.getBigUint64(0);
  const exponent = Number(word >> BigInt(FRACTION_BITS));
  const fraction = word & ((1n << BigInt(FRACTION_BITS)) - 1n);
  const mantissa = exponent === 0 ? fraction : fraction | (1n << BigInt(FRACTION_BITS));
  const shift = Math.max(exponent, 1) - EXPONENT_BIAS;
  const sign = value < 0 ? -1n : 1n;
  if (shift >= 0) return { units: sign * (mantissa << BigInt(shift)), scale: 0, ties: 'even' };
  return { units: sign * mantissa * 5n ** BigInt(-shift), scale: -shift, ties: 'even' };
}

/** The digits of the absolute value with `digits` of them after the point: `12.50`. */
export function fixed(value: Decimal, digits: number): string {
  const units = String(scaled(value, digits)).padStart(digits + 1, '0');
  return digits === 0 ? units : `${units.slice(0, -digits)}.${units.slice(-digits)}`;
}

/** The digits of the absolute value with one before the point, and the power of ten: `1.25` and 1 for 12.5. */
export function scientific(value: Decimal, digits: number): { mantissa: string; exponent: number } {
  if (value.units === 0n) return { mantissa: digits === 0 ? '0' : `0.${'0'.repeat(digits)}`, exponent: 0 };
  let exponent = String(absolute(value.units)).length - 1 - value.scale;
  let units = String(scaled(value, digits - exponent));
  // Rounding up can add a digit: 9.99 becomes 10.0.
  if (units.length > digits + 1) {
    exponent += 1;
    units = units.slice(0, -1);
  }
  return { mantissa: digits === 0 ? units : `${units.slice(0, 1)}.${units.slice(1)}`, exponent };
}

/** As C's `%g` writes it: the shorter of both notations, without zeros at the end. */
export function general(value: Decimal, precision: number, keepZeros = false): string {
  const digits = Math.max(precision, 1);
  const { mantissa, exponent } = scientific(value, digits - 1);
  const trimmed = (text: string) => (text.includes('.') && !keepZeros ? text.replace(/\.?0+$/, '') : text);
  if (exponent < -4 || exponent >= digits) return `${trimmed(mantissa)}${exponentText(exponent)}`;
  return trimmed(fixed(value, digits - 1 - exponent));
}

/** `e+05` */
export function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** The value in units of 10^-`digits`, rounded half away from zero. */
export function unitsOf(value: Decimal, digits: number): bigint {
  const size = scaled({ ...value, ties: 'away' }, digits);
  return value.units < 0n ? -size : size;
}

/** The absolute value times 10^`digits`, rounded. */
function scaled({ units, scale, ties }: Decimal, digits: number): bigint {
  const size = absolute(units);
  if (digits >= scale) return size * 10n ** BigInt(digits - scale);
  const divisor = 10n ** BigInt(scale - digits);
  const [quotient, rest] = [size / divisor, size % divisor];
  const isUp = 2n * rest > divisor || (2n * rest === divisor && (ties === 'away' || quotient % 2n === 1n));
  return isUp ? quotient + 1n : quotient;
}

function absolute(units: bigint): bigint {
  return units < 0n ? -units : units;
}

/** A FLOAT64 as GoogleSQL writes it: 15 digits if they give the same number, else 17. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const exact = exactDecimal(value);
  const short = general(exact, 15);
  const text = Number(short) === Math.abs(value) ? short : general(exact, 17);
  return value < 0 ? `-${text}` : text;
}

type Divide = (dividend: bigint, divisor: bigint) => bigint;

/** From so many digits on, every number is as it is. */
const ALL_DIGITS = 324;

/** A FLOAT64 with so many digits after the point, or before it when negative; of its exact value, since 1.005 is a bit less. */
function toDigits(value: number, count: number, divide: Divide): number {
  // Whatever the value is, as Google has it.
  if (count < -308) return 0;
  const isWhole = count >= 0 && Number.isInteger(value);
  if (!Number.isFinite(value) || isWhole || count >= ALL_DIGITS) return value;
  const { units, scale } = exactDecimal(Math.abs(value));
  const [tenfold, places] = [BigInt(Math.max(count, 0)), BigInt(scale + Math.max(-count, 0))];
  return Math.sign(value) * Number(`${divide(units * 10n ** tenfold, 10n ** places)}e${-count}`);
}

export const roundTo = (value: number, count: number) =>
  toDigits(value, count, (dividend, divisor) => (2n * dividend + divisor) / (2n * divisor));
export const truncateTo = (value: number, count: number) =>
  toDigits(value, count, (dividend, divisor) => dividend / divisor);
