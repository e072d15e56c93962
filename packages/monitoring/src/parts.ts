/** A service of Google that a request needs, with the availability that Google promises, as a fraction of a month. */
export interface Part {
  readonly name: string;
  readonly availability: number;
}

/** https://cloud.google.com/run/sla */
export const CLOUD_RUN: Part = { name: 'Cloud Run', availability: 0.9995 };
/** https://cloud.google.com/bigquery/sla */
export const BIGQUERY: Part = { name: 'BigQuery', availability: 0.9999 };
/** https://cloud.google.com/pubsub/sla */
export const PUBSUB: Part = { name: 'Pub/Sub', availability: 0.9995 };

/** The highest availability of a system that needs all parts, if they fail independently. */
export function togetherAvailable(parts: readonly Part[]): number {
  return parts.reduce((product, { availability }) => product * availability, 1);
}
