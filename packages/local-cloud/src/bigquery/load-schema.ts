import { parseDate, parseTime, parseTimestamp } from './calendar.ts';
import { invalid } from './errors.ts';
import { ExactNumber } from './exact-number.ts';
import type { LoadInput } from './job-configuration.ts';
import { parquetFields } from './load-parquet.ts';
import { type LoadedRow, loadedRows, type Media } from './load-rows.ts';
import { isObject, scalarValue } from './row-values.ts';
import { parseFields } from './schema.ts';
import type { Field } from './types.ts';

/** Google scans up to the first 500 rows. https://docs.cloud.google.com/bigquery/docs/schema-detect */
const SAMPLE_ROWS = 500;

/** What the values of a column have in common; undefined while all are NULL. */
interface Shape {
  readonly type: string | undefined;
  readonly repeated: boolean;
  /** The columns of a RECORD, in the order of their first appearance. */
  readonly fields: ReadonlyMap<string, Shape>;
}

const NOTHING: Shape = { type: undefined, repeated: false, fields: new Map() };

/** What the first rows of a file suggest. */
export interface DetectedSchema {
  readonly fields: readonly Field[];
  /** Rows before the data. */
  readonly skipLeadingRows: number;
}

/** Throws INVALID_ARGUMENT when no row has a column. */
export async function detectedSchema(input: LoadInput, media: Media): Promise<DetectedSchema> {
  if (input.sourceFormat === 'PARQUET') {
    return { fields: parseFields(await parquetFields(media.path)), skipLeadingRows: 0 };
  }
  const rows: LoadedRow[] = [];
  const isCsv = input.sourceFormat !== 'NEWLINE_DELIMITED_JSON';
  const skipped = input.skipLeadingRows ?? 0;
  // The last of the rows to skip may name the columns.
  const skipLeadingRows = Math.max(0, skipped - 1);
  for await (const row of loadedRows(media, { ...input, skipLeadingRows }, [])) {
    rows.push(row);
    if (rows.length >= SAMPLE_ROWS) break;
  }
  const { fields, hasHeader } = isCsv
    ? csvFields(rows, skipped > 0)
    : { fields: jsonFields(rows), hasHeader: false };
  if (fields.length === 0)
    throw invalid('Schema has no fields: the file has no rows to detect a schema from.');
  return { fields: parseFields(fields), skipLeadingRows: Math.max(skipped, Number(hasHeader)) };
}

function jsonFields(rows: readonly LoadedRow[]): object[] {
  const columns = new Map<string, Shape>();
  for (const { content } of rows) {
    if (!isObject(content)) continue;
    for (const [name, value] of Object.entries(content)) {
      columns.set(name, common(columns.get(name) ?? NOTHING, shapeOf(value)));
    }
  }
  return Array.from(columns, ([name, shape]) => fieldOf(name, shape));
}

function csvFields(
  rows: readonly LoadedRow[],
  isFirstSkipped: boolean,
): { readonly fields: object[]; readonly hasHeader: boolean } {
  const cells = rows.flatMap(({ content }) => (Array.isArray(content) ? [content as (string | null)[]] : []));
  const [first = [], ...others] = cells;
  const shapes = (lines: readonly (string | null)[][]) =>
    first.map((_, index) => lines.map((line) => shapeOf(line[index] ?? null)).reduce(common, NOTHING));
  const below = shapes(others);
  const isText = ({ type }: Shape) => type === 'STRING' || type === undefined;
  const isTextFirst = first.every((cell) => isText(shapeOf(cell)));
  const hasHeader = isTextFirst && (isFirstSkipped || below.some((shape) => !isText(shape)));
  if (hasHeader) {
    return {
      fields: below.map((shape, index) => fieldOf(columnName(first[index] ?? '', index), shape)),
      hasHeader,
    };
  }
  const fields = (isFirstSkipped ? below : shapes(cells)).map((shape, index) => {
    const { type = 'STRING' } = shape;
    return fieldOf(`${GENERATED_NAMES[type] ?? type.toLowerCase()}_field_${index}`, shape);
  });
  return { fields, hasHeader };
}

const GENERATED_NAMES: Readonly<Record<string, string>> = {
  INTEGER: 'int64',
  FLOAT: 'double',
  BOOLEAN: 'bool',
};

function columnName(header: string, index: number): string {
  const name = header.trim().replace(/\W/g, '_');
  return /^[A-Za-z_]/.test(name) ? name : `_${name || index}`;
}

function fieldOf(name: string, { type = 'STRING', repeated, fields }: Shape): object {
  return {
    name,
    type,
    mode: repeated ? 'REPEATED' : 'NULLABLE',
    ...(type === 'RECORD' && { fields: Array.from(fields, ([key, shape]) => fieldOf(key, shape)) }),
  };
}

function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return { ...value.map(shapeOf).reduce(common, NOTHING), repeated: true };
  if (isObject(value)) {
    return {
      ...NOTHING,
      type: 'RECORD',
      fields: new Map(Object.entries(value).map(([k, v]) => [k, shapeOf(v)])),
    };
  }
  return { ...NOTHING, type: scalarType(value) };
}

/** Texts count as what they say, in JSON too. https://docs.cloud.google.com/bigquery/docs/schema-detect#string_conversion */
function scalarType(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INTEGER' : 'FLOAT';
  if (value instanceof ExactNumber)
    return scalarValue('INT64', value, true) === undefined ? 'FLOAT' : 'INTEGER';
  const text = String(value);
  if (/^(?:true|false)$/i.test(text)) return 'BOOLEAN';
  if (/^[+-]?\d+$/.test(text) && scalarValue('INT64', text, true) !== undefined) return 'INTEGER';
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return 'FLOAT';
  if (parseDate(text) !== undefined) return 'DATE';
  if (parseTime(text) !== undefined) return 'TIME';
  return parseTimestamp(text) === undefined ? 'STRING' : 'TIMESTAMP';
}

function common(a: Shape, b: Shape): Shape {
  const repeated = a.repeated || b.repeated;
  if (a.type === undefined || b.type === undefined) return { ...(a.type === undefined ? b : a), repeated };
  const fields = new Map(a.fields);
  for (const [name, shape] of b.fields) fields.set(name, common(fields.get(name) ?? NOTHING, shape));
  if (a.type === b.type) return { type: a.type, repeated, fields };
  const both = [a.type, b.type];
  if (both.every((type) => type === 'INTEGER' || type === 'FLOAT'))
    return { ...NOTHING, type: 'FLOAT', repeated };
  if (both.every((type) => type === 'DATE' || type === 'TIMESTAMP'))
    return { ...NOTHING, type: 'TIMESTAMP', repeated };
  return { ...NOTHING, type: 'STRING', repeated };
}
