/** The finalizer of MurmurHash3: each of the 32 input bits changes about half of the output bits. */
export function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Random numbers that depend only on a key and a position, in 32-bit integer arithmetic. Any position gives the same
 * numbers at any time, in any order, on any machine, so a longer run begins with the shorter one.
 */
export class Draws {
  readonly #key: number;
  #state = 0;

  constructor(key: number) {
    this.#key = key;
    this.moveTo(0);
  }

  /** Continues with the draws of `position`, an integer from 0 to 2^32 - 1. */
  moveTo(position: number): void {
    this.#state = mix(position ^ this.#key);
  }

  /** A number from 0 up to `end`, which is excluded. */
  below(end: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (mix(this.#state ^ this.#key) / 2 ** 32) * end;
  }

  chance(probability: number): boolean {
    return this.below(1) < probability;
  }

  pick<T>(list: readonly T[]): T {
    return elementAt(list, Math.floor(this.below(list.length)));
  }

  /** Two different elements. */
  pickTwo<T>(list: readonly T[]): [T, T] {
    const first = Math.floor(this.below(list.length));
    const distance = 1 + Math.floor(this.below(list.length - 1));
    return [elementAt(list, first), elementAt(list, (first + distance) % list.length)];
  }
}

function elementAt<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`there is no element ${index} in a list of ${list.length}`);
  return element;
}
