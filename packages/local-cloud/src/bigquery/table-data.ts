import type { DuckDBValue } from '@duckdb/node-api';
import type { Access } from '../callers.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOwner } from './access.ts';
import { assertRowSize } from './append-rows.ts';
import { appendValues } from './appender.ts';
import { physicalSql } from './catalog.ts';
import { type FormatOptions, type Row, timestampFormat } from './cells.ts';
import type { ServiceContext } from './datasets.ts';
import { invalid, tableName, tableNotFound } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { quoteColumn } from './names.ts';
import { type PageRequest, type RowSource, readPage } from './page.ts';
import { Results } from './results.ts';
import { isObject, RowValueError, rowValues } from './row-values.ts';
import { selectedCells, selectedColumns } from './selected-columns.ts';
import { readerOf } from './stored-rows.ts';
import { assertWritable, kindOf } from './table-kind.ts';
import type { Tables } from './tables.ts';
import { type Field, typeOfField } from './types.ts';

/** https://docs.cloud.google.com/bigquery/quotas#streaming_inserts */
const MAX_INSERT_ROWS = 50_000;

export interface InsertError {
  readonly index: number;
  readonly errors: readonly {
    readonly reason: string;
    readonly location: string;
    readonly message: string;
  }[];
}

export interface ListRowsRequest extends PageRequest {
  /** Column names, separated by commas. */
  readonly selectedFields?: string | undefined;
  readonly formatOptions?: FormatOptions;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll */
export interface InsertAllRequest {
  readonly rows?: readonly { readonly json?: unknown }[];
  readonly skipInvalidRows?: boolean;
  readonly ignoreUnknownValues?: boolean;
}

export interface ListRowsResponse {
  readonly kind: 'bigquery#tableDataList';
  readonly totalRows: string;
  readonly rows?: readonly Row[];
  readonly pageToken?: string;
}

/** The `tabledata` resource of the REST API. */
export class TableData {
  readonly #context: ServiceContext;
  readonly #tables: Tables;
  readonly #expiring: ExpiringTables;
  readonly #results: Results;

  constructor(context: ServiceContext, tables: Tables, expiring: ExpiringTables, results: Results) {
    this.#context = context;
    this.#tables = tables;
    this.#expiring = expiring;
    this.#results = results;
  }

  /**
   * Inserts rows and returns an error for each invalid row. Without `skipInvalidRows`, the valid rows are then refused
   * too, as `stopped`. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
   *
   * Google deduplicates rows by insertId for about a minute; here every row is inserted.
   */
  async insertAll(
    datasetId: string,
    tableId: string,
    { rows = [], skipInvalidRows = false, ignoreUnknownValues = false }: InsertAllRequest,
  ): Promise<{ kind: string; insertErrors?: InsertError[] }> {
    const kind = 'bigquery#tableDataInsertAllResponse';
    if (rows.length === 0) throw invalid('No rows present in the request.');
    if (rows.length > MAX_INSERT_ROWS)
      throw invalid(`Too many rows present in the request, limit is ${MAX_INSERT_ROWS}`);
    const { database, clock, catalog, statistics } = this.#context;
    await this.#expiring.dropExpired();
    const insertErrors = await database.write(async (transaction) => {
      const table = this.#tables.find(datasetId, tableId);
      assertWritable(table);
      const { values, errors } = checkedRows(table.fields, rows, ignoreUnknownValues);
      if (errors.length > 0 && !skipInvalidRows) return [...errors, ...stopped(rows.length, errors)];
      if (values.length > 0) {
        await catalog.touchTable(transaction, table, clock.now());
        await appendValues(transaction.connection, table, values);
        transaction.afterCommit(() => statistics.add(table, values));
      }
      return errors;
    });
    await this.#expiring.dropExcess({ projectId: this.#context.projectId, datasetId, tableId });
    if (insertErrors.length === 0) return { kind };
    return { kind, insertErrors };
  }

  async list(
    access: Access,
    datasetId: string,
    tableId: string,
    request: ListRowsRequest = {},
  ): Promise<ListRowsResponse> {
    if (datasetId === Results.datasetId) this.#requireOwner(access, tableId);
    const { source, selected } = await this.#source(datasetId, tableId, request.selectedFields);
    const key = keyOfTable({ datasetId, tableId });
    const page = await readPage(source, request, timestampFormat(request.formatOptions), key);
    const { pageToken } = page;
    const rows = page.rows.map((row) => selectedCells(row, source.fields, selected));
    return {
      kind: 'bigquery#tableDataList',
      totalRows: String(source.totalRows),
      ...(rows.length > 0 && { rows }),
      ...(pageToken && { pageToken }),
    };
  }

