import { pricesIn } from '@records/infra/prices';
import { CloudError } from '@records/local-cloud';
import { quotedTable } from '@records/stack';
import type { JobsUpdate, ShownJob, SqlAnswer, SqlForm } from '../sql-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { Input, ServerView } from '../views.ts';

/** Rows of an answer that are sent. */
const MAX_ROWS = 200;
/** Jobs that are sent. */
const MAX_JOBS = 30;
/** Characters of a job's SQL that are sent. */
const MAX_SQL = 2_000;
/** A query that takes longer is cancelled. */
const QUERY_TIMEOUT_MS = 60_000;

type BigQuery = StackView['stack']['cloud']['bigquery'];
type Response = Awaited<ReturnType<BigQuery['query']>>;
type Field = NonNullable<Response['schema']>['fields'][number];
type Row = NonNullable<Response['rows']>[number];
type Cell = Row['f'][number]['v'];
type Job = Awaited<ReturnType<BigQuery['listJobs']>>['jobs'][number];

/** *SQL*: queries as the developer, and the jobs of everybody with what they cost. */
export function open({ stack, routes }: StackView): ServerView {
  const { bigquery } = stack.cloud;
  return {
    calls: {
      'GET form': async (): Promise<SqlForm> => {
        const { table, region } = stack.outputs;
        return {
          sql: `SELECT pais, COUNT(DISTINCT id) AS records\nFROM ${quotedTable(table)}\nGROUP BY pais\nORDER BY records DESC`,
          price: { region, usdPerTib: pricesIn(region).query.usd },
        };
      },
      async 'POST run'({ sql }: Input): Promise<SqlAnswer> {
        if (typeof sql !== 'string')
          throw new Refusal({ en: '"sql" must be a text', es: '"sql" debe ser un texto' });
        const began = performance.now();
        try {
          const answer = await bigquery.query({
            ...{ query: sql, useLegacySql: false, maxResults: MAX_ROWS },
            // It is cancelled before the answer would say that it still runs.
            ...{ jobTimeoutMs: String(QUERY_TIMEOUT_MS), timeoutMs: 2 * QUERY_TIMEOUT_MS },
            formatOptions: { timestampOutputFormat: 'ISO8601_STRING' },
          });
          return answerOf(answer, performance.now() - began);
        } catch (error) {
          if (error instanceof CloudError) return refusalOf(error);
          throw error;
        }
      },
    },
    async read(): Promise<JobsUpdate> {
      const [{ jobs }, answered] = await Promise.all([
        bigquery.listJobs({ allUsers: true, projection: 'full', maxResults: MAX_JOBS }),
        routes(),
      ]);
      return {
        jobs: jobs.map(shownJob),
        bytesBilled: bigquery.usage().bytesBilled,
        requests: answered?.reduce((sum, { requests }) => sum + requests, 0),
      };
    },
  };
}

function answerOf(answer: Response, milliseconds: number): SqlAnswer {
  const { schema, rows = [], totalRows, totalBytesProcessed, totalBytesBilled, numDmlAffectedRows } = answer;
  const fields = schema?.fields ?? [];
  return {
    columns: fields.map(({ name, type, mode }) => ({
      name,
      type: mode === 'REPEATED' ? `ARRAY<${type}>` : type,
    })),
    rows: rows.map(({ f }) => fields.map((field, index) => textOf(field, f[index]?.v ?? null))),
    totalRows: Number(totalRows),
    bytesProcessed: Number(totalBytesProcessed),
    bytesBilled: Number(totalBytesBilled),
    milliseconds,
    ...(numDmlAffectedRows !== undefined && { changedRows: Number(numDmlAffectedRows) }),
  };
}

function textOf(field: Field, cell: Cell): string | null {
  const value = plainOf(field, cell);
  return value === null || typeof value === 'string' ? value : JSON.stringify(value);
}

/** An array or a struct in BigQuery's JSON as a plain one. */
function plainOf(field: Field, cell: Cell): unknown {
  if (cell === null || typeof cell === 'string') return cell;
  if (!('f' in cell)) return cell.map(({ v }) => plainOf(field, v));
  const fields = field.fields ?? [];
  return Object.fromEntries(fields.map((one, index) => [one.name, plainOf(one, cell.f[index]?.v ?? null)]));
}

/** BigQuery ends the message with the place: ` at [2:8]`. */
function refusalOf({ message }: CloudError): SqlAnswer {
  const [, line, column] = /\[(\d+):(\d+)\]/.exec(message) ?? [];
  if (line === undefined) return { refusal: message };
  return { refusal: message, line: Number(line), column: Number(column) };
}

function shownJob(job: Job): ShownJob {
  const { jobReference, user_email, statistics, configuration, errorResult } = job;
  const { creationTime, endTime, query } = statistics as {
    creationTime: string;
    endTime?: string;
    query?: { totalBytesBilled?: string };
  };
  const sql = configuration?.query?.query ?? configuration?.jobType ?? '';
  return {
    id: jobReference.jobId,
    at: Number(creationTime),
    user: user_email,
    sql: sql.length > MAX_SQL ? `${sql.slice(0, MAX_SQL).toWellFormed()}…` : sql,
    ...(errorResult && { error: errorResult.message }),
    milliseconds: endTime === undefined ? undefined : Number(endTime) - Number(creationTime),
    bytesBilled: Number(query?.totalBytesBilled ?? 0),
  };
}
