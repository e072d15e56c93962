import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { readRows } from './database.ts';
import { invalid } from './errors.ts';
import { quoteIdentifier } from './names.ts';
import { RowValueError } from './row-values.ts';
import { duckType, type Field, typeOfField } from './types.ts';

/** What DuckDB calls the types of a Parquet file. https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-parquet#type_conversions */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^U?(?:TINY|SMALL|BIG)?INT(?:EGER)?$/, 'INTEGER'],
  [/^(?:FLOAT|DOUBLE)$/, 'FLOAT'],
  [/^DECIMAL/, 'NUMERIC'],
  [/^BOOLEAN$/, 'BOOLEAN'],
  [/^(?:VARCHAR|ENUM.*)$/, 'STRING'],
  [/^BLOB$/, 'BYTES'],
  [/^DATE$/, 'DATE'],
  [/^TIME$/, 'TIME'],
  [/^TIMESTAMP WITH TIME ZONE$/, 'TIMESTAMP'],
  [/^TIMESTAMP(?:_S|_MS|_NS)?$/, 'DATETIME'],
];

/** The columns of a Parquet file. Throws INVALID_ARGUMENT for one of a type that is not known. */
export function parquetFields(path: string): Promise<Field[]> {
  return reading(async (connection) => {
    const columns = await readRows(connection, 'DESCRIBE SELECT * FROM read_parquet($1)', [path]);
    return columns.map(([name, type]) => fieldOf(String(name), String(type)));
  });
}

function fieldOf(name: string, duck: string): Field {
  const isList = duck.endsWith('[]');
  const type = TYPES.find(([pattern]) => pattern.test(isList ? duck.slice(0, -2) : duck))?.[1];
  if (type) return { name, type, mode: isList ? 'REPEATED' : 'NULLABLE' };
  throw invalid(`A column of Parquet with the type ${duck} (${name}) is not supported by the local BigQuery`);
}

/**
 * The rows of a Parquet file in the order of `fields`, by name. The database has no access to files, so an instance of DuckDB
 * of its own reads it. Throws INVALID_ARGUMENT for a column that is not among them.
 */
export async function* parquetRows(path: string, fields: readonly Field[]): AsyncGenerator<DuckDBValue[]> {
  const given = new Map((await parquetFields(path)).map(({ name }) => [name.toLowerCase(), name]));
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  const unknown = [...given].find(([name]) => !names.has(name))?.[1];
  if (unknown !== undefined) throw invalid(`no such field: ${unknown}.`);
  const columns = fields.map((field) => {
    const name = given.get(field.name.toLowerCase());
    const value = name === undefined ? 'NULL' : quoteIdentifier(name);
    const cast = `CAST(${value} AS ${duckType(typeOfField(field))})`;
    return field.mode === 'REPEATED' ? `coalesce(${cast}, [])` : cast;
  });
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
  return invalid(
    `Error while reading data, error message: the Parquet file cannot be read: ${first.replaceAll(/'[^']*\/[^']*'/g, 'the file')}`,
  );
}
