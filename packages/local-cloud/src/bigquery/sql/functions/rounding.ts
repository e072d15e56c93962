/** Larger numbers are whole, and `toFixed` writes them with an exponent. */
const MAX_WITH_FRACTION = 1e21;
const MAX_DIGITS = 100;

export function roundTo(value: number, count: number): number {
  if (count < 0) return toTens(value, -count, (whole, tens) => (2n * whole + tens) / (2n * tens));
  if (!(Math.abs(value) < MAX_WITH_FRACTION) || count > MAX_DIGITS) return value;
  return Number(value.toFixed(count));
}

export function truncateTo(value: number, count: number): number {
  if (count < 0) return toTens(value, -count, (whole, tens) => whole / tens);
  if (!(Math.abs(value) < MAX_WITH_FRACTION) || count >= MAX_DIGITS) return value;
  const [whole, fraction = ''] = value.toFixed(MAX_DIGITS).split('.');
  return Number(`${whole}.${fraction.slice(0, count)}`);
}

function toTens(value: number, zeros: number, divide: (whole: bigint, tens: bigint) => bigint): number {
  // Whatever the value is, as Google has it.
  if (zeros > 308) return 0;
  if (!Number.isFinite(value)) return value;
  const tens = 10n ** BigInt(zeros);
  const whole = BigInt(Math.trunc(Math.abs(value)));
  return Math.sign(value) * Number(divide(whole, tens) * tens);
}
