import { DuckDBBlobValue } from '@duckdb/node-api';

/**
 * A BIGNUMERIC is a whole number of units of 10^-38 in 32 bytes. Stored with the largest byte first and the sign inverted, the
 * bytes sort as the numbers do. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types
 */

export const BIGNUMERIC_SCALE = 38;
const BYTES = 32;
const BIAS = 1n << 255n;

export function isBigNumeric(units: bigint): boolean {
  return units >= -BIAS && units < BIAS;
}

export function encodeBigNumeric(units: bigint): DuckDBBlobValue {
  const hex = (units + BIAS).toString(16).padStart(BYTES * 2, '0');
  return new DuckDBBlobValue(Buffer.from(hex, 'hex'));
}

export function decodeBigNumeric({ bytes }: DuckDBBlobValue): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`) - BIAS;
}

/** Units of 10^-`scale` in digits, without zeros at the end: `1.5`. */
export function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '');
  return units < 0n ? `-${text}` : text;
}
