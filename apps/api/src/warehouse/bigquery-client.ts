import { randomUUID } from 'node:crypto';
import { BigQuery } from '@google-cloud/bigquery';
import { COLUMN_NAMES } from '@records/records-schema';
import { emulatorCredentials, Google, type GoogleRequest, type TableName } from '@records/runtime';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { malformedReply, toWarehouseError, WarehouseError } from './errors.ts';
import type { RawRow } from './record-json.ts';
import {
  type BilledRows,
  type Job,
  jobOf,
  type QueryReply,
  queryRowsOf,
  type RowsPage,
  rowsPageOf,
  type TableMetadata,
  tableMetadataOf,
} from './replies.ts';

type Labels = Readonly<Record<string, string>>;

/** Named parameters: each an ARRAY<STRING>, a STRING or a TIMESTAMP. */
export type Parameters = Readonly<Record<string, readonly string[] | string | Date>>;

/** A query whose rows are returned directly. */
export interface QueryCall {
  readonly query: string;
  readonly params: Parameters;
  readonly labels: Labels;
  /** The same for every attempt: BigQuery neither runs nor bills a repeated request within 15 minutes. */
  readonly requestId: string;
}

/** A query whose result is stored in a new table. */
export interface JobCall {
  readonly jobId: string;
  readonly query: string;
  readonly params: Parameters;
  readonly destination: TableName;
  readonly labels: Labels;
  /** BigQuery refuses a query with a higher estimate. Bytes. */
  readonly maximumBytesBilled: number;
  /** BigQuery tries to stop the job after this time. Milliseconds. */
  readonly jobTimeoutMs: number;
}

export interface RowRange {
  readonly startIndex: number;
  readonly maxResults: number;
}

/** Cloud Run's limit of a response over HTTP/1. https://docs.cloud.google.com/run/quotas#request_limits */
const MAX_REPLY_BYTES = 32 * 1024 * 1024;

interface RequestOptions extends Pick<GoogleRequest, 'method' | 'json' | 'params'> {
  /** BigQuery's method name, for metrics and traces. */
  readonly call: string;
  /** The API's own when absent. */
  readonly project?: string;
  /** Below the project. */
  readonly path: string;
}

export interface BigQueryClientOptions {
  readonly project: string;
  readonly location: string;
  /** Timeout of an HTTP call. Milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds, from any fixed point. */
  now(): number;
  readonly telemetry: Pick<Telemetry, 'metrics' | 'tracing'>;
}

/**
 * BigQuery's REST API with the endpoint and the credentials of Google's client. The client's own methods are not used: they
 * throw uncatchably when a reply lacks a field, and their retries start after two to three seconds and ignore deadlines.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest
 */
export class BigQueryClient {
  readonly #google: Google;
  readonly #url: string;
  readonly #project: string;
  readonly #timeoutMs: number;
  readonly #location: string;
  readonly #now: () => number;
  readonly #telemetry: Pick<Telemetry, 'metrics' | 'tracing'>;

  constructor({ project, location, timeoutMs, now, telemetry }: BigQueryClientOptions) {
    const authClient = emulatorCredentials(process.env);
    const client = new BigQuery({ projectId: project, location, ...(authClient && { authClient }) });
    this.#google = new Google(process.env, client.authClient);
    this.#url = `${client.baseUrl}/projects`;
    this.#project = project;
    this.#timeoutMs = timeoutMs;
    this.#location = location;
    this.#now = now;
    this.#telemetry = telemetry;
  }

