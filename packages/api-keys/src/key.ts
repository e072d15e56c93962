import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** By it a person, or a scanner of secrets, knows a key of this API. */
const PREFIX = 'rec_';
const SECRET_BYTES = 16;
const SHAPE = /^rec_[0-9a-f]{40}$/;
const CHECKSUM_DIGITS = 8;

/** A new key: the prefix, 128 random bits and a checksum (CRC-32), in lower-case hexadecimal digits. */
export function mintKey(): string {
  const start = `${PREFIX}${randomBytes(SECRET_BYTES).toString('hex')}`;
  return start + checksumOf(start);
}

/** Whether a text can be a key at all; a mistyped or shortened one can not. */
export function isWellFormed(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_DIGITS)) === text.slice(-CHECKSUM_DIGITS);
}

/**
 * SHA-256 of a key in hexadecimal digits: all that is stored. A slow hash protects words that people choose; 128 random
 * bits can not be tried out, however fast the hash.
 */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** How people name a key: the first 12 digits of its hash, which say nothing about it. */
export function idOf(sha256: string): string {
  return sha256.slice(0, 12);
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
