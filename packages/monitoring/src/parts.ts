/** What Google promises for a part that a request needs, as the fraction of a month. */
export interface Part {
  readonly name: string;
  readonly availability: number;
  readonly source: string;
}

export const CLOUD_RUN: Part = {
  name: 'Cloud Run',
  availability: 0.9995,
  source: 'https://cloud.google.com/run/sla',
};

export const BIGQUERY: Part = {
  name: 'BigQuery',
  availability: 0.9999,
  source: 'https://cloud.google.com/bigquery/sla',
};

export const PUBSUB: Part = {
  name: 'Pub/Sub',
  availability: 0.9995,
  source: 'https://cloud.google.com/pubsub/sla',
};

/** What a chain can promise at most when each of its parts is needed and they fail independently. */
export function togetherAvailable(parts: readonly Part[]): number {
  return parts.reduce((product, { availability }) => product * availability, 1);
}
