import { randomUUID } from 'node:crypto';
import type { RecordRow } from '@records/records-schema';
import { buildProbeQueries } from '../warehouse/probe-queries.ts';
import type { TableName } from '../warehouse/table-name.ts';
import type { Google } from './google.ts';
import { idAt, MARKED } from './record.ts';
import type { Spans } from './spans.ts';

/**
 * Age from which a probe's row is taken for one that was left behind. Milliseconds; longer than a run may take, so that no run removes
 * the row of another.
 */
export const LEFT_AFTER_MS = 15 * 60_000;

/** How long BigQuery may take over one statement. Milliseconds. */
const STATEMENT_MS = 15_000;

interface TableOptions {
  readonly google: Google;
  readonly spans: Spans;
  readonly project: string;
  readonly location: string;
  readonly table: TableName;
  readonly job: string;
}

interface Reply {
  readonly jobComplete?: boolean;
  readonly numDmlAffectedRows?: string;
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
}

/** The table, as far as the prober may change it. */
export class ProbeTable {
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Deletes the record's rows, and those of probes that were left behind. Answers how many rows that were. */
  async remove({ id }: RecordRow, now: number, signal: AbortSignal): Promise<number> {
    const { remove } = buildProbeQueries(this.#options.table);
    const left = { from: idAt('probe-', 0), until: idAt('probe-', now - LEFT_AFTER_MS), ...MARKED };
    const reply = await this.#query(remove, { id, ...left }, signal);
    return Number(reply.numDmlAffectedRows ?? 0);
  }

  async count({ id }: RecordRow, signal: AbortSignal): Promise<number> {
    const reply = await this.#query(buildProbeQueries(this.#options.table).count, { id }, signal);
    return Number(reply.rows?.[0]?.f[0]?.v ?? Number.NaN);
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query */
  async #query(query: string, params: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Reply> {
    const { google, spans, project, location, job } = this.#options;
    const body = {
      query,
      useLegacySql: false,
      location,
      labels: { service: job },
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
    const reply = await spans.call('bigquery.jobs.query', { 'rpc.system': 'bigquery' }, (headers) =>
      google.post<Reply>(`${google.bigquery}/projects/${project}/queries`, body, headers, signal),
    );
    if (reply.jobComplete !== true)
      throw new Error(`BigQuery did not finish a statement in ${STATEMENT_MS / 1000} s`);
    return reply;
  }
}
