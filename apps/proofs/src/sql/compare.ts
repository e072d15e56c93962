import type { Answer, Table, Value } from './answer.ts';

export type Verdict =
  | 'same'
  | 'refused by name'
  | 'wrong'
  | 'accepts what Google refuses'
  | 'blames the user'
  | 'server error'
  | 'not judged';

/** The words of every refusal that is the local BigQuery's own. */
const REFUSAL = /is not supported by the local BigQuery/;

/** Two sums of the same numbers in another order differ by less than this share. */
const ROUNDING = 1e-11;

export function judge(google: Answer, ours: Answer, ordered: boolean): Verdict {
  if (ours && 'error' in ours && ours.isServerError) return 'server error';
  if (ours === undefined) return 'server error';
  if (google === undefined || ('error' in google && google.isServerError)) return 'not judged';
  if ('error' in ours && REFUSAL.test(ours.error)) return 'refused by name';
  if ('error' in ours) return 'error' in google ? 'same' : 'blames the user';
  if ('error' in google) return 'accepts what Google refuses';
  return sameTable(google, ours, ordered) ? 'same' : 'wrong';
}

function sameTable(google: Table, ours: Table, ordered: boolean): boolean {
  if (google.columns.length !== ours.columns.length || google.rows.length !== ours.rows.length) return false;
  const differs = google.columns.some(
    ({ name, type }, index) => ours.columns[index]?.type !== type || ours.columns[index]?.name !== name,
  );
  if (differs) return false;
  const [a, b] = ordered ? [google.rows, ours.rows] : [sorted(google.rows), sorted(ours.rows)];
  return a.every((row, index) => sameValue(row, b[index] ?? null));
}

function sorted(rows: Table['rows']): Table['rows'] {
  return rows
    .map((row) => ({
      row,
      key: JSON.stringify(row, (_, value) => (typeof value === 'number' ? rounded(value) : value)),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row);
}

/** JSON has no NaN. */
function rounded(value: number): string {
  return value === 0 ? '0' : value.toPrecision(9);
}

function sameValue(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index] ?? null));
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  if (Number.isFinite(a) && Number.isFinite(b))
    return Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b));
  return Object.is(a, b);
}
