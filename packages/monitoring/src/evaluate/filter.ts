import type { Series } from './series.ts';

/** What the evaluator can not decide: it says so, and never guesses. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}

const TERM = /^([\w.]+)\s*(!?=)\s*"([^"]*)"$/;

/**
 * The series that a filter selects: comparisons joined by AND, which is all that is used here. Throws CannotTell for
 * anything else. https://docs.cloud.google.com/monitoring/api/v3/filters
 */
export function select(filter: string, all: readonly Series[]): Series[] {
  const terms = filter.split(' AND ').map((term) => {
    const match = TERM.exec(term.trim());
    if (!match) throw new CannotTell(`the filter has "${term.trim()}", which is not a comparison known here`);
    const [, name = '', operator, wanted] = match;
    return (series: Series) => {
      const holds = labelOf(series, name) === wanted;
      return operator === '=' ? holds : !holds;
    };
  });
  return all.filter((series) => terms.every((holds) => holds(series)));
}

function labelOf(series: Series, name: string): string | undefined {
  if (name === 'metric.type') return series.metric;
  if (name === 'resource.type') return series.resource;
  return series.labels[name];
}
