import type { Cells } from '../warehouse/warehouse.ts';

/**
 * Beginnings of cells that a spreadsheet could take for a formula, also after white space. An apostrophe is among them, so that
 * removing one leading apostrophe from each cell restores the stored value. https://owasp.org/www-community/attacks/CSV_Injection
 */
const UNSAFE = /^(?:[\t\r\n']|\s*[=+\-@＝＋－＠])/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Records as CSV (RFC 4180), each line with its CRLF. */
export function csvLines(rows: readonly Cells[]): string {
  let text = '';
  for (const cells of rows) text += `${cells.map(csvCell).join(',')}\r\n`;
  return text;
}

function csvCell(value: string | null): string {
  if (value === null) return '';
  const safe = UNSAFE.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
