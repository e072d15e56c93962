import {
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBListType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { invalid } from './errors.ts';
import { quoteIdentifier, quoteLiteral } from './names.ts';
import { RowValueError } from './row-values.ts';
import { FAILURE_MARK } from './sql/let.ts';
import { fittedSql } from './type-parameters.ts';
import { duckType, type Field, structKey, typeOfField } from './types.ts';

/** https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#type_conversions */
const TYPES: ReadonlyMap<DuckDBTypeId, string> = new Map([
  [DuckDBTypeId.TINYINT, 'INTEGER'],
  [DuckDBTypeId.SMALLINT, 'INTEGER'],
  [DuckDBTypeId.INTEGER, 'INTEGER'],
  [DuckDBTypeId.BIGINT, 'INTEGER'],
  [DuckDBTypeId.UTINYINT, 'INTEGER'],
  [DuckDBTypeId.USMALLINT, 'INTEGER'],
  [DuckDBTypeId.UINTEGER, 'INTEGER'],
  [DuckDBTypeId.UBIGINT, 'INTEGER'],
  [DuckDBTypeId.FLOAT, 'FLOAT'],
  [DuckDBTypeId.DOUBLE, 'FLOAT'],
  [DuckDBTypeId.DECIMAL, 'NUMERIC'],
  [DuckDBTypeId.BOOLEAN, 'BOOLEAN'],
  [DuckDBTypeId.VARCHAR, 'STRING'],
  [DuckDBTypeId.ENUM, 'STRING'],
  [DuckDBTypeId.BLOB, 'BYTES'],
  [DuckDBTypeId.DATE, 'DATE'],
  [DuckDBTypeId.TIME, 'TIME'],
  [DuckDBTypeId.TIMESTAMP_TZ, 'TIMESTAMP'],
  [DuckDBTypeId.TIMESTAMP, 'DATETIME'],
  [DuckDBTypeId.TIMESTAMP_S, 'DATETIME'],
  [DuckDBTypeId.TIMESTAMP_MS, 'DATETIME'],
  [DuckDBTypeId.TIMESTAMP_NS, 'DATETIME'],
]);

/** The columns of a Parquet file. Throws INVALID_ARGUMENT for one of a type that is not known. */
export function parquetFields(path: string): Promise<Field[]> {
  return reading(async (connection) => {
    const { columnNames, columnTypes } = await describe(connection, path);
    return columnNames.map((name, index) => fieldOf(name, columnTypes[index]));
  });
}

async function describe(connection: DuckDBConnection, path: string) {
  const result = await connection.run('SELECT * FROM read_parquet($1) LIMIT 0', [path]);
  return { columnNames: result.columnNames(), columnTypes: result.columnTypes() };
}

function fieldOf(name: string, duck: DuckDBType | undefined): Field {
  const isList = duck instanceof DuckDBListType;
  const element = isList ? duck.valueType : duck;
  const mode = isList ? 'REPEATED' : 'NULLABLE';
  if (element instanceof DuckDBStructType) {
    const { entryNames, entryTypes } = element;
    const fields = entryNames.map((inner, index) => fieldOf(inner, entryTypes[index]));
    return { name, type: 'RECORD', mode, fields };
  }
  const type = element && TYPES.get(element.typeId);
  if (type) return { name, type, mode };
  throw invalid(`A column of Parquet with the type ${duck} (${name}) is not supported by the local BigQuery`);
}

/**
 * The rows of a Parquet file in the order of `fields`, by name. The database has no access to files, so an instance of DuckDB
 * of its own reads it. Throws INVALID_ARGUMENT for a column that is not among them.
 */
export async function* parquetRows(path: string, fields: readonly Field[]): AsyncGenerator<DuckDBValue[]> {
  const given = await parquetFields(path);
  const columns = valuesSql(fields, given, (name) => quoteIdentifier(name), '', 0);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(SETTINGS);
    const result = await connection.stream(`SELECT ${columns.join(', ')} FROM read_parquet($1)`, [path]);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      yield* chunk.getRows();
    }
  } catch (error) {
    throw unreadable(error);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Types whose values DuckDB does not convert to what is stored. */
const UNREAD = ['BIGNUMERIC', 'INTERVAL', 'JSON', 'RANGE', 'TIMESTAMP(12)'];

/** Expressions of DuckDB for the values of `fields`; `sqlOf` reads a field that the file has. */
function valuesSql(
  fields: readonly Field[],
  given: readonly Field[],
  sqlOf: (name: string) => string,
  path: string,
  depth: number,
): string[] {
  const find = (among: readonly Field[], name: string) =>
    among.find((field) => field.name.toLowerCase() === name.toLowerCase());
  const unknown = given.find(({ name }) => !find(fields, name));
  if (unknown) throw invalid(`no such field: ${path}${unknown.name}.`);
  return fields.map((field) => {
    const source = find(given, field.name);
    const inner = `${path}${field.name}.`;
    const type = field.timestampPrecision ? 'TIMESTAMP(12)' : field.type;
    if (source && UNREAD.includes(type)) {
      throw invalid(
        `Column ${path}${field.name} of type ${type} from Parquet is not supported by the local BigQuery`,
      );
    }
    const value = source ? valueSql(field, source, sqlOf(source.name), inner, depth) : 'NULL';
    const cast = `CAST(${value} AS ${duckType(typeOfField(field))})`;
    const stored = field.mode === 'REPEATED' ? `coalesce(${cast}, [])` : cast;
    // The fields of a RECORD fit already.
    return field.type === 'RECORD' ? stored : fittedSql(field, stored);
  });
}

/** A RECORD has positional names in the database, so its fields are packed again. */
function valueSql(field: Field, source: Field, sql: string, path: string, depth: number): string {
  const isRecord = field.type === 'RECORD' && source.type === 'RECORD';
  if (!isRecord || (field.mode === 'REPEATED') !== (source.mode === 'REPEATED')) return sql;
  const pack = (value: string) => {
    const entry = (name: string) => `struct_extract(${value}, ${quoteLiteral(name)})`;
    const values = valuesSql(field.fields ?? [], source.fields ?? [], entry, path, depth + 1);
    const packed = values.map((inner, index) => `${structKey(index)} := ${inner}`).join(', ');
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${packed}) END`;
  };
  if (field.mode !== 'REPEATED') return pack(sql);
  const item = `item${depth}`;
  return `list_transform(${sql}, lambda ${item}: ${pack(item)})`;
}

/** Throws RowValueError. */
export function assertRequired(fields: readonly Field[], values: readonly DuckDBValue[]): void {
  const missing = fields.find(({ mode }, index) => mode === 'REQUIRED' && (values[index] ?? null) === null);
  if (missing) throw new RowValueError(missing.name, `Missing required field: ${missing.name}.`);
}

const SETTINGS = `
  SET autoinstall_known_extensions = false;
  SET autoload_known_extensions = false;
  SET memory_limit = '256MiB';
  SET threads = 1;
  SET GLOBAL TimeZone = 'UTC';
`;

async function reading<T>(read: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(SETTINGS);
    return await read(connection);
  } catch (error) {
    throw unreadable(error);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** An error of DuckDB about the file; any other is returned unchanged. */
function unreadable(error: unknown): unknown {
  if (
    !Error.isError(error) ||
    !/^(?:Invalid Input|Conversion|IO|Binder|Out of Range) Error/.test(error.message)
  )
    return error;
  const [first = ''] = error.message.split('\n');
  const [, problem] = first.split(FAILURE_MARK);
  if (problem) return invalid(`Error while reading data, error message: ${problem}`);
  return invalid(
    `Error while reading data, error message: the Parquet file cannot be read: ${first.replaceAll(/'[^']*\/[^']*'/g, 'the file')}`,
  );
}
