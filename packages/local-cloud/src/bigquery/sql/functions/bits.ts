import { defined, FunctionError, ofBytes } from './computed.ts';

/** Operators on the bits of an INT64 or of BYTES. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators#bitwise_operators */

const INT64_BITS = 64n;

function assertOffset(offset: bigint): void {
  if (offset < 0n) throw new FunctionError('Bitwise shift by negative offset.');
}

const toNumber = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);

function toBytes(value: bigint, length: number): Uint8Array {
  const bits = BigInt.asUintN(length * 8, value);
  return length === 0 ? new Uint8Array() : Buffer.from(bits.toString(16).padStart(length * 2, '0'), 'hex');
}

/** A shift of an INT64 and of BYTES. The bits that come in are 0 for negative numbers, too. */
const shift = (name: string, compute: (value: bigint, offset: bigint) => bigint) => ({
  INT64: defined(name, 'INT64, INT64 -> INT64', (value, offset) => {
    assertOffset(offset);
    return offset >= INT64_BITS ? 0n : BigInt.asIntN(64, compute(BigInt.asUintN(64, value), offset));
  }),
  BYTES: defined(`${name}_of_bytes`, 'BYTES, INT64 -> BYTES', (bytes, offset) => {
    assertOffset(offset);
    const isGone = offset >= BigInt(bytes.length * 8);
    return isGone ? new Uint8Array(bytes.length) : toBytes(compute(toNumber(bytes), offset), bytes.length);
  }),
});

export const SHIFTS = {
  '<<': shift('shift_left', (value, offset) => value << offset),
  '>>': shift('shift_right', (value, offset) => value >> offset),
};

const ofEqualLength = (name: string, combine: (a: bigint, b: bigint) => bigint) =>
  defined(name, 'BYTES, BYTES -> BYTES', (a, b) => {
    if (a.length !== b.length)
      throw new FunctionError(
        `Bitwise binary operator for BYTES requires equal length of the inputs. Got ${a.length} bytes on the left hand side and ${b.length} bytes on the right hand side.`,
      );
    return toBytes(combine(toNumber(a), toNumber(b)), a.length);
  });

export const BYTE_OPERATORS = {
  '&': ofEqualLength('and_bytes', (a, b) => a & b),
  '|': ofEqualLength('or_bytes', (a, b) => a | b),
  '^': ofEqualLength('xor_bytes', (a, b) => a ^ b),
};

export const notBytes = defined('not_bytes', 'BYTES -> BYTES', (bytes) => bytes.map((byte) => ~byte & 255));

export const BIT_COUNT_OF_BYTES = ofBytes('bit_count', '$ -> INT64', (text) => {
  const bits = Array.from(text, (byte) => byte.charCodeAt(0).toString(2).replaceAll('0', '').length);
  return BigInt(bits.reduce((sum, count) => sum + count, 0));
});
