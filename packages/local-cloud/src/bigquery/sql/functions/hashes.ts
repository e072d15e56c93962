import { createHash } from 'node:crypto';
import { computed } from './computed.ts';
import { type FunctionTable, overload } from './table.ts';

const HASH_ARGUMENT = ['STRING', 'BYTES'] as const;

const ofDuckDB = (name: string) =>
  HASH_ARGUMENT.map((type) => overload(`${type} -> BYTES`, ([x]) => `unhex(${name}(${x}))`));

/**
 * FarmHash's Fingerprint64, as https://github.com/google/farmhash describes it: a text of up to 16, 32 or 64 bytes is mixed
 * from its ends, a longer one by blocks of 64. All arithmetic is modulo 2^64.
 * farmhash-modern 1.1.0 of npm gives other numbers for 128, 192, 256, … bytes.
 */
const MASK = (1n << 64n) - 1n;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

const wrap = (value: bigint) => value & MASK;
const rotate = (value: bigint, bits: bigint) => wrap((value >> bits) | (value << (64n - bits)));
const shiftMix = (value: bigint) => value ^ (value >> 47n);

function mixed(u: bigint, v: bigint, factor: bigint): bigint {
  const first = shiftMix(wrap((u ^ v) * factor));
  return wrap(shiftMix(wrap((v ^ first) * factor)) * factor);
}

function ofUpTo16(bytes: Buffer): bigint {
  const { length } = bytes;
  const factor = wrap(K2 + 2n * BigInt(length));
  if (length >= 8) {
    const [a, b] = [wrap(bytes.readBigUInt64LE(0) + K2), bytes.readBigUInt64LE(length - 8)];
    return mixed(wrap(rotate(b, 37n) * factor + a), wrap((rotate(a, 25n) + b) * factor), factor);
  }
  if (length >= 4)
    return mixed(
      wrap(BigInt(length) + (BigInt(bytes.readUInt32LE(0)) << 3n)),
      BigInt(bytes.readUInt32LE(length - 4)),
      factor,
    );
  if (length === 0) return K2;
  const [first = 0, middle = 0, last = 0] = [bytes[0], bytes[length >> 1], bytes[length - 1]];
  const [y, z] = [BigInt(first + middle * 256), BigInt(length + last * 4)];
  return wrap(shiftMix(wrap(y * K2) ^ wrap(z * K0)) * K2);
}

/** Mixes 16 bytes of each end. */
function ofEnds(bytes: Buffer, multiplier: bigint) {
  const { length } = bytes;
  const factor = wrap(K2 + 2n * BigInt(length));
  const a = wrap(bytes.readBigUInt64LE(0) * multiplier);
  const b = bytes.readBigUInt64LE(8);
  const c = wrap(bytes.readBigUInt64LE(length - 8) * factor);
  const d = wrap(bytes.readBigUInt64LE(length - 16) * K2);
  const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  return { length, factor, a, y, z: mixed(y, wrap(a + rotate(wrap(b + K2), 18n) + c), factor) };
}

const ofUpTo32 = (bytes: Buffer) => ofEnds(bytes, K1).z;

function ofUpTo64(bytes: Buffer): bigint {
  const { length, factor, a, y, z } = ofEnds(bytes, K2);
  const e = wrap(bytes.readBigUInt64LE(16) * factor);
  const f = bytes.readBigUInt64LE(24);
  const g = wrap((y + bytes.readBigUInt64LE(length - 32)) * factor);
  const h = wrap((z + bytes.readBigUInt64LE(length - 24)) * factor);
  return mixed(
    wrap(rotate(wrap(e + f), 43n) + rotate(g, 30n) + h),
    wrap(e + rotate(wrap(f + a), 18n) + g),
    factor,
  );
}

