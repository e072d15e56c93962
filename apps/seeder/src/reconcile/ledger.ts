import type { RecordRow } from '@records/records-schema';
import { recordIndex } from '../ids.ts';
import { type Plan, sameContent } from '../plan.ts';
import type { Outcome } from '../publish.ts';
import { ConflictLists } from './conflict-lists.ts';

/** A row of the table, and how often it is there. */
export interface Sighting {
  readonly row: RecordRow;
  readonly times: number;
}

/** Messages by what became of them: all but `redelivered` add up to those that Pub/Sub answered. */
export interface Totals {
  /** Records that are in the table. */
  readonly stored: number;
  /** Messages in the table that say the same as one counted before. */
  readonly duplicates: number;
  /** Messages in the table that say something else about an id than its record. */
  readonly conflicts: number;
  /** Messages that the topic refused at publish. */
  readonly refused: number;
  readonly deadLettered: number;
  /** Messages that Pub/Sub gave an id for and that are nowhere. */
  readonly missing: number;
  /** Rows beyond what was sent: Pub/Sub delivers at least once. */
  readonly redelivered: number;
}

/** Something that is not as the plan says. */
export interface Difference {
  readonly id: string;
  readonly problem: string;
  /** Messages that it concerns. */
  readonly messages: number;
}

const OUTCOMES = ['unsent', 'accepted', 'refused', 'failed'] as const;

/**
 * What was sent of a plan, and where it was seen: 11 bytes for each message, and 8 more where there are conflicts, so
 * 110 to 190 MB for ten million messages, whatever is in the table.
 */
export class Ledger {
  readonly plan: Plan;
  readonly count: number;
  readonly #outcomes: Uint8Array;
  /** Accepted messages with the content of message `index`, at the first index that says it. */
  readonly #sent: Uint16Array;
  readonly #rowsBefore: Uint16Array;
  readonly #rows: Uint16Array;
  readonly #lettersBefore: Uint8Array;
  readonly #letters: Uint8Array;
  /** Rows with a content that was not sent, by the record whose id they have. */
  readonly #foreignBefore: Uint8Array;
  readonly #foreign: Uint8Array;
  readonly #conflicts: ConflictLists;

  constructor(plan: Plan, count: number) {
    this.plan = plan;
    this.count = count;
    this.#outcomes = new Uint8Array(count);
    this.#sent = new Uint16Array(count);
    this.#rowsBefore = new Uint16Array(count);
    this.#rows = new Uint16Array(count);
    this.#lettersBefore = new Uint8Array(count);
    this.#letters = new Uint8Array(count);
    this.#foreignBefore = new Uint8Array(count);
    this.#foreign = new Uint8Array(count);
    this.#conflicts = new ConflictLists(plan, count);
  }

  settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = OUTCOMES.indexOf(outcome);
    if (outcome !== 'accepted') return;
    const isDuplicate = this.plan.kindAt(index) === 'duplicate';
    add(this.#sent, (isDuplicate ? this.plan.originalOf(index) : undefined) ?? index, 1);
  }

  /** As if everything had been sent and answered as planned: for a run that is checked later. */
  assumeSent(): void {
    for (let index = 0; index < this.count; index += 1) {
      this.settle(index, this.plan.kindAt(index) === 'invalid' ? 'refused' : 'accepted');
    }
  }

