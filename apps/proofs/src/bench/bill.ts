import { type Bill, billOf, type PaceOptions } from '@records/api/bill';
import { readConfig } from '@records/api/testing';
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

/** The bill of a table into which records arrive all the time, with a reader each minute. */
export function billOfGrowing(tableBytes: number, budgets: Omit<PaceOptions, 'timePercent'>): Bill {
  const load = { rowBytes: ROW_BYTES, arrivingBytes: GROWTH * tableBytes, readEveryMs: MINUTE_MS };
  return billOf({ ...budgets, ...load, tableBytes, timePercent: 100 });
}

/** Prints the bill of a month for tables of 1 MiB to 1 TiB, beside those of a query per request and of a scan per window. */
export function printBills(): string[] {
  const { listGibPerMonth: gibPerMonth, freshnessSeconds } = defaults();
  const windowMs = freshnessSeconds * 1_000;
  const dollars = (bytes: number) => `$${whole((bytes / 2 ** 40) * DOLLARS_PER_TIB)}`;
  console.log(
    `\nComputed by the rules of the API, not measured: the bill of a month in which records arrive all the time, the table grows by ${GROWTH * 100} %, and each minute has a reader; ` +
      `the budget is ${whole(gibPerMonth)} GiB, ${dollars(gibPerMonth * GIB)}:`,
  );
  printRow('table', ['1 query/s', `scan per ${freshnessSeconds} s`, 'ours', 'a list each']);
  const broken: string[] = [];
  for (const size of SIZES) {
    const scan = Math.max(LEAST_BYTES, size * (1 + GROWTH / 2));
    const { bytes, periodMs } = billOfGrowing(size, { windowMs, gibPerMonth });
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
  const places = {
    RECORDS_TABLE: 'some-project.records.records',
    AMENDMENTS_TABLE: 'some-project.records.amendments',
    SCRATCH_DATASET: 'some-project.scratch',
  };
  return readConfig({ ...required, ...places });
}
