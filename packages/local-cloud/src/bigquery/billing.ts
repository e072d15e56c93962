import { CloudError } from '../errors.ts';
import type { TableRead } from './sql/translate.ts';

const MIB = 1024 * 1024;
const MINIMUM_PER_TABLE = 10 * MIB;

/** What a statement costs, in bytes. */
export interface Bytes {
  readonly processed: number;
  readonly billed: number;
}

/**
 * Each column that is read counts in full; LIMIT, WHERE and clustering change nothing. A table that is read is billed
 * for at least 10 MiB, and the sum is rounded up to a MiB. https://docs.cloud.google.com/bigquery/pricing#on_demand_pricing
 *
 * Google bills less in two cases that are not modelled here: clustered tables (from about 64 MB) and rows in the
 * streaming buffer.
 */
export async function bytesOf(
  reads: readonly TableRead[],
  columnBytesOf: (read: TableRead) => Promise<ReadonlyMap<string, number>>,
): Promise<Bytes> {
  let processed = 0;
  let billed = 0;
  for (const read of reads) {
    // APPENDS and FOR SYSTEM_TIME check their times even when they read no column.
    if (read.columns.size === 0 && !read.range && !read.asOf) continue;
    const columnBytes = await columnBytesOf(read);
    const bytes = [...read.columns].reduce((sum, column) => sum + (columnBytes.get(column) ?? 0), 0);
    processed += bytes;
    if (bytes > 0) billed += Math.max(bytes, MINIMUM_PER_TABLE);
  }
  return { processed, billed: Math.ceil(billed / MIB) * MIB };
}

/** Throws `bytesBilledLimitExceeded`. `maximumBytesBilled` is a number, as text. */
export function assertBilledWithin({ billed }: Bytes, maximumBytesBilled: string | undefined): void {
  if (maximumBytesBilled === undefined || billed <= Number(maximumBytesBilled)) return;
  throw new CloudError(
    'INVALID_ARGUMENT',
    `Query exceeded limit for bytes billed: ${maximumBytesBilled}. ${billed} or higher required.`,
    { reason: 'bytesBilledLimitExceeded' },
  );
}
