import type { Cells } from '../warehouse/warehouse.ts';

/**
 * What a spreadsheet could take for a formula, where a cell may begin: at the beginning of a value, and after anything but a letter, a
 * digit or an apostrophe, since an importer may separate cells at any other character. An apostrophe is among it, so that removing one
 * from each such place restores the value. https://owasp.org/www-community/attacks/CSV_Injection
 */
const UNSAFE = /(?<![\p{L}\p{M}\p{N}'])(?=[=+\-@＝＋－＠\t\r\n'])/gu;
/** Most values have none of these, and need no search with Unicode's classes. */
const SUSPECT = /[=+\-@＝＋－＠\t\r\n']/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Records as CSV (RFC 4180), each line with its CRLF. */
export function csvLines(rows: readonly Cells[]): string {
  let text = '';
  for (const cells of rows) text += `${cells.map(csvCell).join(',')}\r\n`;
  return text;
}

/** A text as a cell that no spreadsheet takes for a formula; empty for null. */
export function csvCell(value: string | null): string {
  if (value === null) return '';
  const safe = SUSPECT.test(value) ? value.replace(UNSAFE, "'") : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
