import { createHash } from 'node:crypto';
import { mix } from './random.ts';

/** Crockford's base 32: no letter is taken for a digit, and its order is that of ASCII. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Bits of an id's second part: 8 characters of 5 bits. */
const INDEX_BITS = 40;

/** What all records of one run have in common: equal for equal seed, locale and generator version. */
export interface Run {
  /** 8 characters; every id of the run starts with it and a hyphen. */
  readonly key: string;
  /** Key of the run's random numbers, 32 bits. */
  readonly randomKey: number;
}

export function runOf(seed: number, locale: string, generatorVersion: number): Run {
  const digest = createHash('sha256')
    .update(JSON.stringify(['records-seeder', generatorVersion, locale, seed]))
    .digest();
  return { key: base32(digest.readUIntBE(0, INDEX_BITS / 8)), randomKey: digest.readUInt32BE(8) };
}

export function idPrefix(run: Run): string {
  return `${run.key}-`;
}

/** The id of the run's record number `index`: unique, in no order that anybody could mistake for the order of sending. */
export function recordId(run: Run, index: number): string {
  return idPrefix(run) + base32(scramble(index, run.randomKey, INDEX_BITS));
}

/**
 * A permutation of the integers below 2^bits (a Feistel network: it never maps two to one, whatever `mix` does).
 * `bits` is even and at most 52.
 */
export function scramble(index: number, key: number, bits: number): number {
  const half = 2 ** (bits / 2);
  let left = Math.floor(index / half);
  let right = index % half;
  for (let round = 1; round <= 4; round += 1) {
    const next = left ^ (mix(right ^ mix(key + round)) & (half - 1));
    left = right;
    right = next;
  }
  return left * half + right;
}

function base32(number: number): string {
  let text = '';
  let rest = number;
  for (let place = 0; place < INDEX_BITS / 5; place += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
