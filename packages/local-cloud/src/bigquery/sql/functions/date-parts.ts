import { invalidQuery, type Position } from '../../errors.ts';
import { letIn } from '../let.ts';
import type { Resolved } from '../resolved.ts';

/** The parts of dates and times. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#date_diff */

/** The microseconds of the parts that always have as many. */
export const MICROS: Readonly<Record<string, bigint>> = {
  MICROSECOND: 1n,
  MILLISECOND: 1_000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
};

export const MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

export const TIME_PARTS = ['MICROSECOND', 'MILLISECOND', 'SECOND', 'MINUTE', 'HOUR'];

/** Parts that an interval can have. */
export const DATE_STEPS = ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'];

export const DATE_PARTS = [
  ...DATE_STEPS,
  'ISOWEEK',
  'ISOYEAR',
  ...WEEKDAYS.map((weekday) => `WEEK(${weekday})`),
];

const OTHER_PARTS = ['DAYOFWEEK', 'DAYOFYEAR', 'DATE', 'DATETIME', 'TIME'];

/** The part that an argument names. Throws for one that the function does not take, or not with a value of the kind. */
export function partOf(
  name: string,
  argument: Resolved | undefined,
  allowed: readonly string[],
  kind?: string,
): string {
  const part = argument?.special?.part ?? '';
  const reason = kind && kind !== 'TIME' ? ` when the argument is ${kind} type` : '';
  assertPart(part, allowed, `${name} does not support the ${part} date part${reason}`, argument?.at);
  return part;
}

/** Throws BigQuery's words for a part that a function does not take. */
export function assertPart(
  part: string,
  allowed: readonly string[],
  refusal: string,
  at: Position | undefined,
): void {
  if (allowed.includes(part)) return;
  if ([...TIME_PARTS, ...DATE_PARTS, ...OTHER_PARTS].includes(part)) throw invalidQuery(refusal, at);
  const weekday = /^WEEK\((.*)\)$/.exec(part)?.[1];
  if (weekday === undefined) throw invalidQuery(`A valid date part name is required but found ${part}`, at);
  throw invalidQuery(`A valid date part argument for WEEK is required, but found ${weekday}`, at);
}

/** The first day of a week, from 0 for Sunday; undefined for a part that is no week. */
export function firstWeekday(part: string): number | undefined {
  if (part === 'WEEK') return 0;
  if (part === 'ISOWEEK') return 1;
  const index = WEEKDAYS.indexOf(/^WEEK\((.*)\)$/.exec(part)?.[1] ?? '');
  return index < 0 ? undefined : index;
}

/** The first day of the week of a date. */
export function weekStart(date: string, first: number): string {
  return letIn([date], (d) => `${d} - CAST((extract(dow FROM ${d}) + ${7 - first}) % 7 AS INTEGER)`);
}

/** A date's week, counted from one long ago. 1970-01-01 was a Thursday. */
export function weekNumber(date: string, first: number): string {
  return `((${date} - DATE '1970-01-01' + ${7 * 1_000_000 + 4 - first}) // 7)`;
}

/** The week of a year, 0 before the first `first` day of the year. */
export function weekOfYear(date: string, first: number): string {
  return letIn(
    [date],
    (d) => `(extract(doy FROM ${d}) + 6 - (extract(dow FROM ${d}) + ${7 - first}) % 7) // 7`,
  );
}

/** The first day of an ISO year: 4 January is always in its first week. */
export function isoYearStart(year: string): string {
  return `CAST(date_trunc('week', make_date(${year}, 1, 4)) AS DATE)`;
}
