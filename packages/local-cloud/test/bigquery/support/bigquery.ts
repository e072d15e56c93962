import { BigQuery as Client } from '@google-cloud/bigquery';
import { BigQuery } from '../../../src/bigquery/bigquery.ts';
import { BigQueryServer } from '../../../src/bigquery/server.ts';
import { FakeClock } from '../../../src/clock.ts';

export const PROJECT = 'records-local';
export const LOCATION = 'southamerica-west1';

export interface Fixture {
  readonly bigquery: BigQuery;
  readonly server: BigQueryServer;
  /** Google's own client, talking HTTP to the server. */
  readonly client: Client;
  readonly clock: FakeClock;
  close(): Promise<void>;
}

export async function startBigQuery(
  options: { path?: string; maxExpiringBytes?: number; onWarning?(message: string): void } = {},
): Promise<Fixture> {
  // Keeps the client's authentication from looking for Google's metadata server.
  process.env.METADATA_SERVER_DETECTION = 'none';
  const clock = new FakeClock(Date.UTC(2026, 0, 31, 12, 30, 15, 250));
  const bigquery = await BigQuery.open({ projectId: PROJECT, location: LOCATION, clock, ...options });
  const server = await BigQueryServer.listen(bigquery, { port: 0 });
  const client = new Client({ projectId: PROJECT, location: LOCATION, apiEndpoint: server.url });
  return {
    bigquery,
    server,
    client,
    clock,
    async close() {
      await server.close();
      await bigquery.close();
    },
  };
}

/** The error of a client, as tests compare it. */
export interface ApiError {
  readonly code: number | undefined;
  readonly message: string;
  readonly reason: string | undefined;
}

/** The error of a refused call. Throws when the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<ApiError> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code, errors } = error as Error & { code?: number; errors?: { reason?: string }[] };
    return { code, message: error.message, reason: errors?.[0]?.reason };
  }
  throw new Error('the call was expected to be refused');
}

/** Rows as plain values: dates and times as their text, numbers and NULL as they are. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`;
  if (typeof value !== 'object' || value === null) return value;
  if ('toFixed' in value && typeof value.toFixed === 'function') return value.toFixed();
  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1 && first[0] === 'value') return first[1];
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

/** The values of each row, without column names. */
export async function rowsOf(
  client: Client,
  query: string,
  params?: Record<string, unknown> | unknown[],
): Promise<unknown[][]> {
  const [rows] = await client.query({ query, ...(params && { params }) });
  return rows.map((row: Record<string, unknown>) => Object.values(row).map(plain));
}
