import { reasonOf } from '@records/cli';
import type { OpenRun, RunOptions } from '../run.ts';
import type { Ticker } from '../ticker.ts';
import { waitUntilVisible } from '../verify/visible.ts';
import { lookAtDeadLetters, MAX_DEAD_LETTERS } from './dead-letters.ts';
import { openDifferences, writeDifferences } from './difference-file.ts';
import type { Difference, Totals } from './ledger.ts';
import { countRows, type RowCount, tableRows } from './table-rows.ts';

/** Differences in a result. --differences lists all. */
const FIRST_DIFFERENCES = 10;

/** The fate of every message of a run. */
export interface Reconciliation extends Totals {
  /** Messages that Pub/Sub answered: stored + duplicates + conflicts + refused + deadLettered + missing. */
  readonly answered: number;
  /** Number of deviations from the plan. */
  readonly differences: number;
  readonly firstDifferences: readonly Difference[];
  /** Why the table or the dead letters could not be read in full. */
  readonly problem: string | undefined;
}

/** The last look at the table and the dead letters. */
interface Reconciled {
  readonly reconciliation: Reconciliation;
  /** Undefined when the table did not answer. */
  readonly counted: RowCount | undefined;
  /** When every expected row was visible, in the ticker's milliseconds. */
  readonly visibleAt: number | undefined;
}

interface ReconcileOptions {
  readonly run: OpenRun;
  readonly options: RunOptions;
  /** Dead letters with ids of the run that were there before it. */
  readonly deadBefore: number;
  /** Longest wait for one more row or dead letter, in milliseconds; 0 looks once. */
  readonly stallMs: number;
  /** Poison may have been replayed into a mended table. */
  readonly replays: boolean;
  readonly ticker: Ticker;
}

/** Waits for rows and dead letters and compares them with the messages sent. Undefined after an interruption. */
export async function reconcile(request: ReconcileOptions): Promise<Reconciled | undefined> {
  const { run, options, stallMs, ticker, replays } = request;
  const { ledger, bigquery, before, plan } = run;
  const { target, signal } = options;
  const toCome = ledger.toCome();
  let expected = before.rows + toCome.rows;
  let [counted, visibleAt]: [RowCount | undefined, number | undefined] = [undefined, undefined];
  for (;;) {
    const { visible = 0, problem } = await waitUntilVisible({
      count: async () => {
        counted = await countRows(bigquery, target.table, plan.people.run);
        return counted.rows;
      },
      expected,
      stallMs,
      signal,
      ticker,
      onCount: (done) => options.onProgress?.({ phase: 'becoming visible', done, total: expected }),
    });
    if (signal?.aborted) return undefined;
    const isComplete = visible >= expected;
    if (isComplete) visibleAt ??= ticker.now();
    const seen =
      problem === undefined ? await look(request, visible, isComplete ? toCome.dead : undefined) : problem;
    if (signal?.aborted) return undefined;
    const totals = ledger.totals();
    // Enough rows and yet some missing: others came twice, so wait for one more.
    if (totals.missing > 0 && isComplete && stallMs > 0 && seen === undefined) {
      expected = visible + 1;
      continue;
    }
    if (problem !== undefined) counted = undefined;
    return { reconciliation: await summary(totals, seen), counted, visibleAt };
  }

  async function summary(totals: Totals, problem: string | undefined): Promise<Reconciliation> {
    const { differencesFile } = options;
    const { stored, duplicates, conflicts, refused, deadLettered, missing } = totals;
    const firstDifferences: Difference[] = [];
    let differences = 0;
    for (const difference of ledger.differences({ replays })) {
      differences += 1;
      if (firstDifferences.length < FIRST_DIFFERENCES) firstDifferences.push(difference);
    }
    if (differencesFile !== undefined) {
      await writeDifferences(await openDifferences(differencesFile), ledger.differences({ replays }));
    }
    const answered = stored + duplicates + conflicts + refused + deadLettered + missing;
    return { ...totals, answered, differences, firstDifferences, problem };
  }
}

/** Reads rows and dead letters into the ledger. Answers why it could not, or undefined. */
async function look(
  { run, options, deadBefore, stallMs, ticker }: ReconcileOptions,
  rows: number,
  deadToCome: number | undefined,
): Promise<string | undefined> {
  const { ledger, bigquery, plan, facts } = run;
  const { target, signal } = options;
  ledger.forgetSeen();
  try {
    for await (const sighting of tableRows(bigquery, facts.table, plan.people.run, rows))
      ledger.row(sighting);
  } catch (error) {
    return `${facts.table} cannot be read any more: ${reasonOf(error)}`;
  }
  const subscription = facts.deadLetterSubscription;
  if (ledger.totals().missing === 0 || subscription === undefined) return undefined;
  let dead = 0;
  try {
    const isAll = await lookAtDeadLetters({
      target,
      subscription,
      quietMs: deadToCome ? stallMs : 0,
      ticker,
      signal,
      onDeadLetter: (row) => {
        if (ledger.deadLetter(row)) dead += 1;
        return deadToCome !== undefined && deadToCome > 0 && dead >= deadBefore + deadToCome;
      },
    });
    if (isAll || ledger.totals().missing === 0) return undefined;
    return `${subscription} has more than ${MAX_DEAD_LETTERS} dead letters, too many to read all`;
  } catch (error) {
    return `the dead letters in ${subscription} cannot be read: ${reasonOf(error)}`;
  }
}
