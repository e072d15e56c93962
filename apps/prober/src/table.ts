import { randomUUID } from 'node:crypto';
import { SpanKind } from '@opentelemetry/api';
import { type Google, quoteTableName, type TableName } from '@records/runtime';
import { call } from './google-calls.ts';
import type { Spans } from './spans.ts';

/** Limit of one statement, in milliseconds. */
const STATEMENT_MS = 15_000;

export interface RecordTableOptions {
  readonly google: Google;
  readonly spans: Spans;
  /** Runs and pays for the statements. */
  readonly project: string;
  /** Where the table is; BigQuery finds it by the table when absent. */
  readonly location?: string;
  readonly table: TableName;
  /** The label `service` of the statements. */
  readonly service: string;
}

interface Reply {
  readonly jobComplete?: boolean;
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
}

/** A table of records, as far as a check reads and changes it. Values travel in `@parameters` only. */
export class RecordTable {
  readonly #options: RecordTableOptions;
  /** Quoted for SQL. */
  readonly name: string;

  constructor(options: RecordTableOptions) {
    this.#options = options;
    this.name = quoteTableName(options.table);
  }

  /** How many rows the table has. Costs nothing: BigQuery reads no column for it. https://cloud.google.com/bigquery/pricing */
  rows(): Promise<number> {
    return this.#count('', {});
  }

  /** How many rows a record has. */
  count(id: string): Promise<number> {
    return this.#count(' WHERE id = @id', { id });
  }

  /** Deletes the rows of a record. BigQuery bills it like the whole table. */
  async remove(id: string): Promise<void> {
    await this.#query(`DELETE FROM ${this.name} WHERE id = @id`, { id });
  }

  async #count(where: '' | ' WHERE id = @id', params: Readonly<Record<string, string>>): Promise<number> {
    const { rows } = await this.#query(`SELECT COUNT(*) AS n FROM ${this.name}${where}`, params);
    const count = Number(rows?.[0]?.f[0]?.v ?? Number.NaN);
    if (Number.isSafeInteger(count)) return count;
    throw new Error(`BigQuery counts ${JSON.stringify(rows)} rows`);
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
  async #query(query: string, params: Readonly<Record<string, string>>): Promise<Reply> {
    const { google, spans, project, location, service } = this.#options;
    const json = {
      query,
      useLegacySql: false,
      location,
      labels: { service },
      timeoutMs: STATEMENT_MS,
      // The same for every attempt: BigQuery runs it once.
      requestId: randomUUID(),
      parameterMode: 'NAMED',
      queryParameters: Object.entries(params).map(([name, value]) => ({
        name,
        parameterType: { type: 'STRING' },
        parameterValue: { value },
      })),
    };
    const url = `${google.bigquery}/projects/${project}/queries`;
    const rpc = { 'rpc.system': 'bigquery' };
    const reply = await spans.run('bigquery.jobs.query', SpanKind.CLIENT, rpc, (headers) =>
      call<Reply>(google, { url, json, headers }),
    );
    if (reply.jobComplete === true) return reply;
    throw new Error(`BigQuery did not finish a statement in ${STATEMENT_MS / 1000} s`);
  }
}