  /** The rows of a stored table in insertion order. */
  async source({ datasetId, tableId }: TableReference): Promise<RowSource> {
    return (await this.#source(datasetId, tableId, undefined)).source;
  }

  #requireOwner(access: Access, tableId: string): void {
    const { projectId } = this.#context;
    const result = this.#results.find(tableId);
    if (result) requireOwner(access, this.#results.reference(projectId, result), result);
  }

  /** The rows with whole columns, and what is selected of these. */
  async #source(datasetId: string, tableId: string, names: string | undefined): Promise<Selection> {
    if (datasetId === Results.datasetId) {
      const { projectId } = this.#context;
      const result = this.#results.find(tableId);
      if (!result) throw tableNotFound({ projectId, datasetId, tableId });
      return selectedOfResult(result, names);
    }
    await this.#expiring.dropExpired();
    const table = this.#tables.find(datasetId, tableId);
    if (kindOf(table) === 'VIEW') throw invalid('Cannot list a table of type VIEW.');
    this.#expiring.read(table);
    const selected = selectedColumns(table.fields, names, tableName(table.reference));
    const fields = wholeColumns(table.fields, selected);
    const { rows, isIndexed, columnBytes } = await this.#context.statistics.of(table);
    const bytes = fields.reduce((sum, { name }) => sum + (columnBytes.get(name.toLowerCase()) ?? 0), 0);
    const columns = fields.map(({ name }) => quoteColumn(name));
    const stored = { table: physicalSql(table), fields, columns, isIndexed };
    const read = readerOf(this.#context.database, stored);
    return { source: { fields, totalRows: rows, bytes, read }, selected };
  }
}

/** The key of the page tokens of a table. Google's Java client takes them from a query to its table. */
export function keyOfTable({ datasetId, tableId }: Pick<TableReference, 'datasetId' | 'tableId'>): string {
  return `${datasetId}.${tableId}`;
}

function checkedRows(
  fields: readonly Field[],
  rows: NonNullable<InsertAllRequest['rows']>,
  ignoreUnknownValues: boolean,
) {
  const types = fields.map(typeOfField);
  const values: DuckDBValue[][] = [];
  const errors: InsertError[] = [];
  for (const [index, { json }] of rows.entries()) {
    try {
      if (!isObject(json)) throw new RowValueError('', 'Missing required field: json.');
      const checked = rowValues(fields, json, { lenient: true, ignoreUnknownValues });
      assertRowSize(types, checked);
      values.push(checked);
    } catch (error) {
      if (!(error instanceof RowValueError)) throw error;
      errors.push({
        index,
        errors: [{ reason: 'invalid', location: error.location, message: error.message }],
      });
    }
  }
  return { values, errors };
}

/** The errors of valid rows in a request with invalid ones. */
function stopped(count: number, errors: readonly InsertError[]): InsertError[] {
  const invalid = new Set(errors.map(({ index }) => index));
  const valid = Array.from({ length: count }, (_, index) => index).filter((index) => !invalid.has(index));
  return valid.map((index) => ({ index, errors: [{ reason: 'stopped', location: '', message: '' }] }));
}

interface Selection {
  readonly source: RowSource;
  readonly selected: readonly Field[];
}

/** The columns of which something is selected. */
function wholeColumns(fields: readonly Field[], selected: readonly Field[]): readonly Field[] {
  const names = new Set(selected.map(({ name }) => name));
  return fields.filter(({ name }) => names.has(name));
}

function selectedOfResult(result: RowSource, names: string | undefined): Selection {
  const selected = selectedColumns(result.fields, names, 'the result');
  if (selected === result.fields) return { source: result, selected };
  const fields = wholeColumns(result.fields, selected);
  const indexes = fields.map((field) => result.fields.indexOf(field));
  const source: RowSource = {
    fields,
    totalRows: result.totalRows,
    bytes: result.bytes,
    read: async (start, count) => {
      const rows = await result.read(start, count);
      return rows.map((row) => indexes.map((index) => row[index] ?? null));
    },
  };
  return { source, selected };
}
