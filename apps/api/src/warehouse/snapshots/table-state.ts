import type { TableMetadata } from '../replies.ts';

const MIB = 1024 * 1024;

/** The minimum that a query is billed. https://docs.cloud.google.com/bigquery/pricing#on_demand_pricing */
const MINIMUM_BYTES = 10 * MIB;
/** For rows that arrive between reading the metadata and the query. */
const HEAD_ROOM_BYTES = 100 * MIB;

/**
 * Whether nothing was written between two reads of the metadata. A streaming buffer has only estimates, so a table with one counts as
 * changed.
 * https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Streamingbuffer
 */
export function isUnchanged(before: TableMetadata, now: TableMetadata): boolean {
  return (
    before.streamingBuffer === undefined &&
    now.streamingBuffer === undefined &&
    before.lastModifiedTime === now.lastModifiedTime &&
    before.numRows === now.numRows &&
    before.numBytes === now.numBytes
  );
}

/**
 * Whether the table was last written before `moment`, in milliseconds since the epoch by BigQuery's clock: then any query of that
 * moment read the same rows.
 */
export function isOlder({ streamingBuffer, lastModifiedTime }: TableMetadata, moment: number): boolean {
  return streamingBuffer === undefined && Number(lastModifiedTime) < moment;
}

/**
 * A limit for the bytes billed by a scan. For a clustered table BigQuery compares an upper bound, not the bill, so the limit is far
 * above the size of the table and stops only faulty queries.
 * https://docs.cloud.google.com/bigquery/docs/best-practices-costs#restrict-bytes-billed
 */
export function maximumBytesBilled({ numBytes, streamingBuffer }: TableMetadata): number {
  const bytes = numBytes + (streamingBuffer?.estimatedBytes ?? 0);
  return Math.ceil(Math.max(MINIMUM_BYTES, 2 * bytes) / MIB) * MIB + HEAD_ROOM_BYTES;
}
