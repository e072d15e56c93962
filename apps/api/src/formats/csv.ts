import type { Cells } from '../warehouse/warehouse.ts';

/**
 * How a cell begins that a spreadsheet could take for a formula, with or without white space before it; and how one
 * begins that was made safe, so that taking one apostrophe away from every cell that begins with one gives back exactly
 * what was stored. https://owasp.org/www-community/attacks/CSV_Injection
 */
const UNSAFE = /^(?:[\t\r\n']|\s*[=+\-@＝＋－＠])/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Records as CSV (RFC 4180): comma, CRLF, a quote within quotes doubled. */
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
