import { randomUUID } from 'node:crypto';
import { SpanKind } from '@opentelemetry/api';
import { type Google, quoteTableName, type TableName } from '@records/runtime';
import { call } from './google-calls.ts';
import { idAt, MARKED, type Mark } from './record.ts';
import type { Spans } from './spans.ts';

/** A record of a mark has these values, too: no publisher sends all of that. */
const LEFT = 'id >= @from AND id < @until AND nombre = @nombre AND apellido = @apellido AND pais = @pais';

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
  readonly numDmlAffectedRows?: string;
  readonly rows?: readonly { readonly f: readonly { readonly v: unknown }[] }[];
}

/** The parameters of `LEFT`. */
function leftOf(mark: Mark, leftBefore: number): Record<string, string> {
  return { from: idAt(mark, 0), until: idAt(mark, leftBefore), ...MARKED };
}

/** The table of records, as far as a check may change it. Values travel in `@parameters` only. */
export class RecordTable {
  readonly #options: RecordTableOptions;
  /** Quoted for SQL. */
  readonly name: string;

  constructor(options: RecordTableOptions) {
    this.#options = options;
    this.name = quoteTableName(options.table);
  }

  /**
   * Deletes the rows of a record, and those that earlier checks of its mark left before `leftBefore`, in milliseconds since
   * 1970. Answers the number of rows. BigQuery bills it like the whole table.
   */
  async remove(id: string, mark: Mark, leftBefore: number): Promise<number> {
    const reply = await this.#query(`DELETE FROM ${this.name} WHERE id = @id OR (${LEFT})`, {
      id,
      ...leftOf(mark, leftBefore),
    });
    return Number(reply.numDmlAffectedRows ?? 0);
  }

  /** Deletes only what earlier checks of a mark left. Answers and costs the same. */
  async sweep(mark: Mark, leftBefore: number): Promise<number> {
    const reply = await this.#query(`DELETE FROM ${this.name} WHERE ${LEFT}`, leftOf(mark, leftBefore));
    return Number(reply.numDmlAffectedRows ?? 0);
  }

  /** The size of the table. Bytes, without the rows of the last minutes. Costs nothing. */
  async bytes(): Promise<number> {
    const { google, table } = this.#options;
    const { projectId, datasetId, tableId } = table;
    const url = `${google.bigquery}/projects/${projectId}/datasets/${datasetId}/tables/${tableId}`;
    const { numBytes = 0 } = await call<{ numBytes?: string }>(google, { url });
    return Number(numBytes);
  }

  /** How many rows a record has. */
  async count(id: string): Promise<number> {
    const reply = await this.#query(`SELECT COUNT(*) AS n FROM ${this.name} WHERE id = @id`, { id });
    return Number(reply.rows?.[0]?.f[0]?.v ?? Number.NaN);
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
