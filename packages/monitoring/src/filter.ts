/** What the evaluator does not know: it says so instead of guessing. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}

export interface Term {
  /** Such as `metric.type` or `resource.labels.topic_id`. */
  readonly name: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

const TERM = /^([\w.]+)\s*(!?=)\s*"([^"]*)"$/;

/** A filter of Cloud Monitoring whose terms must all hold. https://docs.cloud.google.com/monitoring/api/v3/filters */
export function and(...terms: readonly string[]): string {
  return terms.join(' AND ');
}

/** Throws CannotTell for anything but comparisons with a text, joined by AND. */
export function termsOf(filter: string): Term[] {
  return filter.split(' AND ').map((term) => {
    const [, name, operator, value] = TERM.exec(term.trim()) ?? [];
    if (name === undefined || value === undefined)
      throw new CannotTell(`the filter has "${term.trim()}", which is not a known comparison`);
    return { name, operator: operator === '=' ? '=' : '!=', value };
  });
}

/** The selector of PromQL for a filter. https://docs.cloud.google.com/monitoring/promql/promql-mapping */
export function promqlOf(filter: string): string {
  const terms = termsOf(filter);
  const metric = terms.find(({ name }) => name === 'metric.type')?.value ?? '';
  const labels = terms
    .filter(({ name }) => name.includes('.labels.'))
    .map(({ name, operator, value }) => `${name.replace(/^.*\./, '')}${operator}"${value}"`);
  return `${metric.replace('/', ':').replace(/[^a-zA-Z0-9:]/g, '_')}{${labels.join(',')}}`;
}
