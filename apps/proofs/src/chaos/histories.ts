import type { RecordRow } from '@records/records-schema';
import { indexOf, messageOf, type Plan, POISON_FIELD, recordOf, type Share } from './plan.ts';

/** Records what happened to each message, by its number in the plan. */
export class Histories {
  readonly #plan: Plan;
  readonly #acknowledged: Uint8Array;
  /** Attempts to send a record, by its message and its copies. */
  readonly #sent: Uint16Array;
  readonly #seen: Uint8Array;
  readonly #deadLetters: Uint8Array;
  readonly #strangeRecords: string[] = [];
  readonly #strangeDeadLetters: string[] = [];
  #count = 0;
  #attempts = 0;
  #progress = Promise.withResolvers<void>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#acknowledged = new Uint8Array(plan.messages);
    this.#sent = new Uint16Array(plan.messages);
    this.#seen = new Uint8Array(plan.messages);
    this.#deadLetters = new Uint8Array(plan.messages);
  }

  /** Messages of the plan that Pub/Sub has acknowledged. */
  get acknowledged(): number {
    return this.#count;
  }

  /** Resolves at the next acknowledgement. */
  get progress(): Promise<void> {
    return this.#progress.promise;
  }

  /** A message is about to be sent. From now on Pub/Sub may have it, even when its publisher hears nothing. */
  attempt(n: number): void {
    this.#attempts += 1;
    const { index } = messageOf(this.#plan.seed, n);
    this.#sent[index] = Math.min(65_535, (this.#sent[index] ?? 0) + 1);
  }

  /** A repeated report of the same message counts once. */
  acknowledge(n: number): void {
    if (this.#acknowledged[n] === 1) return;
    this.#acknowledged[n] = 1;
    this.#count += 1;
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** The messages of a share without an acknowledgement: `again`, and all from `first` on. */
  unacknowledged({ first, step }: Share): { readonly again: readonly number[]; readonly first: number } {
    const { messages } = this.#plan;
    let next = first;
    for (let n = first; n < messages; n += step) if (this.#acknowledged[n] === 1) next = n + step;
    const again: number[] = [];
    for (let n = first; n < next; n += step) if (this.#acknowledged[n] === 0) again.push(n);
    return { again, first: next };
  }

  /** Forgets the records that earlier walks have seen. */
  startWalk(): void {
    this.#seen.fill(0);
    this.#strangeRecords.length = 0;
  }

  see(record: RecordRow): void {
    const index = indexOf(record.id);
    const planned =
      index === undefined || index >= this.#plan.messages ? undefined : recordOf(this.#plan.seed, index);
    if (index === undefined || JSON.stringify(planned) !== JSON.stringify(record)) {
      this.#strangeRecords.push(`${record.id}: visible with other content than published`);
    } else this.#count255(this.#seen, index);
  }

  addDeadLetter(text: string, reason: string | undefined): void {
    const { id = '' } = JSON.parse(text) as { id?: string };
    const index = indexOf(id);
    if (!reason?.includes(POISON_FIELD))
      this.#strangeDeadLetters.push(
        `${id}: a dead letter with ${reason ? `the reason "${reason}"` : 'no reason'}`,
      );
    if (index === undefined || index >= this.#plan.messages)
      this.#strangeDeadLetters.push(`${id}: a dead letter that nobody published`);
    else this.#count255(this.#deadLetters, index);
  }

  /** Looks up where each acknowledged message is. */
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
      strange: [...this.#strangeRecords, ...this.#strangeDeadLetters],
    };
    for (let n = 0; n < messages; n++) {
      if (this.#acknowledged[n] === 0) continue;
      const { index, isPoison, record } = messageOf(seed, n);
      const seen = this.#seen[index] ?? 0;
      const deadLetters = this.#deadLetters[index] ?? 0;
      if (index !== n) verdict.copies += 1;
      else if (isPoison) {
        verdict.poison += 1;
        if (deadLetters > 0) verdict.poisonInDeadLetters += 1;
        if (seen > 0) verdict.strange.push(`${record.id}: visible, although the table must reject it`);
        const sent = this.#sent[index] ?? 0;
        if (deadLetters > sent)
          verdict.strange.push(`${record.id}: ${deadLetters} dead letters, sent ${sent} times`);
      } else {
        verdict.records += 1;
        // No plan fails a write five times.
        if (deadLetters > 0)
          verdict.strange.push(`${record.id}: a dead letter, although the table accepts it`);
        if (seen > 1) verdict.twice.push(record.id);
      }
      if (seen === 0 && deadLetters === 0) verdict.lost.push(record.id);
    }
    return verdict;
  }

  #count255(counts: Uint8Array, index: number): void {
    counts[index] = Math.min(255, (counts[index] ?? 0) + 1);
  }
}

export interface Verdict {
  readonly acknowledged: number;
  /** Messages sent, or about to be sent when their publisher was killed. */
  readonly attempts: number;
  /** Acknowledged copies of another message. */
  readonly copies: number;
  /** Acknowledged records that the table accepts. */
  readonly records: number;
  /** Acknowledged records that the table rejects. */
  readonly poison: number;
  readonly poisonInDeadLetters: number;
  /** Ids of acknowledged messages that are neither visible nor dead letters. */
  readonly lost: readonly string[];
  /** Ids that came more than once in one walk. */
  readonly twice: readonly string[];
  /** Sentences about records that nobody published or that are in the wrong place. */
  readonly strange: readonly string[];
}

const IDS_SHOWN = 20;

/** A sentence for each broken promise. */
export function problemsOf({ lost, twice, strange, poison, poisonInDeadLetters }: Verdict): string[] {
  const list = (ids: readonly string[]) =>
    `${ids.slice(0, IDS_SHOWN).join(', ')}${ids.length > IDS_SHOWN ? `, and ${ids.length - IDS_SHOWN} more` : ''}`;
  return [
    ...(lost.length > 0 ? [`${lost.length} acknowledged messages are lost: ${list(lost)}`] : []),
    ...(twice.length > 0 ? [`${twice.length} records came twice in one walk: ${list(twice)}`] : []),
    ...(strange.length > 0 ? [`${strange.length} are in the wrong place: ${list(strange)}`] : []),
    ...(poison === poisonInDeadLetters ? [] : ['not every poison message is a dead letter']),
  ];
}
