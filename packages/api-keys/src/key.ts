import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Shows a person, or a scanner for secrets, that a text is a key of this API. */
const PREFIX = 'rec_';
const SECRET_BYTES = 16;
const SHAPE = /^rec_[0-9a-f]{40}$/;
const CHECKSUM_DIGITS = 8;

/** A new key: the prefix, 128 random bits and a CRC-32 checksum, in lower-case hexadecimal digits. */
export function mintKey(): string {
  const start = `${PREFIX}${randomBytes(SECRET_BYTES).toString('hex')}`;
  return start + checksumOf(start);
}

/** Whether a text has the form and the checksum of a key. A mistyped or shortened key does not. */
export function isWellFormed(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_DIGITS)) === text.slice(-CHECKSUM_DIGITS);
}

/** SHA-256 of a key in hexadecimal digits: all that is stored. A fast hash is safe, because nobody can try out 128 random bits. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The id of a key for people: the first 12 digits of its hash, which reveal nothing of the key. */
export function idOf(sha256: string): string {
  return sha256.slice(0, 12);
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
