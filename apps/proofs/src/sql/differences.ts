import type { Answer, Value } from './answer.ts';
import { judge } from './compare.ts';

/** A difference that is no fault of the local BigQuery, with the page that says so. */
interface Difference {
  readonly what: string;
  readonly page: string;
  holds(asked: Asked): boolean;
}

export interface Asked {
  readonly query: string;
  readonly google: Answer;
  readonly ours: Answer;
}

const DOCS = 'https://docs.cloud.google.com/bigquery/docs/reference/standard-sql';

const errorOf = (answer: Answer): string => (answer && 'error' in answer ? answer.error : '');

/** DuckDB computes nothing of f(x, NULL) but NULL, and no column that is not read: an x that fails goes unseen. */
export const NOT_EVALUATED =
  'a value that cannot change the answer is not computed, so its error goes unseen';

const DIFFERENCES: readonly Difference[] = [
  {
    what: 'BigQuery returns no array with a NULL element',
    page: `${DOCS}/data-types#array_nulls`,
    holds: ({ ours }) => /^Array cannot have a null element/.test(errorOf(ours)),
  },
  {
    what: 'AVG of an infinity is that infinity or NaN',
    page: `${DOCS}/aggregate_functions#avg`,
    holds: ({ query, google, ours }) =>
      /\bAVG\(/.test(query) && judge(withoutInfinities(google), withoutInfinities(ours), false) === 'same',
  },
];

function withoutInfinities(answer: Answer): Answer {
  if (!answer || 'error' in answer) return answer;
  const plain = (value: Value): Value =>
    typeof value === 'number' && !Number.isFinite(value)
      ? Number.NaN
      : Array.isArray(value)
        ? value.map(plain)
        : value;
  return { ...answer, rows: answer.rows.map((row) => row.map(plain)) };
}

export function explanationOf(asked: Asked): string | undefined {
  return DIFFERENCES.find(({ holds }) => holds(asked))?.what;
}
