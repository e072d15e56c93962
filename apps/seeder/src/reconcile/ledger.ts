import type { RecordRow } from '@records/records-schema';
import { recordIndex } from '../ids.ts';
import { type Plan, sameContent } from '../plan.ts';
import type { Outcome } from '../publish.ts';
import { ConflictLists } from './conflict-lists.ts';

/** A row of the table, and how often the table holds it. */
export interface Sighting {
  readonly row: RecordRow;
  readonly times: number;
}

/** Messages by their fate. All but `redelivered` add up to those that Pub/Sub answered. */
export interface Totals {
  /** Records in the table. */
  readonly stored: number;
  /** Messages in the table with the content of one counted before. */
  readonly duplicates: number;
  /** Messages in the table that contradict the record of their id. */
  readonly conflicts: number;
  /** Messages that the topic refused at publish. */
  readonly refused: number;
  readonly deadLettered: number;
  /** Messages that Pub/Sub accepted, found neither in the table nor in the dead letters. */
  readonly missing: number;
  /** Rows beyond the messages sent: Pub/Sub delivers at least once. */
  readonly redelivered: number;
}

/** A deviation from the plan. */
export interface Difference {
  readonly id: string;
  readonly problem: string;
  /** Number of messages concerned. */
  readonly messages: number;
}

const OUTCOMES = ['unsent', 'accepted', 'refused', 'failed'] as const;

/**
 * Which messages of a plan were sent, and where they were seen. Needs 11 bytes per message, and 8 more with conflicts: 110
 * to 190 MB for ten million messages, whatever the table holds.
 */
export class Ledger {
  readonly plan: Plan;
  readonly count: number;
  readonly #outcomes: Uint8Array;
  /** Accepted messages with the content of message `index`, at the first index with that content. */
  readonly #sent: Uint16Array;
  readonly #rowsBefore: Uint16Array;
  readonly #rows: Uint16Array;
  readonly #deadBefore: Uint8Array;
  readonly #dead: Uint8Array;
  /** Rows with content that was not sent, by the record of their id. */
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
    this.#deadBefore = new Uint8Array(count);
    this.#dead = new Uint8Array(count);
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

  /** Settles every message as planned, to check a run again later. */
  assumeSent(): void {
    for (let index = 0; index < this.count; index += 1) {
      this.settle(index, this.plan.kindAt(index) === 'invalid' ? 'refused' : 'accepted');
    }
  }

  /** Accepted messages that belong in the table, their different ids, and those that belong in the dead letters. */
  toCome(): { rows: number; ids: number; dead: number } {
    let [rows, ids, dead] = [0, 0, 0];
    for (let index = 0; index < this.count; index += 1) {
      if (this.#outcomeAt(index) !== 'accepted') continue;
      const kind = this.plan.kindAt(index);
      if (kind === 'poison') dead += 1;
      else rows += 1;
      if (kind === 'record') ids += 1;
    }
    return { rows, ids, dead };
  }

  /** Records a row that was there before the run, and does not count. */
  rowBefore(sighting: Sighting): void {
    this.#see(this.#rowsBefore, this.#foreignBefore, sighting);
  }

  /** Records a dead letter that was there before the run. Answers whether it has an id of the run. */
  deadLetterBefore(row: RecordRow): boolean {
    return this.#see(this.#deadBefore, undefined, { row, times: 1 });
  }

  row(sighting: Sighting): void {
    this.#see(this.#rows, this.#foreign, sighting);
  }

  /** Answers whether the dead letter is of this run. */
  deadLetter(row: RecordRow): boolean {
    return this.#see(this.#dead, undefined, { row, times: 1 });
  }

  /** Forgets rows and dead letters of the run, to look again. */
  forgetSeen(): void {
    for (const seen of [this.#rows, this.#dead, this.#foreign]) seen.fill(0);
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
      if (at(this.#sent, index) === 0) continue;
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

  /** Deviations from the plan, in the order of sending. `replays`: poison may have been replayed into a mended table. */
  *differences({ replays }: { replays: boolean }): Generator<Difference> {
    for (let index = 0; index < this.count; index += 1) {
      const outcome = this.#outcomeAt(index);
      const foreign = Math.max(0, at(this.#foreign, index) - at(this.#foreignBefore, index));
      // A run that stops early leaves most messages so.
      if (outcome === 'unsent' && at(this.#sent, index) === 0 && foreign === 0) continue;
      const kind = this.plan.kindAt(index);
      const { sent, rows, inTable, deadLettered } = this.#fateOf(index);
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

  /** The fate of all accepted messages with the content of message `index`; all 0 when an earlier index has it. */
  #fateOf(index: number): Fate {
    const sent = at(this.#sent, index);
    const rows = Math.max(0, at(this.#rows, index) - at(this.#rowsBefore, index));
    const dead = Math.max(0, at(this.#dead, index) - at(this.#deadBefore, index));
    const inTable = Math.min(sent, rows);
    // A dead letter can be forwarded twice, and a stored message no longer counts as a dead letter.
    const deadLettered = Math.min(sent - inTable, dead);
    return { sent, rows, inTable, deadLettered, redelivered: sent > 0 ? rows - inTable : 0 };
  }

  /** Counts a row at its message. Answers whether it is of this run: a longer run of the plan has later messages. */
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
    // Several conflicts can be equal: each gets one row, and the last one the rest.
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

/** Adds up to the maximum of the array's element. */
function add(counts: Counts, index: number, more: number): void {
  const most = 2 ** (8 * counts.BYTES_PER_ELEMENT) - 1;
  counts[index] = Math.min(at(counts, index) + more, most);
}
