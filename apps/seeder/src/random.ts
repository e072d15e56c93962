/** Mixes 32 bits so that each input bit changes about half of the output bits (the finalizer of MurmurHash3). */
export function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Random numbers that depend on a key and a position only, in 32-bit integer arithmetic: any position can be drawn at
 * any time, in any order, on any machine, and equals what it was. That is what makes streams prefix-stable.
 */
export class Draws {
  readonly #key: number;
  #state = 0;

  constructor(key: number) {
    this.#key = key;
    this.moveTo(0);
  }

  /** The next draws are those of `position`, an integer from 0 to 2^32 - 1. */
  moveTo(position: number): void {
    this.#state = mix(position ^ this.#key);
  }

  /** A number from 0 up to, and without, `end`. */
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
