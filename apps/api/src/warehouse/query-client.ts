import { randomUUID } from 'node:crypto';
import { BigQuery } from '@google-cloud/bigquery';
import { WarehouseError } from './errors.ts';
import type { RawRow } from './record-json.ts';

/** A statement with its parameters, and what the reply may take. */
export interface QueryCall {
  readonly query: string;
  /** Numbers are INT64, text is STRING. */
  readonly params: Readonly<Record<string, string | number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly jobCreationMode: 'JOB_CREATION_OPTIONAL' | 'JOB_CREATION_REQUIRED';
  /** The same for every attempt at one query: BigQuery does not run, or bill, a second one within 15 minutes. */
  readonly requestId: string;
}

/** Cloud Run carries no longer response over HTTP/1. https://docs.cloud.google.com/run/quotas#request_limits */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;

/**
 * BigQuery's `jobs.query` over the Google client's transport: its credentials, endpoint and connections. The client's own
 * `query()` is not used because it throws where nobody can catch it when a reply lacks a field, which ends the process,
 * and because its retries start after two to three seconds and know no deadline.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query
 */
export class QueryClient {
  readonly #client: BigQuery;
  readonly #location: string;

  /** `timeoutMs`: after that, the connection of a call is given up. */
  constructor({ project, location, timeoutMs }: { project: string; location: string; timeoutMs: number }) {
    this.#client = new BigQuery({ projectId: project, location, retryOptions: { autoRetry: false } });
    this.#client.timeout = timeoutMs;
    this.#location = location;
  }

  /** All rows, if the query finishes within `timeoutMs`. */
  async rows(call: QueryCall, timeoutMs: number): Promise<RawRow[]> {
    let reply = await this.#post({ ...this.#body(call), timeoutMs });
    const rows = [...rowsOf(reply)];
    let bytes = sizeOf(rows);
    // A reply holds 10 MB; rows that were stored unchecked can be longer than any record.
    while (reply.pageToken !== undefined) {
      if (bytes > MAX_REPLY_BYTES) {
        throw new WarehouseError(
          'refused',
          'responseTooLarge',
          `the rows are larger than ${MAX_REPLY_BYTES} bytes`,
        );
      }
      reply = await this.#nextPage(reply, timeoutMs);
      rows.push(...rowsOf(reply));
      bytes += sizeOf(rowsOf(reply));
    }
    return rows;
  }

  /** Lets BigQuery check names, types and permissions. Runs and bills nothing. */
  async dryRun(call: QueryCall): Promise<void> {
    await this.#post({ ...this.#body(call), dryRun: true });
  }

  #body({ params, ...call }: QueryCall): object {
    return {
      ...call,
      useLegacySql: false,
      location: this.#location,
      parameterMode: 'NAMED',
      queryParameters: Object.entries(params).map(([name, value]) => ({
        name,
        parameterType: { type: typeof value === 'number' ? 'INT64' : 'STRING' },
        parameterValue: { value: String(value) },
      })),
    };
  }

  #post(body: object): Promise<Reply> {
    return this.#request({ method: 'POST', uri: '/queries', json: body });
  }

  #nextPage({ jobReference, pageToken }: Reply, timeoutMs: number): Promise<Reply> {
    const { jobId = '', location = this.#location } = jobReference ?? {};
    return this.#request({ uri: `/queries/${jobId}`, qs: { location, pageToken, timeoutMs } });
  }

  #request(options: { method?: string; uri: string; json?: object; qs?: object }): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#client.request(options, (error, reply) => (error ? reject(error) : resolve(reply ?? {})));
    });
  }
}

/** A `requestId` for one query and all attempts at it. */
export function newRequestId(): string {
  return randomUUID();
}

/** The fields of the reply that are used, none of which is taken for granted. */
interface Reply {
  readonly jobComplete?: unknown;
  readonly jobReference?: { readonly jobId?: string; readonly location?: string };
  readonly pageToken?: string;
  readonly schema?: unknown;
  readonly rows?: unknown;
}

function rowsOf({ jobComplete, schema, rows = [] }: Reply): readonly RawRow[] {
  if (jobComplete === false)
    throw new WarehouseError('timeout', 'timeout', 'the query did not finish in time');
  if (jobComplete === true && schema !== undefined && isRawRows(rows)) return rows;
  throw new WarehouseError('unavailable', 'malformedReply', 'the reply is not that of a query', {
    retryable: true,
  });
}

function isRawRows(rows: unknown): rows is readonly RawRow[] {
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row?.f));
}

function sizeOf(rows: readonly RawRow[]): number {
  let size = 0;
  for (const { f } of rows) for (const { v } of f) size += v?.length ?? 0;
  return size;
}
