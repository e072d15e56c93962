import type { Plan } from '../plan.ts';

/** The conflicts of each record as linked lists: 8 bytes per message of a plan with conflicts. */
export class ConflictLists {
  /** The last conflict of a record, and the conflict before each conflict; each plus 1, with 0 as the end. */
  readonly #last: Uint32Array;
  readonly #before: Uint32Array;

  constructor(plan: Plan, count: number) {
    const size = plan.mix.conflicts > 0 ? count : 0;
    this.#last = new Uint32Array(size);
    this.#before = new Uint32Array(size);
    for (let index = 0; index < size; index += 1) {
      if (plan.kindAt(index) !== 'conflict') continue;
      const original = plan.originalOf(index);
      if (original === undefined) continue;
      this.#before[index] = this.#last[original] ?? 0;
      this.#last[original] = index + 1;
    }
  }

  *of(record: number): Generator<number> {
    for (let next = this.#last[record] ?? 0; next > 0; next = this.#before[next - 1] ?? 0) yield next - 1;
  }
}
