import type { DuckDBValue } from '@duckdb/node-api';
import { encodeRow, type Row, type TimestampFormat } from './cells.ts';
import { queryError } from './duckdb-errors.ts';
import { invalid } from './errors.ts';
import { byteSize } from './sizes.ts';
import { type Field, typeOfField } from './types.ts';

/** Rows in one response. https://docs.cloud.google.com/bigquery/docs/paging-results */
const MAX_PAGE_ROWS = 100_000;
const MAX_PAGE_BYTES = 10 * 1024 * 1024;

/** Rows per read from DuckDB while a page fills, at most: large rows are read in as many as fill a page. */
const SLICE_ROWS = 8192;

/** Rows in a stable order: a stored table, or the result of a query. */
export interface RowSource {
  readonly fields: readonly Field[];
  readonly totalRows: number;
  /** Logical bytes of all rows. */
  readonly bytes: number;
  read(start: number, count: number): Promise<readonly (readonly DuckDBValue[])[]>;
}

export interface PageRequest {
  /** Zero-based index of the first row. */
  readonly startIndex?: string | undefined;
  readonly maxResults?: number | undefined;
  readonly pageToken?: string | undefined;
}

export interface Page {
  readonly rows: readonly Row[];
  readonly pageToken?: string;
}

/** Reads one page. `key` identifies the source: a page token of another source is refused. */
export async function readPage(
  source: RowSource,
  request: PageRequest,
  timestamps: TimestampFormat,
  key: string,
): Promise<Page> {
  const start = request.pageToken ? decodePageToken(request.pageToken, key) : Number(request.startIndex ?? 0);
  const limit = Math.min(request.maxResults ?? MAX_PAGE_ROWS, MAX_PAGE_ROWS);
  const types = source.fields.map(typeOfField);
  const fitting = Math.ceil((MAX_PAGE_BYTES * source.totalRows) / Math.max(source.bytes, 1));
  const rows: Row[] = [];
  let bytes = 0;
  while (rows.length < limit && start + rows.length < source.totalRows && bytes < MAX_PAGE_BYTES) {
    const count = Math.min(limit - rows.length, SLICE_ROWS, fitting);
    const slice = await source.read(start + rows.length, count).catch((error: unknown) => {
      // The table may have been dropped meanwhile.
      throw queryError(error);
    });
    if (slice.length === 0) break;
    for (const values of slice) {
      bytes += types.reduce((sum, type, index) => sum + byteSize(type, values[index] ?? null), 0);
      if (bytes > MAX_PAGE_BYTES && rows.length > 0) break;
      rows.push(encodeRow(source.fields, values, timestamps));
    }
  }
  const end = start + rows.length;
  return end < source.totalRows && limit > 0 ? { rows, pageToken: encodePageToken(end, key) } : { rows };
}

/** One page of `items`, the complete list. */
export function listPage<T>(
  items: readonly T[],
  request: { readonly maxResults?: number | undefined; readonly pageToken?: string | undefined },
  key: string,
): { items: T[]; nextPageToken?: string } {
  const start = request.pageToken ? decodePageToken(request.pageToken, key) : 0;
  // 0 is no limit here: a page without items would never end.
  const end = start + (request.maxResults || items.length);
  const page = items.slice(start, end);
  return end < items.length ? { items: page, nextPageToken: encodePageToken(end, key) } : { items: page };
}

function encodePageToken(offset: number, key: string): string {
  return Buffer.from(JSON.stringify([offset, key])).toString('base64url');
}

function decodePageToken(token: string, key: string): number {
  try {
    const [offset, of]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (of === key && Number.isSafeInteger(offset) && Number(offset) >= 0) return Number(offset);
  } catch {
    // Not a page token of this server: refused below.
  }
  throw invalid('Invalid page token.');
}