  /** Accepted messages that belong into the table, their different ids, and those that belong into the dead letters. */
  toCome(): { rows: number; ids: number; letters: number } {
    let [rows, ids, letters] = [0, 0, 0];
    for (let index = 0; index < this.count; index += 1) {
      if (this.#outcomeAt(index) !== 'accepted') continue;
      const kind = this.plan.kindAt(index);
      if (kind === 'poison') letters += 1;
      else rows += 1;
      if (kind === 'record') ids += 1;
    }
    return { rows, ids, letters };
  }

  /** A row of before this run, which does not count as one of it. */
  rowBefore(sighting: Sighting): void {
    this.#see(this.#rowsBefore, this.#foreignBefore, sighting);
  }

  /** A dead letter of before this run. Whether it has the ids of this run. */
  letterBefore(row: RecordRow): boolean {
    return this.#see(this.#lettersBefore, undefined, { row, times: 1 });
  }

  row(sighting: Sighting): void {
    this.#see(this.#rows, this.#foreign, sighting);
  }

  /** Whether the letter is of this run. */
  letter(row: RecordRow): boolean {
    return this.#see(this.#letters, undefined, { row, times: 1 });
  }

  /** Forgets what was seen of the run, to look anew. */
  forgetSeen(): void {
    for (const seen of [this.#rows, this.#letters, this.#foreign]) seen.fill(0);
  }

  totals(): Totals {
    const totals = {
      stored: 0,
      duplicates: 0,
      conflicts: 0,
      refused: 0,
      deadLettered: 0,
      missing: 0,
      redelivered: 0,
    };
    for (let index = 0; index < this.count; index += 1) {
      if (this.#outcomeAt(index) === 'refused') totals.refused += 1;
      const { sent, inTable, deadLettered, redelivered } = this.#fateOf(index);
      totals.redelivered += redelivered;
      if (this.plan.kindAt(index) === 'conflict') totals.conflicts += inTable;
      else {
        const first = Math.min(inTable, 1);
        totals.stored += first;
        totals.duplicates += inTable - first;
      }
      totals.deadLettered += deadLettered;
      totals.missing += sent - inTable - deadLettered;
    }
    return totals;
  }

  /** What is not as planned, in the order of sending. `replays`: poison may have been replayed into a mended table. */
  *differences({ replays }: { replays: boolean }): Generator<Difference> {
    for (let index = 0; index < this.count; index += 1) {
      const kind = this.plan.kindAt(index);
      const outcome = this.#outcomeAt(index);
      const { sent, rows, inTable, deadLettered } = this.#fateOf(index);
      const foreign = Math.max(0, at(this.#foreign, index) - at(this.#foreignBefore, index));
      const problems: (readonly [string, number])[] = [
        ['was refused at publish, although it is valid', Number(outcome === 'refused' && kind !== 'invalid')],
        [
          'was accepted at publish, although it is invalid',
          Number(outcome === 'accepted' && kind === 'invalid'),
        ],
        ['was not acknowledged at publish', Number(outcome === 'failed')],
        ['is in the table, although it is poison', kind === 'poison' && !replays ? inTable : 0],
        ['is in the table, although it was refused', outcome === 'refused' && sent === 0 ? rows : 0],
        ['is in the dead letters, although it is a record', kind === 'poison' ? 0 : deadLettered],
        ['is neither in the table nor in the dead letters', sent - inTable - deadLettered],
        ['is in the table with a content that was not sent', foreign],
      ];
      if (problems.every(([, messages]) => messages === 0)) continue;
      const { id } = this.plan.rowAt(index);
      for (const [problem, messages] of problems) if (messages > 0) yield { id, problem, messages };
    }
  }

  #outcomeAt(index: number): (typeof OUTCOMES)[number] {
    return OUTCOMES[at(this.#outcomes, index)] ?? 'unsent';
  }

  /** Of all accepted messages with the content of message `index`; all 0 when an earlier index has that content. */
  #fateOf(index: number): Fate {
    const sent = at(this.#sent, index);
    const rows = Math.max(0, at(this.#rows, index) - at(this.#rowsBefore, index));
    const letters = Math.max(0, at(this.#letters, index) - at(this.#lettersBefore, index));
    const inTable = Math.min(sent, rows);
    // A letter can be forwarded twice, and a row that arrived is no letter any more.
    const deadLettered = Math.min(sent - inTable, letters);
    return { sent, rows, inTable, deadLettered, redelivered: sent > 0 ? rows - inTable : 0 };
  }

  /** Counts it at the message that says this. Whether it is of this run; a longer run of the plan has later messages. */
  #see(counts: Counts, foreign: Counts | undefined, { row, times }: Sighting): boolean {
    const index = recordIndex(this.plan.people.run, row.id);
    if (index === undefined || index >= this.count) return false;
    const own = this.plan.rowAt(index);
    if (row.id === own.id && sameContent(row, own)) {
      add(counts, index, times);
      return true;
    }
    const conflicts = [...this.#conflicts.of(index)].filter((other) =>
      sameContent(row, this.plan.rowAt(other)),
    );
    // Several conflicts can say the same: each gets one, and the last the rest.
    let rest = times;
    for (const [place, other] of conflicts.entries()) {
      const share = place === conflicts.length - 1 ? rest : Math.min(rest, 1);
      add(counts, other, share);
      rest -= share;
    }
    if (conflicts.length === 0 && foreign) add(foreign, index, times);
    return true;
  }
}

interface Fate {
  readonly sent: number;
  /** Rows of this run, redelivered ones included. */
  readonly rows: number;
  readonly inTable: number;
  readonly deadLettered: number;
  readonly redelivered: number;
}

type Counts = Uint16Array | Uint8Array;

function at(counts: Counts, index: number): number {
  return counts[index] ?? 0;
}

/** Counts end at what their bytes hold. */
function add(counts: Counts, index: number, more: number): void {
  const most = 2 ** (8 * counts.BYTES_PER_ELEMENT) - 1;
  counts[index] = Math.min(at(counts, index) + more, most);
}
