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
 * Whether a table was last written to before that moment of BigQuery's clock, milliseconds since the epoch: then a query of that moment
 * read what the look at the table saw, whoever sent it.
 */
export function isOlder({ streamingBuffer, lastModifiedTime }: TableMetadata, moment: number): boolean {
  return streamingBuffer === undefined && Number(lastModifiedTime) < moment;
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
