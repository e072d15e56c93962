import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { forgottenPeople } from '@records/records-schema';
import { type Google, quoteTableName } from '@records/runtime';
import type { SweepConfig } from './config.ts';

/** How long each statement may take; the job's limit in infra/src/components/sweep.ts is longer than all three. Milliseconds. */
const STATEMENT_MS = 15 * 60 * 1_000;
/** One call waits for this long, and is asked again. Milliseconds. */
const WAIT_MS = 10_000;
const PAUSE_MS = 1_000;

/** The one line of a run for Cloud Logging. It names nobody. */
export interface SweepLine {
  readonly severity: 'INFO' | 'ERROR';
  readonly time: string;
  readonly message: string;
  /** Rows that were deleted. */
  readonly rows: number;
}

interface Reply {
  readonly jobComplete?: boolean;
  readonly jobReference?: { readonly jobId: string; readonly location?: string };
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
  readonly numDmlAffectedRows?: string;
}

/** Deletes what arrived again of people who were forgotten. Never throws. */
export async function sweep(
  config: SweepConfig,
  google: Pick<Google, 'request' | 'bigquery'>,
): Promise<SweepLine> {
  try {
    const rows = await deleted(config, google);
    return lineOf('INFO', `${rows} rows of forgotten people were deleted`, rows);
  } catch (error) {
    const reason = error instanceof Error ? reasonOf(error) : String(error);
    return lineOf('ERROR', `the sweep failed: ${reason}`, 0);
  }
}

async function deleted(config: SweepConfig, google: Pick<Google, 'request' | 'bigquery'>): Promise<number> {
  const records = quoteTableName(config.records);
  const statements = forgottenPeople({ records, amendments: quoteTableName(config.amendments) });
  const ask = (query: string) => answer(config, google, query);
  // Costs 10 MiB, and saves a scan of all ids.
  if (countOf(await ask(`SELECT COUNT(*) FROM (${statements.keys})`)) === 0) return 0;
  if (countOf(await ask(statements.count)) === 0) return 0;
  return Number((await ask(statements.delete)).numDmlAffectedRows ?? 0);
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
async function answer(
  { project, location }: SweepConfig,
  google: Pick<Google, 'request' | 'bigquery'>,
  query: string,
): Promise<Reply> {
  const signal = AbortSignal.timeout(STATEMENT_MS);
  const common = { timeoutMs: WAIT_MS * 2, retries: 2, signal };
  const json = {
    ...{ query, useLegacySql: false, location, labels: { service: 'records-sweep' }, timeoutMs: WAIT_MS },
    // The same for every attempt: BigQuery runs it once.
    requestId: randomUUID(),
  };
  const jobs = `${google.bigquery}/projects/${project}/queries`;
  let reply = await google.request<Reply>({ ...common, url: jobs, method: 'POST', json });
  while (reply.jobComplete !== true) {
    await setTimeout(PAUSE_MS, undefined, { signal });
    const url = `${jobs}/${reply.jobReference?.jobId}`;
    reply = await google.request<Reply>({ ...common, url, params: { location, timeoutMs: WAIT_MS } });
  }
  return reply;
}

function countOf({ rows }: Reply): number {
  const count = Number(rows?.[0]?.f[0]?.v ?? Number.NaN);
  if (Number.isSafeInteger(count)) return count;
  throw new TypeError(`BigQuery counts ${JSON.stringify(rows)} rows`);
}

/** Google's own words, where an error has them. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function lineOf(severity: SweepLine['severity'], message: string, rows: number): SweepLine {
  return { severity, time: new Date().toISOString(), message, rows };
}
