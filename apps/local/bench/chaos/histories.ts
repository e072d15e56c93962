import type { RecordRow } from '@records/records-schema';
import { indexOf, messageOf, type Plan, recordOf } from './plan.ts';

/** What happened, by the number of a message in its plan. */
export class Histories {
  readonly #plan: Plan;
  readonly #acknowledged: Uint8Array;
  /** How often a record was sent: by its message and its copies, each as often as it was tried. */
  readonly #sent: Uint16Array;
  readonly #seen: Uint8Array;
  readonly #letters: Uint8Array;
  readonly #strange: string[] = [];
  #count = 0;

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

  /** `attempts`, from 1: requests that carried the message. Pub/Sub may have kept each, whatever became of its answer. */
  acknowledge(n: number, attempts: number): void {
    this.#count += 1;
    this.#acknowledged[n] = 1;
    const { index } = messageOf(this.#plan.seed, n);
    this.#sent[index] = Math.min(65_535, (this.#sent[index] ?? 0) + attempts);
  }

  /** A new walk begins: what an earlier one has seen does not count. */
  startWalk(): void {
    this.#seen.fill(0);
    this.#strange.length = 0;
  }

  see(record: RecordRow): void {
    const index = indexOf(record.id);
    const planned =
      index === undefined || index >= this.#plan.messages ? undefined : recordOf(this.#plan.seed, index);
    if (index === undefined || JSON.stringify(planned) !== JSON.stringify(record)) {
      this.#strange.push(`${record.id}: nobody published this content`);
    } else this.#count255(this.#seen, index);
  }

  /** A dead letter's text and reason. */
  bury(text: string, reason: string | undefined): void {
    const { id = '' } = JSON.parse(text) as { id?: string };
    const index = indexOf(id);
    if (!reason) this.#strange.push(`${id}: a dead letter without a reason`);
    if (index === undefined || index >= this.#plan.messages)
      this.#strange.push(`${id}: a dead letter of nobody`);
    else this.#count255(this.#letters, index);
  }

  /** Compares what was acknowledged with where it is. */
  verdict(): Verdict {
    const { seed, messages } = this.#plan;
    const verdict = {
      acknowledged: this.#count,
      copies: 0,
      records: 0,
      poison: 0,
      poisonInDeadLetters: 0,
      recordsInDeadLetters: 0,
      lost: [] as string[],
      twice: [] as string[],
      strange: [...this.#strange],
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
      } else {
        verdict.records += 1;
        if (letters > 0) verdict.recordsInDeadLetters += 1;
        if (seen > 1) verdict.twice.push(record.id);
      }
      if (index === n) verdict.strange.push(...this.#surplus(record.id, n));
      if (seen === 0 && letters === 0) verdict.lost.push(record.id);
    }
    return verdict;
  }

  /** What is in more places than it was sent to: each message that Pub/Sub keeps ends in one. */
  #surplus(id: string, index: number): string[] {
    const sent = this.#sent[index] ?? 0;
    const letters = this.#letters[index] ?? 0;
    const isVisible = (this.#seen[index] ?? 0) > 0;
    if (letters > sent) return [`${id}: ${letters} dead letters, sent ${sent} times`];
    if (isVisible && letters === sent)
      return [`${id}: visible, and all ${sent} that were sent are dead letters`];
    return [];
  }

  #count255(counts: Uint8Array, index: number): void {
    counts[index] = Math.min(255, (counts[index] ?? 0) + 1);
  }
}

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged messages that repeat another. */
  readonly copies: number;
  /** Acknowledged records that the table takes. */
  readonly records: number;
  /** Acknowledged records that the table refuses. */
  readonly poison: number;
  readonly poisonInDeadLetters: number;
  /** Records that the table takes, and whose writes failed five times. */
  readonly recordsInDeadLetters: number;
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
