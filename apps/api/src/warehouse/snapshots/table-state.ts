import type { TableMetadata } from '../replies.ts';

const MIB = 1024 * 1024;

/** The least that a query is billed. https://docs.cloud.google.com/bigquery/pricing#on_demand_pricing */
const MINIMUM_BYTES = 10 * MIB;
/** For what arrives between the look at the table and the query. */
const HEAD_ROOM_BYTES = 100 * MIB;

/**
 * Whether nothing was written between two looks at a table. What is in the streaming buffer is only estimated, so a
 * table with one is never taken for unchanged.
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
 * What a scan of the table may be billed at most. For a clustered table BigQuery compares its upper bound, not the
 * bill, so this is far above the size of the table and only stops what has gone wrong.
 * https://docs.cloud.google.com/bigquery/docs/best-practices-costs#restrict-bytes-billed
 */
export function maximumBytesBilled({ numBytes, streamingBuffer }: TableMetadata): number {
  const bytes = numBytes + (streamingBuffer?.estimatedBytes ?? 0);
  return Math.ceil(Math.max(MINIMUM_BYTES, 2 * bytes) / MIB) * MIB + HEAD_ROOM_BYTES;
}
