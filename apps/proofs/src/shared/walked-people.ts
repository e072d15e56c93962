import { personNumber } from './people.ts';

/** Counts how often a walk has shown each of the first people. */
export class WalkedPeople {
  readonly #times: Uint8Array;

  constructor(people: number) {
    this.#times = new Uint8Array(people);
  }

  /** Ids of others are ignored. */
  see(id: string): void {
    const n = personNumber(id);
    if (n !== undefined && n < this.#times.length) this.#times[n] = Math.min(255, (this.#times[n] ?? 0) + 1);
  }

  /** People that the walk has not shown. */
  get missed(): number {
    return this.#count((times) => times === 0);
  }

  /** People that the walk has shown more than once. */
  get repeated(): number {
    return this.#count((times) => times > 1);
  }

  #count(matches: (times: number) => boolean): number {
    return this.#times.reduce((sum, times) => sum + (matches(times) ? 1 : 0), 0);
  }
}
