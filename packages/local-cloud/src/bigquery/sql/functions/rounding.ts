/** From so many digits on, every number is as it is. */
const ALL_DIGITS = 324;

type Divide = (dividend: bigint, divisor: bigint) => bigint;

const rounded: Divide = (dividend, divisor) => (2n * dividend + divisor) / (2n * divisor);
const truncated: Divide = (dividend, divisor) => dividend / divisor;

export const roundTo = (value: number, count: number): number => toDigits(value, count, rounded);
export const truncateTo = (value: number, count: number): number => toDigits(value, count, truncated);

function toDigits(value: number, count: number, divide: Divide): number {
  if (count < 0) return toTens(value, -count, divide);
  if (count >= ALL_DIGITS || Number.isInteger(value) || !Number.isFinite(value)) return value;
  const [mantissa, halves] = fractionOf(Math.abs(value));
  const digits = divide(mantissa * 10n ** BigInt(count), 1n << halves);
  return Math.sign(value) * Number(`${digits}e-${count}`);
}

/** The mantissa of a number that is not whole, and how often it is halved. */
function fractionOf(value: number): [mantissa: bigint, halves: bigint] {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n;
  const [exponent, digits] = [bits >> 52n, bits & 0xf_ffff_ffff_ffffn];
  return exponent === 0n ? [digits, 1074n] : [digits | (1n << 52n), 1075n - exponent];
}

function toTens(value: number, zeros: number, divide: Divide): number {
  // Whatever the value is, as Google has it.
  if (zeros > 308) return 0;
  if (!Number.isFinite(value)) return value;
  const tens = 10n ** BigInt(zeros);
  const whole = BigInt(Math.trunc(Math.abs(value)));
  return Math.sign(value) * Number(divide(whole, tens) * tens);
}
