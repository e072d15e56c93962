import { COLUMN_NAMES } from '@records/records-schema';
import { cellsJson } from '../warehouse/record-json.ts';
import type { Cells, JsonBytes } from '../warehouse/warehouse.ts';
import { csvLines } from './csv.ts';

/** A text format that holds records one after the other. */
export interface LineFormat {
  readonly mediaType: string;
  readonly contentType: string;
  /** Of file names. */
  readonly extension: string;
  /** The text before the first record. */
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

/** For Excel, which recognizes UTF-8 by the byte order mark. */
export const markedCsv: LineFormat = { ...csv, head: `\ufeff${csv.head}` };

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

/** A JSON page in another format. */
export function formatPage({ head, lines }: LineFormat, page: JsonBytes): Buffer {
  const records = JSON.parse(page.toString()) as Readonly<Record<string, string | null>>[];
  return Buffer.from(head + lines(records.map(Object.values)));
}
