import type { TableName } from '@records/runtime';
import { malformedReply, WarehouseError, warehouseErrorOf } from './errors.ts';
import type { RawRow } from './record-json.ts';

// Replies of BigQuery, validated: a missing field throws `malformedReply`.

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#response-body */
export interface QueryReply {
  readonly jobComplete?: unknown;
  readonly jobReference?: { readonly jobId?: string; readonly location?: string };
  readonly pageToken?: string;
  readonly totalBytesBilled?: unknown;
  readonly schema?: unknown;
  readonly rows?: unknown;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job */
export interface Job {
  readonly done: boolean;
  readonly failure: WarehouseError | undefined;
  /** The table of the result; undefined until it exists. */
  readonly destination: TableName | undefined;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly creationTime: number;
  /** How long it ran; 0 until it is done. Milliseconds. */
  readonly durationMs: number;
  /** 0 until it is done. */
  readonly billedBytes: number;
  /** The values of its parameters that are lists of text. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export interface TableMetadata {
  /** Milliseconds since the epoch, as text. */
  readonly lastModifiedTime: string;
  readonly numRows: string;
  readonly numBytes: number;
  /** Streamed rows that `numRows` does not count yet; undefined when there are none. */
  readonly streamingBuffer: { readonly estimatedBytes: number } | undefined;
}

/** The result of a query. */
export interface BilledRows {
  readonly rows: readonly RawRow[];
  /** Bytes. */
  readonly billed: number;
}

export interface RowsPage {
  readonly rows: readonly RawRow[];
  readonly totalRows: number;
}

export function queryRowsOf({ jobComplete, schema, rows = [] }: QueryReply): readonly RawRow[] {
  if (jobComplete === false)
    throw new WarehouseError('timeout', 'timeout', 'the query did not finish in time');
  if (jobComplete === true && schema !== undefined && isRawRows(rows)) return rows;
  throw malformedReply('the reply is not a query result');
}

export function jobOf(reply: Reply): Job {
  const state = text(reply.status?.state);
  const creationTime = Number(reply.statistics?.creationTime);
  if (state === undefined || !Number.isFinite(creationTime)) throw malformedReply('the reply is not a job');
  const { reason, message } = reply.status?.errorResult ?? {};
  const durationMs = Number(reply.statistics?.endTime) - Number(reply.statistics?.startTime);
  const { projectId, datasetId, tableId } = reply.configuration?.query?.destinationTable ?? {};
  return {
    done: state === 'DONE',
    failure:
      reply.status?.errorResult &&
      warehouseErrorOf(text(reason) ?? 'unknown', text(message) ?? 'the job failed'),
    destination: projectId && datasetId && tableId ? { projectId, datasetId, tableId } : undefined,
    creationTime,
    durationMs: Math.max(0, durationMs) || 0,
    billedBytes: Number(reply.statistics?.query?.totalBytesBilled) || 0,
    lists: new Map(
      (reply.configuration?.query?.queryParameters ?? []).flatMap(({ name, parameterValue }) =>
        name !== undefined && parameterValue?.arrayValues
          ? [[name, parameterValue.arrayValues.map(({ value }) => value ?? '')]]
          : [],
      ),
    ),
  };
}

export function tableMetadataOf({
  lastModifiedTime,
  numRows,
  numBytes,
  streamingBuffer,
}: Reply): TableMetadata {
  if (typeof lastModifiedTime !== 'string' || typeof numRows !== 'string' || !(Number(numBytes) >= 0)) {
    throw malformedReply('the reply is not a table');
  }
  const estimatedBytes = Number(streamingBuffer?.estimatedBytes ?? 0);
  return {
    lastModifiedTime,
    numRows,
    numBytes: Number(numBytes),
    streamingBuffer: streamingBuffer && {
      estimatedBytes: Number.isFinite(estimatedBytes) ? estimatedBytes : 0,
    },
  };
}

export function rowsPageOf({ rows = [], totalRows }: Reply): RowsPage {
  if (typeof totalRows === 'string' && Number.isSafeInteger(Number(totalRows)) && isRawRows(rows)) {
    return { rows, totalRows: Number(totalRows) };
  }
  throw malformedReply('the reply is not a list of rows');
}

/** The fields that are read, of every kind of reply. */
interface Reply {
  readonly status?: {
    readonly state?: unknown;
    readonly errorResult?: { readonly reason?: unknown; readonly message?: unknown };
  };
  readonly statistics?: {
    readonly creationTime?: unknown;
    readonly startTime?: unknown;
    readonly endTime?: unknown;
    readonly query?: { readonly totalBytesBilled?: unknown };
  };
  readonly configuration?: {
    readonly query?: {
      readonly destinationTable?: Partial<TableName>;
      readonly queryParameters?: readonly {
        readonly name?: string;
        readonly parameterValue?: { readonly arrayValues?: readonly { readonly value?: string }[] };
      }[];
    };
  };
  readonly lastModifiedTime?: unknown;
  readonly numRows?: unknown;
  readonly numBytes?: unknown;
  readonly streamingBuffer?: { readonly estimatedBytes?: unknown };
  readonly rows?: unknown;
  readonly totalRows?: unknown;
}

function isRawRows(rows: unknown): rows is readonly RawRow[] {
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row?.f));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
