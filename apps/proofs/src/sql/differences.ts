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
  /** Whether the query determines the order of its rows. */
  readonly ordered: boolean;
  readonly google: Answer;
  readonly ours: Answer;
}

const DOCS = 'https://docs.cloud.google.com/bigquery/docs/reference/standard-sql';

const errorOf = (answer: Answer): string => (answer && 'error' in answer ? answer.error : '');

/** A refusal of the query itself says where. */
const isOfARow = (error: string): boolean => error !== '' && !/ at \[\d+:\d+\]$/.test(error);

/** DuckDB computes nothing of f(x, NULL) but NULL, and no column that is not read: an x that fails goes unseen. */
export const NOT_EVALUATED =
  'a value that cannot change the answer is not computed, so its error goes unseen';

const DIFFERENCES: readonly Difference[] = [
  {
    what: 'BigQuery returns no array with a NULL element',
    page: `${DOCS}/data-types#array_nulls`,
    holds: ({ google, ours }) =>
      /^Array cannot have a null element/.test(errorOf(ours)) && hasNullElement(google),
  },
  {
    what: 'BigQuery returns no two columns of one name',
    page: 'https://docs.cloud.google.com/bigquery/docs/schemas#column_names',
    holds: ({ google, ours }) =>
      /^Duplicate column names in the result/.test(errorOf(ours)) && hasSameNames(google),
  },
  {
    what: 'MIN and MAX take every type with an order but ARRAY, so RANGE, too; the evaluator has not built it',
    page: `${DOCS}/aggregate_functions#max`,
    holds: ({ google }) => /Unsupported aggregate function: M(?:in|ax)\(RANGE</.test(errorOf(google)),
  },
  {
    what: 'the evaluator makes arrays of at most 16,000 elements',
    page: 'https://github.com/google/zetasql/blob/master/zetasql/public/functions/generate_array.h',
    holds: ({ google }) => /^Cannot generate arrays with more than 16000 elements/.test(errorOf(google)),
  },
  {
    what: 'the last digits of a sine or logarithm depend on the library of mathematics',
    page: `${DOCS}/data-types#floating_point_types`,
    holds: ({ query, google, ours, ordered }) =>
      TRANSCENDENTAL.test(query) &&
      judge(withoutLastDigits(google), withoutLastDigits(ours), ordered) === 'same',
  },
  {
    what: 'a covariance of 0 depends on the order in which products with 1e15 are added',
    page: `${DOCS}/data-types#floating_point_types`,
    holds: ({ query, google, ours, ordered }) =>
      /\bCOVAR_/.test(query) && judge(google, withoutLastDigits(ours, 10), ordered) === 'same',
  },
  {
    what: 'the evaluator ends CORR and COVAR_ at a NaN, so errors in later rows go unseen',
    page: 'https://github.com/google/zetasql/blob/master/zetasql/reference_impl/function.cc',
    holds: ({ query, google, ours }) =>
      /\b(?:CORR|COVAR_\w+)\(/.test(query) &&
      /^(?:Floating point error|division by zero)/.test(errorOf(ours)) &&
      hasValue(google, Number.isNaN),
  },
  {
    what: 'the evaluator ends LOGICAL_AND at FALSE and LOGICAL_OR at TRUE, so errors in later rows go unseen',
    page: 'https://github.com/google/zetasql/blob/master/zetasql/reference_impl/function.cc',
    holds: ({ query, google, ours }) =>
      isOfARow(errorOf(ours)) &&
      ((/\bLOGICAL_OR\(/.test(query) && hasValue(google, (value) => value === 'true')) ||
        (/\bLOGICAL_AND\(/.test(query) && hasValue(google, (value) => value === 'false'))),
  },
  {
    what: 'AVG of an infinity is that infinity or NaN',
    page: `${DOCS}/aggregate_functions#avg`,
    holds: ({ query, google, ours, ordered }) =>
      /\bAVG\(/.test(query) && judge(withoutInfinities(google), withoutInfinities(ours), ordered) === 'same',
  },
];

function hasNullElement(answer: Answer): boolean {
  if (!answer || 'error' in answer) return false;
  const holdsNull = (value: Value): boolean =>
    Array.isArray(value) && value.some((item) => item === null || holdsNull(item));
  const arrays = answer.columns.map(({ type }) => type.includes('ARRAY<'));
  return answer.rows.some((row) => row.some((value, index) => arrays[index] && holdsNull(value)));
}

function hasValue(answer: Answer, isIt: (value: Value) => boolean): boolean {
  return !!answer && !('error' in answer) && answer.rows.some((row) => row.some(isIt));
}

function hasSameNames(answer: Answer): boolean {
  if (!answer || 'error' in answer) return false;
  const names = answer.columns.map(({ name }) => name.toLowerCase());
  return new Set(names).size < names.length;
}

const TRANSCENDENTAL =
  /\b(?:A?(?:SIN|COS|TAN)H?|ATAN2|COTH?|CSCH?|SECH?|EXP|LN|LOG|LOG10|POW|POWER|SQRT|CBRT|STDDEV\w*|VAR\w*|CORR|COVAR\w+)\(/;
const LONG_FRACTION = /-?\d+\.\d{10,}(?:e[+-]?\d+)?/g;

const withoutInfinities = (answer: Answer) =>
  changed(answer, (value) => (typeof value === 'number' && !Number.isFinite(value) ? Number.NaN : value));

/** What is left of a difference of two numbers that should be equal. */
const ALMOST_ZERO = 1e-12;

/** Also of a number within a text. */
const withoutLastDigits = (answer: Answer, almostZero = ALMOST_ZERO) =>
  changed(answer, (value) => {
    if (typeof value === 'number') return Math.abs(value) < almostZero ? 0 : value;
    return typeof value === 'string'
      ? value.replace(LONG_FRACTION, (number) => Number(number).toPrecision(12))
      : value;
  });

function changed(answer: Answer, change: (value: Value) => Value): Answer {
  if (!answer || 'error' in answer) return answer;
  const deep = (value: Value): Value => (Array.isArray(value) ? value.map(deep) : change(value));
  return { ...answer, rows: answer.rows.map((row) => row.map(deep)) };
}

export function explanationOf(asked: Asked): string | undefined {
  return DIFFERENCES.find(({ holds }) => holds(asked))?.what;
}
