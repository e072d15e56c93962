import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { DuckDBValue } from '@duckdb/node-api';
import { CsvError, parse } from 'csv-parse';
import { assertDepth } from '../http/json-body.ts';
import { invalid } from './errors.ts';
import { parseJson } from './exact-number.ts';
import type { LoadInput } from './job-configuration.ts';
import { assertRequired, parquetRows } from './load-parquet.ts';
import { fittedValue, isObject, RowValueError, rowValues, scalarValue } from './row-values.ts';
import { type Field, kindOfField, type ScalarKind } from './types.ts';

/** An uploaded file. */
export interface Media {
  readonly path: string;
  readonly bytes: number;
  delete(): Promise<void>;
}

/** A row of a file. */
export interface LoadedRow {
  /** Counts from 1. */
  readonly number: number;
  /** The row by column names, or the cells of a line of CSV; undefined for a line that is neither. */
  readonly content: Readonly<Record<string, unknown>> | readonly (string | null)[] | undefined;
  /** In the order of the columns. Throws RowValueError. */
  values(fields: readonly Field[]): DuckDBValue[];
}

/** https://docs.cloud.google.com/bigquery/quotas#load_jobs: rows of JSON have at most 100 MB, cells of CSV as well. */
const MAX_ROW_BYTES = 100 * 1024 * 1024;

/** Every row of the file, without the rows to skip. */
export async function* loadedRows(
  media: Media,
  input: LoadInput,
  fields: readonly Field[],
): AsyncGenerator<LoadedRow> {
  if (input.sourceFormat === 'NEWLINE_DELIMITED_JSON') yield* jsonRows(media, input);
  else if (input.sourceFormat === 'PARQUET') yield* columnarRows(media, fields);
  else yield* csvRows(media, input);
}

async function* columnarRows({ path }: Media, fields: readonly Field[]): AsyncGenerator<LoadedRow> {
  let number = 0;
  for await (const values of parquetRows(path, fields)) {
    number += 1;
    yield {
      number,
      content: undefined,
      values(columns) {
        assertRequired(columns, values);
        return values;
      },
    };
  }
}

async function* jsonRows(
  media: Media,
  { ignoreUnknownValues = false }: LoadInput,
): AsyncGenerator<LoadedRow> {
  let number = 0;
  for await (const line of lines(await contentOf(media))) {
    number += 1;
    if (line.trim() === '') continue;
    const { content, problem = '' } = jsonObject(line);
    yield {
      number,
      content,
      values(fields) {
        if (!content) throw new RowValueError('', problem);
        return rowValues(fields, content, { lenient: true, ignoreUnknownValues, isRawJson: true });
      },
    };
  }
}

function jsonObject(line: string): { content?: Record<string, unknown>; problem?: string } {
  try {
    assertDepth(Buffer.from(line));
    const value = parseJson(line);
    return isObject(value) ? { content: value } : { problem: 'the line is not a JSON object.' };
  } catch (error) {
    return { problem: `the line cannot be read as JSON: ${Error.isError(error) ? error.message : error}.` };
  }
}

async function* lines(content: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of content) {
    rest += decoder.decode(chunk, { stream: true });
    const complete = rest.split('\n');
    rest = complete.pop() ?? '';
    yield* complete;
    if (rest.length > MAX_ROW_BYTES) throw invalid(`A row has more than ${MAX_ROW_BYTES} bytes`);
  }
  yield rest + decoder.decode();
}

