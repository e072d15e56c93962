import type { RecordRow } from '@records/records-schema';
import { indexOf, messageOf, type Plan, POISON_FIELD, recordOf, type Share } from './plan.ts';

/** What happened, by the number of a message in its plan. */
export class Histories {
  readonly #plan: Plan;
  readonly #acknowledged: Uint8Array;
  /** How often a record was sent at most: by its message and its copies, each as often as it was tried. */
  readonly #sent: Uint16Array;
  readonly #seen: Uint8Array;
  readonly #letters: Uint8Array;
  readonly #strangeRecords: string[] = [];
  readonly #strangeLetters: string[] = [];
  #count = 0;
  #attempts = 0;
  #progress = Promise.withResolvers<void>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#acknowledged = new Uint8Array(plan.messages);
    this.#sent = new Uint16Array(plan.messages);
    this.#seen = new Uint8Array(plan.messages);
    this.#letters = new Uint8Array(plan.messages);
  }

  /** Messages of the plan that Pub/Sub has acknowledged. */
  get acknowledged(): number {
    return this.#count;
  }

  /** Resolves at the next acknowledgement. */
  get progress(): Promise<void> {
    return this.#progress.promise;
  }

  /** A message is about to be sent: from now on Pub/Sub may keep it, whatever becomes of the answer and of who sent it. */
  attempt(n: number): void {
    this.#attempts += 1;
    const { index } = messageOf(this.#plan.seed, n);
    this.#sent[index] = Math.min(65_535, (this.#sent[index] ?? 0) + 1);
  }

  /** One that comes again, since its first report was lost with who sent it, is the same. */
  acknowledge(n: number): void {
    if (this.#acknowledged[n] === 1) return;
    this.#acknowledged[n] = 1;
    this.#count += 1;
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** What of a share nobody knows to be acknowledged: `again`, and everything from `first` on. */
  unacknowledged({ first, step }: Share): { readonly again: readonly number[]; readonly first: number } {
    const { messages } = this.#plan;
    let next = first;
    for (let n = first; n < messages; n += step) if (this.#acknowledged[n] === 1) next = n + step;
    const again: number[] = [];
    for (let n = first; n < next; n += step) if (this.#acknowledged[n] === 0) again.push(n);
    return { again, first: next };
  }

  /** A new walk begins: what an earlier one has seen does not count. */
  startWalk(): void {
    this.#seen.fill(0);
    this.#strangeRecords.length = 0;
  }

  see(record: RecordRow): void {
    const index = indexOf(record.id);
    const planned =
      index === undefined || index >= this.#plan.messages ? undefined : recordOf(this.#plan.seed, index);
    if (index === undefined || JSON.stringify(planned) !== JSON.stringify(record)) {
      this.#strangeRecords.push(`${record.id}: nobody published this content`);
    } else this.#count255(this.#seen, index);
  }

  /** A dead letter's text and reason. */
  bury(text: string, reason: string | undefined): void {
    const { id = '' } = JSON.parse(text) as { id?: string };
    const index = indexOf(id);
    if (!reason?.includes(POISON_FIELD))
      this.#strangeLetters.push(`${id}: a dead letter by ${reason ? `the reason "${reason}"` : 'no reason'}`);
    if (index === undefined || index >= this.#plan.messages)
      this.#strangeLetters.push(`${id}: a dead letter of nobody`);
    else this.#count255(this.#letters, index);
  }

  /** Compares what was acknowledged with where it is. */
  verdict(): Verdict {
    const { seed, messages } = this.#plan;
    const verdict = {
      acknowledged: this.#count,
      attempts: this.#attempts,
      copies: 0,
      records: 0,
      poison: 0,
      poisonInDeadLetters: 0,
      lost: [] as string[],
      twice: [] as string[],
      strange: [...this.#strangeRecords, ...this.#strangeLetters],
    };
    for (let n = 0; n < messages; n++) {
      if (this.#acknowledged[n] === 0) continue;
      const { index, isPoison, record } = messageOf(seed, n);
      const seen = this.#seen[index] ?? 0;
      const letters = this.#letters[index] ?? 0;
      if (index !== n) verdict.copies += 1;
      else if (isPoison) {
        verdict.poison += 1;
        if (letters > 0) verdict.poisonInDeadLetters += 1;
        if (seen > 0) verdict.strange.push(`${record.id}: visible, although the table must refuse it`);
        const sent = this.#sent[index] ?? 0;
        if (letters > sent) verdict.strange.push(`${record.id}: ${letters} dead letters, sent ${sent} times`);
      } else {
        verdict.records += 1;
        // No fault of a plan fails a write five times.
        if (letters > 0) verdict.strange.push(`${record.id}: a dead letter, although the table takes it`);
        if (seen > 1) verdict.twice.push(record.id);
      }
      if (seen === 0 && letters === 0) verdict.lost.push(record.id);
    }
    return verdict;
  }

  #count255(counts: Uint8Array, index: number): void {
    counts[index] = Math.min(255, (counts[index] ?? 0) + 1);
  }
}

export interface Verdict {
  readonly acknowledged: number;
  /** How often a message was sent, or was about to be when who sent it was killed. */
  readonly attempts: number;
  /** Acknowledged messages that repeat another. */
  readonly copies: number;
  /** Acknowledged records that the table takes. */
  readonly records: number;
  /** Acknowledged records that the table refuses. */
  readonly poison: number;
  readonly poisonInDeadLetters: number;
  /** Acknowledged, and neither visible nor a dead letter. */
  readonly lost: readonly string[];
  /** More than once in one walk. */
  readonly twice: readonly string[];
  /** What nobody published, or is where it must not be, each with the reason. */
  readonly strange: readonly string[];
}

export function isGood({ lost, twice, strange, poison, poisonInDeadLetters }: Verdict): boolean {
  return lost.length + twice.length + strange.length === 0 && poison === poisonInDeadLetters;
}
