/** Lets a bounded number of works run at one time, the others in the order in which they came. Whoever bounds the callers bounds the line. */
export class Turns {
  readonly #line: (() => void)[] = [];
  #free: number;

  /** `places`: 1 and more. */
  constructor(places: number) {
    this.#free = places;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
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