/** https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#csv-options */
async function* csvRows(media: Media, input: LoadInput): AsyncGenerator<LoadedRow> {
  const { skipLeadingRows = 0, fieldDelimiter = ',', quote = '"', encoding = 'UTF-8' } = input;
  const markers = input.nullMarkers?.length ? input.nullMarkers : [input.nullMarker ?? ''];
  const skipped: string[] = [];
  const parser = parse({
    delimiter: /^(?:\\t|tab)$/i.test(fieldDelimiter) ? '\t' : fieldDelimiter,
    quote: quote === '' ? null : quote,
    escape: quote === '' ? null : quote,
    encoding: encoding === 'UTF-8' ? 'utf8' : 'latin1',
    bom: encoding === 'UTF-8',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_BYTES,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error) skipped.push(error.message);
      return undefined;
    },
    // An empty cell in quotes is a text; one without is NULL.
    cast: (cell, { quoting }) => (!quoting && markers.includes(cell) ? null : cell) as string,
  });
  const content = await contentOf(media);
  pipeline(content, parser, () => {
    // The iteration below throws the error.
  });
  let number = 0;
  try {
    for await (const cells of parser as AsyncIterable<readonly (string | null)[]>) {
      for (const message of skipped.splice(0)) yield refusedRow(++number, message);
      number += 1;
      if (number > skipLeadingRows) yield csvRow(number, cells, input);
    }
  } catch (error) {
    if (error instanceof CsvError) throw invalid(`Error while reading data, error message: ${error.message}`);
    throw error;
  }
  for (const message of skipped.splice(0)) yield refusedRow(++number, message);
}

function refusedRow(number: number, message: string): LoadedRow {
  return {
    number,
    content: undefined,
    values() {
      throw new RowValueError('', message);
    },
  };
}

function csvRow(number: number, cells: readonly (string | null)[], input: LoadInput): LoadedRow {
  const { allowQuotedNewlines = false, allowJaggedRows = false, ignoreUnknownValues = false } = input;
  return {
    number,
    content: cells,
    values(fields) {
      if (!allowQuotedNewlines && cells.some((cell) => cell?.includes('\n'))) {
        throw new RowValueError('', 'a quoted value has a line break: set allowQuotedNewlines.');
      }
      if (cells.length > fields.length && !ignoreUnknownValues) {
        throw new RowValueError('', `too many values: expected ${fields.length}, got ${cells.length}.`);
      }
      if (cells.length < fields.length && !allowJaggedRows) {
        throw new RowValueError('', `too few values: expected ${fields.length}, got ${cells.length}.`);
      }
      return fields.map((field, index) => csvValue(field, cells[index] ?? null));
    },
  };
}

function csvValue(field: Field, cell: string | null): DuckDBValue {
  const { name, mode } = field;
  const kind = kindOfField(field);
  if (!kind || mode === 'REPEATED') {
    throw new RowValueError(name, `CSV has no nested and no repeated values: column ${name} is one.`);
  }
  if (cell === null) {
    if (mode === 'REQUIRED') throw new RowValueError(name, `Missing required field: ${name}.`);
    return null;
  }
  const value = scalarValue(kind, wordOf(kind, cell), true);
  if (value !== undefined) return fittedValue(field, value, name);
  throw new RowValueError(
    name,
    `Could not parse ${JSON.stringify(cell.slice(0, 80))} as ${kind} for field ${name}.`,
  );
}

/** https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-csv#data_types */
const BOOLEAN_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '1': 'true',
    t: 'true',
    y: 'true',
    yes: 'true',
    '0': 'false',
    f: 'false',
    n: 'false',
    no: 'false',
  }),
);

function wordOf(kind: ScalarKind, cell: string): string {
  if (kind === 'STRING' || kind === 'BYTES') return cell;
  const text = cell.trim();
  return kind === 'BOOL' ? (BOOLEAN_WORDS.get(text.toLowerCase()) ?? text) : text;
}

/** The bytes of the file, unzipped: BigQuery takes gzip for CSV and JSON. */
async function contentOf({ path }: Media): Promise<Readable> {
  const file = createReadStream(path);
  if (!(await isGzip(path))) return file;
  const unzipped = createGunzip();
  pipeline(file, unzipped, () => {
    // The reader of the stream gets the error.
  });
  return unzipped;
}

async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}
