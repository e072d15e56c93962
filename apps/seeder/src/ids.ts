import { createHash } from 'node:crypto';
import { mix } from './random.ts';

/** Crockford's base 32: no letter looks like a digit, and its order is that of ASCII. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Bits of an id's second part: 8 characters of 5 bits. */
const INDEX_BITS = 40;

/** Names a run: equal for equal seed, locale and generator version. */
export interface Run {
  /** 8 characters; every id of the run starts with it and a hyphen. */
  readonly key: string;
  /** Seeds the run's random numbers; 32 bits. */
  readonly randomKey: number;
}

/** `variant` tells runs apart that share a seed and send other messages. */
export function runOf(seed: number, locale: string, generatorVersion: number, variant: unknown[] = []): Run {
  const digest = createHash('sha256')
    .update(JSON.stringify(['records-seeder', generatorVersion, locale, seed, ...variant]))
    .digest();
  return { key: base32(digest.readUIntBE(0, INDEX_BITS / 8)), randomKey: digest.readUInt32BE(8) };
}

export function idPrefix(run: Run): string {
  return `${run.key}-`;
}

/** The id of record number `index`. Ids are unique, and their order says nothing about the order of sending. */
export function recordId(run: Run, index: number): string {
  return idPrefix(run) + base32(scramble(index, run.randomKey, INDEX_BITS));
}

/** The number of the record with this id; undefined for an id that is not of this run. */
export function recordIndex(run: Run, id: string): number | undefined {
  const prefix = idPrefix(run);
  if (!id.startsWith(prefix) || id.length !== prefix.length + INDEX_BITS / 5) return undefined;
  let number = 0;
  for (const character of id.slice(prefix.length)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return undefined;
    number = number * 32 + digit;
  }
  return unscramble(number, run.randomKey, INDEX_BITS);
}

/** Cuts the ids of a run into `parts` ranges of equal size. A range excludes its end, `to`. */
export function* idRanges(run: Run, parts: number): Generator<{ from: string; to: string }> {
  const startOf = (part: number) => idPrefix(run) + base32(Math.floor((part / parts) * 2 ** INDEX_BITS));
  for (let part = 0; part < parts; part += 1) {
    // In ASCII, the dot follows the hyphen.
    yield { from: startOf(part), to: part + 1 < parts ? startOf(part + 1) : `${run.key}.` };
  }
}

/** Permutes the integers below 2^bits by a Feistel network, whatever `mix` does. `bits` is even and at most 52. */
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

/** The inverse of `scramble`. */
function unscramble(number: number, key: number, bits: number): number {
  const half = 2 ** (bits / 2);
  let left = Math.floor(number / half);
  let right = number % half;
  for (let round = 4; round >= 1; round -= 1) {
    const before = right ^ (mix(left ^ mix(key + round)) & (half - 1));
    right = left;
    left = before;
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
