import { deltaBytes, extraOf, MAX_DELTA_ROWS, Pace, readConfig, standingMs } from '@records/api/testing';
import { printRow, whole } from '../shared/report.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS;
/** On demand. https://cloud.google.com/bigquery/pricing */
export const DOLLARS_PER_TIB = 6.25;
/** The least that a query is billed for a table. https://cloud.google.com/bigquery/pricing */
const LEAST_BYTES = 10 * MIB;
const SIZES = [1, 10, 100, 1_024, 10 * 1_024, 100 * 1_024, 1_024 * 1_024].map((mib) => mib * MIB);
/** The table grows by this share in the month, evenly. */
const GROWTH = 0.1;
/** Bytes of a record. */
const ROW_BYTES = 60;
/** As the API divides a list. */
const PART_ROWS = 1_000_000;

/** What the lists of a month scan, and how long one list stays the newest on average. */
export interface Bill {
  readonly bytes: number;
  readonly periodMs: number;
}

/**
 * The bill of a month by the API's own rules, for a table of so many bytes into which records arrive all the time, and a reader
 * each minute. Only the budget of money counts: the one of time makes fewer lists, never more.
 */
export function billOf(tableBytes: number, pace: Pace): Bill {
  let [bytes, lists, freshUntil] = [0, 0, 0];
  let base = { start: Number.NEGATIVE_INFINITY, bytes: tableBytes, deltaBytes: 0 };
  for (let now = 0; now < MONTH_MS; now += MINUTE_MS) {
    if (now < freshUntil) continue;
    const table = Math.max(LEAST_BYTES, tableBytes * (1 + (GROWTH * now) / MONTH_MS));
    const full = { bytes: table, busyMs: 0 };
    const alone = pace.periodMs(full);
    const rows = base.bytes / ROW_BYTES;
    const arrived = table - base.bytes;
    const delta = { bytes: deltaBytes(arrived, rows, Math.min(500, Math.ceil(rows / PART_ROWS))), busyMs: 0 };
    const withDelta = pace.periodMs(delta, 0.5);
    const periodMs = Math.min(alone, withDelta);
    const basePeriodMs = pace.periodMs(full, 0.5);
    const isOld = now - base.start >= standingMs({ extra: extraOf(basePeriodMs) });
    const isWorn = isOld || arrived / ROW_BYTES >= MAX_DELTA_ROWS / 2 || base.deltaBytes >= table;
    const makesBase =
      withDelta >= alone || base.start < 0 || (isWorn && base.start < now - (now % basePeriodMs));
    if (makesBase) base = { start: now, bytes: table, deltaBytes: 0 };
    else base.deltaBytes += delta.bytes;
    bytes += makesBase ? table : delta.bytes;
    lists += 1;
    freshUntil = now - (now % periodMs) + periodMs;
  }
  return { bytes, periodMs: MONTH_MS / lists };
}

/** Prints the bill of a month for tables of 1 MiB to 1 TiB, beside those of a query per request and of a scan per window. */
export function printBills(): string[] {
  const { listGibPerMonth: gibPerMonth, listTimePercent: timePercent, freshnessSeconds } = defaults();
  const windowMs = freshnessSeconds * 1_000;
  const pace = new Pace({ windowMs, gibPerMonth, timePercent });
  const dollars = (bytes: number) => `$${whole((bytes / 2 ** 40) * DOLLARS_PER_TIB)}`;
  console.log(
    `\nA month in which records arrive all the time, the table grows by ${GROWTH * 100} %, and each minute has a reader; ` +
      `the budget is ${whole(gibPerMonth)} GiB, ${dollars(gibPerMonth * GIB)}:`,
  );
  printRow('table', ['1 query/s', `scan per ${freshnessSeconds} s`, 'ours', 'a list each']);
  const broken: string[] = [];
  for (const size of SIZES) {
    const scan = Math.max(LEAST_BYTES, size * (1 + GROWTH / 2));
    const { bytes, periodMs } = billOf(size, pace);
    printRow(`${whole(size / MIB)} MiB`, [
      dollars((scan * MONTH_MS) / 1_000),
      dollars((scan * MONTH_MS) / windowMs),
      dollars(bytes),
      periodMs < 120 * MINUTE_MS
        ? `${(periodMs / MINUTE_MS).toFixed(1)} min`
        : `${(periodMs / 60 / MINUTE_MS).toFixed(1)} h`,
    ]);
    if (bytes > gibPerMonth * GIB)
      broken.push(`${whole(size / MIB)} MiB: the bill is ${dollars(bytes)}, above the budget`);
  }
  return broken;
}

/** The API's settings where nothing is set. */
function defaults() {
  const required = { GOOGLE_CLOUD_PROJECT: 'some-project', BIGQUERY_LOCATION: 'US' };
  const places = { RECORDS_TABLE: 'some-project.records.records', SCRATCH_DATASET: 'some-project.scratch' };
  return readConfig({ ...required, ...places });
}
