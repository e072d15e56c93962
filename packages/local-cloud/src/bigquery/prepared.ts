import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValue } from '@duckdb/node-api';
import { rowsOf } from './database.ts';
import type { Bindings } from './sql/bindings.ts';

/** Runs a statement and returns how many rows it changed. */
export async function runPrepared(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings,
): Promise<number> {
  const statement = await prepare(connection, sql, bindings);
  try {
    return (await statement.run()).rowsChanged;
  } finally {
    statement.destroySync();
  }
}

/** All rows of a statement. */
export async function readPrepared(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings,
): Promise<DuckDBValue[][]> {
  const statement = await prepare(connection, sql, bindings);
  try {
    return rowsOf(await statement.run());
  } finally {
    statement.destroySync();
  }
}

/** Prepares a statement and binds its parameters. The SQL text never contains their values. */
export async function prepare(
  connection: DuckDBConnection,
  sql: string,
  bindings: Bindings,
): Promise<DuckDBPreparedStatement> {
  const statement = await connection.prepare(sql);
  for (let index = 1; index <= statement.parameterCount; index += 1) {
    const { value, type } = bindings.slot(statement.parameterName(index));
    statement.bindValue(index, value, type);
  }
  return statement;
}
