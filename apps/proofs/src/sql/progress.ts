import type { Side } from './answer.ts';

/** What each tenth of a run took: the memory of both sides, and the median time of an answer. */
export class Progress {
  readonly #sides: readonly (readonly [name: string, side: Side])[];
  readonly #queries: number;
  #times: number[][] = [];
  #asked = 0;
  #started = performance.now();
  #lines: string[] = [];

  constructor(sides: Readonly<Record<string, Side>>, queries: number) {
    this.#sides = Object.entries(sides);
    this.#queries = queries;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** `times` are the milliseconds that each side took. */
  add(times: readonly number[]): void {
    this.#times.push([...times]);
    this.#asked += 1;
    const tenth = Math.floor((this.#asked * 10) / this.#queries);
    if (tenth > Math.floor(((this.#asked - 1) * 10) / this.#queries)) this.#close();
  }

  #close(): void {
    const perSecond = (this.#times.length * 1_000) / (performance.now() - this.#started);
    const sides = this.#sides.map(([name, side], index) => {
      const times = this.#times.map((each) => each[index] ?? 0).sort((a, b) => a - b);
      const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
      return `${name} ${side.memory()} MB, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
    });
    const line = `${this.#asked} queries, ${perSecond.toFixed(0)} per second; ${sides.join('; ')}`;
    console.log(line);
    this.#lines.push(line);
    this.#times = [];
    this.#started = performance.now();
  }
}
