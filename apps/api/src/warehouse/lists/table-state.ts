import { MAX_LISTED_BYTES } from '../queries.ts';
import type { TableMetadata } from '../replies.ts';

const MIB = 1024 * 1024;

/** The minimum that a query is billed per table. https://docs.cloud.google.com/bigquery/pricing#on_demand_pricing */
const MINIMUM_BYTES = 10 * MIB;
/** For rows that arrive between reading the metadata and the query. */
const HEAD_ROOM_BYTES = 100 * MIB;
/** Bytes of a fingerprint in a list. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes */
const FINGERPRINT_BYTES = 10;

/** The table at one moment. */
export interface TableState extends TableMetadata {
  /** All rows, those in the streaming buffer included. */
  readonly rows: number;
}

/**
 * Whether nothing was written between two reads. The metadata of a streaming buffer are estimates, so with one the number of rows decides: a
 * statement that replaces rows meanwhile appears with the next record that arrives.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Streamingbuffer
 */
export function isUnchanged(before: TableState, now: TableState): boolean {
  if (before.rows !== now.rows) return false;
  if (before.streamingBuffer || now.streamingBuffer) return true;
  return before.lastModifiedTime === now.lastModifiedTime && before.numBytes === now.numBytes;
}

/**
 * Whether the table was last written before `moment`, in milliseconds since the epoch by BigQuery's clock: then any query of that
 * moment read the same rows.
 */
export function isOlder({ streamingBuffer, lastModifiedTime }: TableState, moment: number): boolean {
  return streamingBuffer === undefined && Number(lastModifiedTime) < moment;
}

/** The bill of a scan of the table. Bytes. */
export function scanBytes({ numBytes, streamingBuffer }: TableMetadata): number {
  return Math.max(MINIMUM_BYTES, numBytes + (streamingBuffer?.estimatedBytes ?? 0));
}

/** The bill of a delta, in bytes: `arrived` bytes were written since a base of `rows` rows in `parts` tables. */
export function deltaBytes(arrived: number, rows: number, parts: number): number {
  return Math.max(MINIMUM_BYTES, arrived) + Math.max(parts * MINIMUM_BYTES, rows * FINGERPRINT_BYTES);
}

/**
 * A limit for the bytes billed by a query that reads up to so many bytes. For a clustered table BigQuery compares an upper bound, not the
 * bill, so the limit is far above that and stops only faulty queries.
 * https://docs.cloud.google.com/bigquery/docs/best-practices-costs#restrict-bytes-billed
 */
export function maximumBytesBilled(bytes: number): number {
  return Math.ceil(Math.max(MINIMUM_BYTES, 2 * bytes) / MIB) * MIB + HEAD_ROOM_BYTES;
}

/** The most that so many listed rows can have. Bytes. */
export function maximumListedBytes(rows: number): number {
  return rows * MAX_LISTED_BYTES;
}
