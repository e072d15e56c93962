import { OVERLOADED, ProblemError } from '../problems/problem.ts';

/** Lets a bounded number of works run at one time, and a bounded number wait, in the order in which they came. */
export class Turns {
  readonly #line: (() => void)[] = [];
  readonly #maxWaiting: number;
  #free: number;

  /** `places`: 1 and more. */
  constructor(places: number, maxWaiting: number) {
    this.#free = places;
    this.#maxWaiting = maxWaiting;
  }

  /** Throws `overloaded` when too many wait. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#line.length >= this.#maxWaiting) throw new ProblemError('overloaded', OVERLOADED);
    else await new Promise<void>((resolve) => this.#line.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
