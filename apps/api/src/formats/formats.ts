import { COLUMN_NAMES } from '@records/records-schema';
import { cellsJson } from '../warehouse/record-json.ts';
import type { Cells, JsonBytes } from '../warehouse/warehouse.ts';
import { csvLines } from './csv.ts';

/** A form that records can be sent in, one after the other. */
export interface LineFormat {
  readonly mediaType: string;
  readonly contentType: string;
  /** Of a file's name, and of an entity tag. */
  readonly extension: string;
  /** What comes before the first record. */
  readonly head: string;
  lines(rows: readonly Cells[]): string;
}

export const csv: LineFormat = {
  mediaType: 'text/csv',
  contentType: 'text/csv; charset=utf-8; header=present',
  extension: 'csv',
  head: csvLines([COLUMN_NAMES]),
  lines: csvLines,
};

/** One JSON object per line. */
export const ndjson: LineFormat = {
  mediaType: 'application/x-ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  extension: 'ndjson',
  head: '',
  lines: (rows) => {
    let text = '';
    for (const cells of rows) text += `${cellsJson(cells)}\n`;
    return text;
  },
};

/** A page of JSON in another form. */
export function formatPage({ head, lines }: LineFormat, page: JsonBytes): Buffer {
  const records = JSON.parse(page.toString()) as Readonly<Record<string, string | null>>[];
  return Buffer.from(head + lines(records.map(Object.values)));
}