/** Mixes 32 bytes into two seeds. */
function weak(bytes: Buffer, at: number, first: bigint, second: bigint): readonly [bigint, bigint] {
  const [w, x, y, z] = [0, 8, 16, 24].map((offset) => bytes.readBigUInt64LE(at + offset));
  const a = wrap(first + (w ?? 0n));
  const b = rotate(wrap(second + a + (z ?? 0n)), 21n);
  const sum = wrap(a + (x ?? 0n) + (y ?? 0n));
  return [wrap(sum + (z ?? 0n)), wrap(b + rotate(sum, 44n) + a)];
}

function ofBlocks(bytes: Buffer): bigint {
  const seed = 81n;
  let x = seed;
  let y = wrap(seed * K1 + 113n);
  let z = wrap(shiftMix(wrap(y * K2 + 113n)) * K2);
  let v: readonly [bigint, bigint] = [0n, 0n];
  let w: readonly [bigint, bigint] = [0n, 0n];
  x = wrap(x * K2 + bytes.readBigUInt64LE(0));
  const end = Math.floor((bytes.length - 1) / 64) * 64;
  const last = bytes.length - 64;
  for (let at = 0; at < end; at += 64) {
    x = wrap(rotate(wrap(x + y + v[0] + bytes.readBigUInt64LE(at + 8)), 37n) * K1);
    y = wrap(rotate(wrap(y + v[1] + bytes.readBigUInt64LE(at + 48)), 42n) * K1);
    x ^= w[1];
    y = wrap(y + v[0] + bytes.readBigUInt64LE(at + 40));
    z = wrap(rotate(wrap(z + w[0]), 33n) * K1);
    v = weak(bytes, at, wrap(v[1] * K1), wrap(x + w[0]));
    w = weak(bytes, at + 32, wrap(z + w[1]), wrap(y + bytes.readBigUInt64LE(at + 16)));
    [z, x] = [x, z];
  }
  const factor = wrap(K1 + ((z & 0xffn) << 1n));
  w = [wrap(w[0] + BigInt((bytes.length - 1) & 63)), w[1]];
  v = [wrap(v[0] + w[0]), v[1]];
  w = [wrap(w[0] + v[0]), w[1]];
  x = wrap(rotate(wrap(x + y + v[0] + bytes.readBigUInt64LE(last + 8)), 37n) * factor);
  y = wrap(rotate(wrap(y + v[1] + bytes.readBigUInt64LE(last + 48)), 42n) * factor);
  x ^= wrap(w[1] * 9n);
  y = wrap(y + v[0] * 9n + bytes.readBigUInt64LE(last + 40));
  z = wrap(rotate(wrap(z + w[0]), 33n) * factor);
  v = weak(bytes, last, wrap(v[1] * factor), wrap(x + w[0]));
  w = weak(bytes, last + 32, wrap(z + w[1]), wrap(y + bytes.readBigUInt64LE(last + 16)));
  [z, x] = [x, z];
  return mixed(
    wrap(mixed(v[0], w[0], factor) + shiftMix(y) * K0 + z),
    wrap(mixed(v[1], w[1], factor) + x),
    factor,
  );
}

function fingerprint(bytes: Buffer): bigint {
  const { length } = bytes;
  const of = length <= 16 ? ofUpTo16 : length <= 32 ? ofUpTo32 : length <= 64 ? ofUpTo64 : ofBlocks;
  return BigInt.asIntN(64, of(bytes));
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/hash_functions */
export const HASH_FUNCTIONS: FunctionTable = {
  MD5: ofDuckDB('md5'),
  SHA1: ofDuckDB('sha1'),
  SHA256: ofDuckDB('sha256'),
  SHA512: [
    computed('sha512', 'STRING -> BYTES', (text) => createHash('sha512').update(text).digest()),
    computed('sha512_of_bytes', 'BYTES -> BYTES', (bytes) => createHash('sha512').update(bytes).digest()),
  ],
  FARM_FINGERPRINT: [
    computed('farm_fingerprint', 'STRING -> INT64', (text) => fingerprint(Buffer.from(text))),
    computed('farm_fingerprint_of_bytes', 'BYTES -> INT64', (bytes) => fingerprint(Buffer.from(bytes))),
  ],
};