  /** `jobs.query`: all rows and the bytes billed. Throws `timeout` when that takes longer than `timeoutMs`. */
  async queryRows({ params, ...call }: QueryCall, timeoutMs: number): Promise<BilledRows> {
    const end = this.#now() + timeoutMs;
    let reply: QueryReply = await this.#request({
      call: 'jobs.query',
      method: 'POST',
      path: '/queries',
      json: {
        ...call,
        // https://docs.cloud.google.com/bigquery/docs/running-queries#optional-job-creation
        jobCreationMode: 'JOB_CREATION_OPTIONAL',
        useLegacySql: false,
        location: this.#location,
        ...parametersOf(params),
        timeoutMs,
      },
    });
    const billed = this.#noteBilled(call.labels, reply.totalBytesBilled);
    const rows = [...queryRowsOf(reply)];
    let bytes = sizeOf(rows);
    // A reply holds 10 MB, and unchecked rows can be longer than a record may be.
    while (reply.pageToken !== undefined) {
      assertSendable(bytes);
      // The number of pages has no limit.
      const leftMs = Math.floor(end - this.#now());
      if (leftMs < 1)
        throw new WarehouseError('timeout', 'timeout', `the rows were not read within ${timeoutMs} ms`);
      const { jobId = '', location = this.#location } = reply.jobReference ?? {};
      reply = await this.#request({
        call: 'jobs.getQueryResults',
        path: `/queries/${jobId}`,
        params: { location, pageToken: reply.pageToken, timeoutMs: leftMs },
      });
      const more = queryRowsOf(reply);
      rows.push(...more);
      bytes += sizeOf(more);
    }
    return { rows, billed };
  }

  /** Lets BigQuery check names, types and permissions. Free of charge. */
  async dryRun(query: string, labels: Labels): Promise<void> {
    const json = { query, labels, useLegacySql: false, location: this.#location, dryRun: true };
    await this.#request({ call: 'jobs.query', method: 'POST', path: '/queries', json });
  }

  /** `jobs.insert`. Undefined when a job with this id exists. */
  async insertJob(call: JobCall): Promise<Job | undefined> {
    const { jobId, query, params, destination, labels, maximumBytesBilled, jobTimeoutMs } = call;
    try {
      const reply = await this.#request({
        call: 'jobs.insert',
        method: 'POST',
        path: '/jobs',
        json: {
          jobReference: { jobId, location: this.#location },
          configuration: {
            labels,
            jobTimeoutMs: String(jobTimeoutMs),
            query: {
              query,
              ...parametersOf(params),
              useLegacySql: false,
              destinationTable: destination,
              writeDisposition: 'WRITE_EMPTY',
              maximumBytesBilled: String(maximumBytesBilled),
            },
          },
        },
      });
      return jobOf(reply);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 409) return undefined;
      throw error;
    }
  }

  async getJob(jobId: string): Promise<Job> {
    return jobOf(
      await this.#request({ call: 'jobs.get', path: `/jobs/${jobId}`, params: { location: this.#location } }),
    );
  }

  /** Returns when the job is done, or after `timeoutMs`. Throws the job's error. */
  async waitForJob(jobId: string, timeoutMs: number): Promise<void> {
    const params = { location: this.#location, timeoutMs, maxResults: 0 };
    await this.#request({ call: 'jobs.getQueryResults', path: `/queries/${jobId}`, params });
  }

  /** `tables.get`: free of charge. */
  async getTable(table: TableName): Promise<TableMetadata> {
    return tableMetadataOf(await this.#request(tableRequest('tables.get', table)));
  }

  /** Sets when a table expires, in milliseconds since the epoch. */
  async expireTable(table: TableName, expiration: number): Promise<void> {
    const json = { expirationTime: String(Math.round(expiration)) };
    await this.#request({ ...tableRequest('tables.patch', table), method: 'PATCH', json });
  }

  /**
   * `tabledata.list`, repeated until every row of the range is read: free of charge.
   * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/list
   */
  async listRows(
    table: TableName,
    { startIndex, maxResults }: RowRange,
    columns: readonly string[] = COLUMN_NAMES,
  ): Promise<RowsPage> {
    const rows: RawRow[] = [];
    let bytes = 0;
    for (;;) {
      const params = {
        startIndex: startIndex + rows.length,
        maxResults: maxResults - rows.length,
        selectedFields: columns.join(','),
      };
      const page = rowsPageOf(
        await this.#request({ ...tableRequest('tabledata.list', table, '/data'), params }),
      );
      rows.push(...page.rows);
      bytes += sizeOf(page.rows);
      assertSendable(bytes);
      const expected = Math.max(0, Math.min(maxResults, page.totalRows - startIndex));
      if (rows.length === expected) return { rows, totalRows: page.totalRows };
      if (page.rows.length === 0 || rows.length > expected) {
        throw malformedReply(`${rows.length} rows of ${expected} from ${startIndex}`);
      }
    }
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#response-body */
  #noteBilled({ query = 'other' }: Labels, bytes: unknown): number {
    const billed = Number(bytes ?? 0);
    if (billed > 0) this.#telemetry.metrics.bytesBilled(query, billed);
    return billed;
  }

  async #request({
    call,
    project = this.#project,
    path,
    params,
    ...options
  }: RequestOptions): Promise<object> {
    const { metrics, tracing } = this.#telemetry;
    const start = performance.now();
    let outcome = 'ok';
    try {
      return await tracing.call(call, (headers) =>
        this.#google.request({
          ...options,
          url: `${this.#url}/${project}${path}`,
          params: { ...params, prettyPrint: false },
          headers,
          timeoutMs: this.#timeoutMs,
        }),
      );
    } catch (error) {
      outcome = toWarehouseError(error).kind;
      throw error;
    } finally {
      metrics.warehouseCall(call, outcome, (performance.now() - start) / 1000);
    }
  }
}

/** For one query and all attempts at it. */
export function newRequestId(): string {
  return randomUUID();
}

function parametersOf(params: Parameters) {
  const text = { type: 'STRING' };
  const queryParameters = Object.entries(params).map(([name, value]) => {
    if (typeof value === 'string') return { name, parameterType: text, parameterValue: { value } };
    if (value instanceof Date) {
      return { name, parameterType: { type: 'TIMESTAMP' }, parameterValue: { value: value.toISOString() } };
    }
    const arrayValues = value.map((element) => ({ value: element }));
    return { name, parameterType: { type: 'ARRAY', arrayType: text }, parameterValue: { arrayValues } };
  });
  return queryParameters.length > 0 && { parameterMode: 'NAMED', queryParameters };
}

function tableRequest(
  call: string,
  { projectId, datasetId, tableId }: TableName,
  below = '',
): RequestOptions {
  return { call, project: projectId, path: `/datasets/${datasetId}/tables/${tableId}${below}` };
}

function assertSendable(bytes: number): void {
  if (bytes <= MAX_REPLY_BYTES) return;
  throw new WarehouseError(
    'refused',
    'responseTooLarge',
    `the rows are larger than ${MAX_REPLY_BYTES} bytes`,
  );
}

function sizeOf(rows: readonly RawRow[]): number {
  let size = 0;
  for (const { f } of rows) for (const { v } of f) size += v?.length ?? 0;
  return size;
}
