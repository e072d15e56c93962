import { MAX_DELTA_ROWS } from '../queries.ts';
import { extraOf, lifeMs, standingMs, WALK_MS } from './list-names.ts';
import { Pace, type PaceOptions } from './pace.ts';
import { deltaBytes } from './table-state.ts';

const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS;
/** The least that a query is billed for a table. https://cloud.google.com/bigquery/pricing */
const LEAST_BYTES = 10 * 2 ** 20;
/** As ListMaker divides a list. */
const PART_ROWS = 1_000_000;
const MAX_PARTS = 500;
/** Tables of the scratch dataset expire: SCRATCH_MS in infra/src/components/warehouse.ts. */
const SCRATCH_MS = 24 * 60 * MINUTE_MS;

export type { PaceOptions };

export interface BillOptions extends PaceOptions {
  /** Of the table at the beginning of the month. */
  readonly tableBytes: number;
  readonly rowBytes: number;
  /** What arrives in the month, evenly. */
  readonly arrivingBytes: number;
  /** Milliseconds from one request for the list to the next. */
  readonly readEveryMs: number;
}

/** What the lists of a month scan. */
export interface Bill {
  readonly bytes: number;
  /** How long one list stays the newest on average; infinite without lists. Milliseconds. */
  readonly periodMs: number;
  /** Lists of the whole table. */
  readonly bases: number;
  /** What their tables hold on average, until they expire. */
  readonly storedBytes: number;
}

/**
 * The bill of a month of 30 days by the rules of ListMaker and RecordLists. Only the budget of money counts: the one of time makes fewer
 * lists, never more.
 */
export function billOf({ tableBytes, rowBytes, arrivingBytes, readEveryMs, ...budgets }: BillOptions): Bill {
  const pace = new Pace(budgets);
  // More reads in a window share its list.
  const stepMs = Math.max(readEveryMs, Math.min(pace.windowMs, MINUTE_MS));
  let [bytes, lists, bases, storedMs, freshUntil] = [0, 0, 0, 0, 0];
  let base = { start: Number.NEGATIVE_INFINITY, bytes: tableBytes, deltaBytes: 0 };
  for (let now = 0; now < MONTH_MS; now += stepMs) {
    if (now < freshUntil) continue;
    const table = Math.max(LEAST_BYTES, tableBytes + (arrivingBytes * now) / MONTH_MS);
    const full = { bytes: table, busyMs: 0 };
    const alone = pace.periodMs(full);
    const rows = base.bytes / rowBytes;
    const arrived = table - base.bytes;
    const parts = Math.max(1, Math.min(MAX_PARTS, Math.ceil(rows / PART_ROWS)));
    const delta = { bytes: deltaBytes(arrived, rows, parts), busyMs: 0 };
    const withDelta = pace.periodMs(delta, 0.5);
    const basePeriodMs = pace.periodMs(full, 0.5);
    const isOld = now - base.start >= standingMs({ extra: extraOf(basePeriodMs) });
    // A table that has not changed is not read, until its list is too old for a walk.
    if (arrivingBytes === 0 && !isOld) continue;
    const isWorn = isOld || arrived / rowBytes >= MAX_DELTA_ROWS / 2 || base.deltaBytes >= table;
    const makesBase =
      withDelta >= alone || base.start < 0 || (isWorn && base.start < now - (now % basePeriodMs));
    if (makesBase) base = { start: now, bytes: table, deltaBytes: 0 };
    else base.deltaBytes += delta.bytes;
    bytes += makesBase ? table : delta.bytes;
    if (makesBase) {
      const extra = extraOf(withDelta >= alone ? alone : basePeriodMs);
      bases += 1;
      storedMs += table * (extra === 0 ? SCRATCH_MS : lifeMs({ extra }) + WALK_MS);
    }
    lists += 1;
    const periodMs = Math.min(alone, withDelta);
    freshUntil = now - (now % periodMs) + periodMs;
  }
  return { bytes, periodMs: MONTH_MS / lists, bases, storedBytes: storedMs / MONTH_MS };
}
