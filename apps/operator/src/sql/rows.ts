import { csvCell } from '@records/api/csv';
import { oneLine, table } from '@records/cli';

/** A row as Google's client gives it: values by column, integers wrapped. */
export type Row = Readonly<Record<string, unknown>>;

export type Format = 'table' | 'csv' | 'json';

/** A value of JSON: a text where a number of JavaScript would round. */
type Plain = string | number | boolean | null | Plain[] | { readonly [name: string]: Plain };

/** Rows as text. NULL is `NULL` in a table, empty in CSV, null in JSON. */
export function textOfRows(columns: readonly string[], rows: readonly Row[], format: Format): string {
  const cells = rows.map((row) => columns.map((column) => plain(row[column])));
  if (format === 'table') return table([columns, ...cells.map((row) => row.map(tableCell))]);
  if (format === 'csv') return [columns, ...cells].map((row) => row.map(cellOfCsv).join(',')).join('\r\n');
  return JSON.stringify(
    cells.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
  );
}

function plain(value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  // BigQueryRange, as BigQuery writes it.
  if ('apiValue' in value) return String(value.apiValue);
  // BigQueryInt, BigQueryTimestamp and their like.
  if ('value' in value)
    return value.constructor.name === 'BigQueryInt' ? integer(String(value.value)) : String(value.value);
  // Big, of NUMERIC: its own text has exponents.
  return 'toFixed' in value && typeof value.toFixed === 'function' ? String(value.toFixed()) : String(value);
}

function integer(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

function tableCell(value: Plain): string {
  return value === null ? 'NULL' : oneLine(textOf(value));
}

function cellOfCsv(value: Plain): string {
  // A negative number is no formula.
  return typeof value === 'number' ? String(value) : csvCell(value === null ? null : textOf(value));
}

function textOf(value: Plain): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
