import type { TableReference } from '../warehouse.ts';
import { type Database, readRows, type Transaction } from './database.ts';
import { DeletedDatasets } from './deleted-datasets.ts';
import { datasetNotFound, tableNotFound } from './errors.ts';
import { encodeInterval, interval, intervalSql } from './intervals.ts';
import { COMMIT_TIME, quoteColumn, quoteIdentifier } from './names.ts';
import { RoutineCatalog } from './routine-catalog.ts';
import type { SchemaChange } from './schema.ts';
import { duckType, type Field, typeOfField } from './types.ts';
import { Versions } from './versions.ts';

export interface Dataset {
  readonly datasetId: string;
  readonly location: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  readonly lastModifiedTime: number;
}

export interface Table {
  readonly reference: TableReference;
  /** The table's name in DuckDB. User names are not used there: DuckDB ignores case and reserves some names. */
  readonly physicalName: string;
  readonly fields: readonly Field[];
  readonly properties: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  /** Milliseconds since the epoch of the last change of rows or schema. Each change makes it later. */
  readonly lastModifiedTime: number;
}

type StoredTable = Omit<Table, 'physicalName' | 'lastModifiedTime'>;

/** The datasets and tables. DuckDB stores them beside the rows; this copy in memory is loaded at start. */
export class Catalog {
  /** What its tables were. */
  readonly versions = new Versions();
  readonly routines = new RoutineCatalog();
  readonly deleted = new DeletedDatasets();
  readonly #datasets = new Map<string, Dataset>();
  readonly #tables = new Map<string, Map<string, Table>>();
  #lastPhysical = 0;

  static async load(database: Database, now: number): Promise<Catalog> {
    const catalog = new Catalog();
    await database.write(async ({ connection }) => {
      await connection.run(`
        CREATE SCHEMA IF NOT EXISTS data;
        CREATE SCHEMA IF NOT EXISTS catalog;
        CREATE TABLE IF NOT EXISTS catalog.datasets (dataset_id VARCHAR NOT NULL, resource VARCHAR NOT NULL);
        CREATE TABLE IF NOT EXISTS catalog.tables
          (physical_id BIGINT NOT NULL, last_modified BIGINT NOT NULL, resource VARCHAR NOT NULL);
      `);
      const datasets = await readRows(connection, 'SELECT resource FROM catalog.datasets');
      for (const [resource] of datasets) catalog.#keepDataset(JSON.parse(String(resource)));
      const tables = await readRows(connection, 'SELECT * FROM catalog.tables');
      for (const [id, lastModified, resource] of tables) {
        const stored: StoredTable = JSON.parse(String(resource));
        catalog.#keepTable({
          ...stored,
          physicalName: physicalName(Number(id)),
          lastModifiedTime: Number(lastModified),
        });
        catalog.#lastPhysical = Math.max(catalog.#lastPhysical, Number(id));
      }
      await catalog.versions.load(connection, now);
      await catalog.routines.load(connection);
      await catalog.deleted.load(connection, now);
      for (const { physicalName } of catalog.versions.tables()) {
        catalog.#lastPhysical = Math.max(catalog.#lastPhysical, Number(physicalName.slice(1)));
      }
      await catalog.#reconcile(connection, now);
    });
    return catalog;
  }

  /** Drops tables that a killed process made and never described, and mends the columns of those that older versions made. */
  async #reconcile(connection: Transaction['connection'], now: number): Promise<void> {
    const tables = [...this.allTables(), ...this.versions.tables()];
    const known = new Map(tables.map((table) => [table.physicalName, table]));
    const stored = await readRows(
      connection,
      `SELECT table_name, bool_or(column_name = $1), bool_or(lower(column_name) = 'rowid') FROM duckdb_columns()
       WHERE database_name = current_database() AND schema_name = 'data' GROUP BY table_name`,
      [COMMIT_TIME],
    );
    for (const [name, hasCommitTime, hidesRowid] of stored) {
      const table = known.get(String(name));
      const sql = `data.${quoteIdentifier(String(name))}`;
      if (!table) await connection.run(`DROP TABLE ${sql}`);
      else if (hidesRowid)
        await connection.run(`ALTER TABLE ${sql} RENAME COLUMN rowid TO ${quoteColumn('rowid')}`);
      if (!table || hasCommitTime) continue;
      await setCommitTime(connection, now);
      const old = `data.${quoteIdentifier(`${name}_old`)}`;
      await connection.run(`ALTER TABLE ${sql} RENAME TO ${quoteIdentifier(`${name}_old`)}`);
      await connection.run(createTableSql(table.physicalName, table.fields));
      const columns = table.fields.map((field) => quoteColumn(field.name)).join(', ');
      if (columns) await connection.run(`INSERT INTO ${sql} (${columns}) SELECT ${columns} FROM ${old}`);
      await connection.run(`DROP TABLE ${old}`);
    }
    await this.#biasIntervals(connection);
  }

  /**
   * Older versions stored INTERVALs as they are. Those of now begin at 880,000 months, where the older ones end at 364,000. In an ARRAY
   * or STRUCT they stay as they were.
   */
  async #biasIntervals(connection: Transaction['connection']): Promise<void> {
    const columns = await readRows(
      connection,
      `SELECT table_name, column_name FROM duckdb_columns()
       WHERE database_name = current_database() AND schema_name = 'data' AND data_type = 'INTERVAL'`,
    );
    const bias = intervalSql(encodeInterval(interval(0n, 0n, 0n)));
    for (const [table, column] of columns) {
      const name = quoteIdentifier(String(column));
      await connection.run(
        `UPDATE data.${quoteIdentifier(String(table))} SET ${name} = ${name} + ${bias} WHERE ${name} < to_months(600000)`,
      );
    }
  }

  datasets(): Dataset[] {
    return [...this.#datasets.values()].sort((a, b) => (a.datasetId < b.datasetId ? -1 : 1));
  }

  findDataset(datasetId: string): Dataset | undefined {
    return this.#datasets.get(datasetId);
  }

  /** The tables of a dataset, ordered by id. */
  tables(datasetId: string): Table[] {
    const tables = [...(this.#tables.get(datasetId)?.values() ?? [])];
    return tables.sort((a, b) => (a.reference.tableId < b.reference.tableId ? -1 : 1));
  }

  allTables(): Table[] {
    return [...this.#tables.values()].flatMap((tables) => [...tables.values()]);
  }

  findTable(datasetId: string, tableId: string): Table | undefined {
    return this.#tables.get(datasetId)?.get(tableId);
  }

  /** Throws NOT_FOUND for the dataset or the table. */
  table(reference: TableReference, location?: string): Table {
    const { projectId, datasetId, tableId } = reference;
    if (!this.#datasets.has(datasetId)) throw datasetNotFound(projectId, datasetId, location);
    const table = this.findTable(datasetId, tableId);
    if (table?.reference.projectId !== projectId) throw tableNotFound(reference, location);
    return table;
  }

  async putDataset(transaction: Transaction, dataset: Dataset): Promise<void> {
    const { connection } = transaction;
    await connection.run('DELETE FROM catalog.datasets WHERE dataset_id = $1', [dataset.datasetId]);
    await connection.run('INSERT INTO catalog.datasets VALUES ($1, $2)', [
      dataset.datasetId,
      JSON.stringify(dataset),
    ]);
    transaction.afterCommit(() => this.#keepDataset(dataset));
  }

  /** Call it when the dataset has no tables. */
  async dropDataset(transaction: Transaction, datasetId: string): Promise<void> {
    for (const routine of this.routines.of(datasetId)) await this.routines.drop(transaction, routine);
    await transaction.connection.run('DELETE FROM catalog.datasets WHERE dataset_id = $1', [datasetId]);
    transaction.afterCommit(() => {
      this.#datasets.delete(datasetId);
    });
  }

  newPhysicalName(): string {
    this.#lastPhysical += 1;
    return physicalName(this.#lastPhysical);
  }

  /** Creates a physical table for `createTable`. Until it is used there, it is lost when the process ends. */
  async stageTable(
    connection: Transaction['connection'],
    { physicalName, fields }: Pick<Table, 'physicalName' | 'fields'>,
    now: number,
  ): Promise<void> {
    await setCommitTime(connection, now);
    await connection.run(createTableSql(physicalName, fields));
  }

  /** Creates a table; `staged` is the physical table that has its rows. */
  async createTable(
    transaction: Transaction,
    table: Omit<Table, 'physicalName'>,
    staged?: string,
  ): Promise<Table> {
    const { connection } = transaction;
    const created = { ...table, physicalName: staged ?? this.newPhysicalName() };
    if (!staged) await this.stageTable(connection, created, table.lastModifiedTime);
    await connection.run('INSERT INTO catalog.tables VALUES ($1, $2, $3)', [
      physicalId(created),
      BigInt(table.lastModifiedTime),
      storedForm(created),
    ]);
    transaction.afterCommit(() => this.#keepTable(created));
    return created;
  }

  /** Applies `change` to the columns of a table and stores its new description. */
  async updateTable(transaction: Transaction, table: Table, change?: SchemaChange): Promise<void> {
    const name = physicalSql(table);
    for (const field of change?.added ?? []) {
      await transaction.connection.run(`ALTER TABLE ${name} ADD COLUMN ${columnSql(field)}`);
    }
    for (const column of change?.relaxed ?? []) {
      await transaction.connection.run(
        `ALTER TABLE ${name} ALTER COLUMN ${quoteColumn(column)} DROP NOT NULL`,
      );
    }
    for (const column of change?.dropped ?? []) {
      await transaction.connection.run(`ALTER TABLE ${name} DROP COLUMN ${quoteColumn(column)}`);
    }
    for (const { from, to } of change?.renamed ?? []) {
      await transaction.connection.run(
        `ALTER TABLE ${name} RENAME COLUMN ${quoteColumn(from)} TO ${quoteColumn(to)}`,
      );
    }
    await transaction.connection.run(
      'UPDATE catalog.tables SET resource = $2, last_modified = $3 WHERE physical_id = $1',
      [physicalId(table), storedForm(table), BigInt(table.lastModifiedTime)],
    );
    transaction.afterCommit(() => this.#keepTable(table));
  }

  /** Gives a table another name in its dataset. */
  async renameTable(transaction: Transaction, table: Table, tableId: string): Promise<void> {
    const { datasetId } = table.reference;
    await this.updateTable(transaction, { ...table, reference: { ...table.reference, tableId } });
    await this.versions.rename(transaction, table.reference, { ...table.reference, tableId });
    const old = table.reference.tableId;
    transaction.afterCommit(() => this.#tables.get(datasetId)?.delete(old));
  }

  /** Records that this transaction changes rows of a table; the rows that it then adds get the same time. */
  async touchTable(transaction: Transaction, table: Table, now: number): Promise<void> {
    const lastModifiedTime = nextModification(table, now);
    // Numbers only, and one text: each append passes here, and each call waits for a thread.
    await transaction.connection.run(
      `${commitTimeSql(lastModifiedTime)};
       UPDATE catalog.tables SET last_modified = ${BigInt(lastModifiedTime)} WHERE physical_id = ${physicalId(table)}`,
    );
    transaction.afterCommit(() => this.#keepTable({ ...table, lastModifiedTime }));
  }

  async dropTable(transaction: Transaction, table: Table): Promise<void> {
    await transaction.connection.run(`DROP TABLE ${physicalSql(table)}`);
    await this.forgetTable(transaction, table);
  }

  /** Takes a table out of the catalog, but not its rows. */
  async forgetTable(transaction: Transaction, table: Table): Promise<void> {
    await transaction.connection.run('DELETE FROM catalog.tables WHERE physical_id = $1', [
      physicalId(table),
    ]);
    const { datasetId, tableId } = table.reference;
    transaction.afterCommit(() => this.#tables.get(datasetId)?.delete(tableId));
  }

  #keepDataset(dataset: Dataset): void {
    this.#datasets.set(dataset.datasetId, dataset);
  }

  #keepTable(table: Table): void {
    const { datasetId, tableId } = table.reference;
    const tables = this.#tables.get(datasetId) ?? new Map<string, Table>();
    this.#tables.set(datasetId, tables.set(tableId, table));
  }
}

/** Later than the last change, even within one millisecond or after the clock is set back. */
export function nextModification(table: Table, now: number): number {
  return Math.max(now, table.lastModifiedTime + 1);
}

export function physicalSql(table: Pick<Table, 'physicalName'>): string {
  return `data.${quoteIdentifier(table.physicalName)}`;
}

function createTableSql(name: string, fields: readonly Field[]): string {
  const columns = [COMMIT_TIME_SQL, ...fields.map(columnSql)];
  return `CREATE TABLE data.${quoteIdentifier(name)} (${columns.join(', ')})`;
}

/** Every row keeps when it was committed, for APPENDS. The name is reserved, so no column of a user has it. */
const COMMIT_TIME_SQL = `${quoteIdentifier(COMMIT_TIME)} TIMESTAMP NOT NULL DEFAULT getvariable('commit_time')`;

/** The commit time, in milliseconds since the epoch, of the rows that this connection adds from now on. */
export async function setCommitTime(connection: Transaction['connection'], time: number): Promise<void> {
  await connection.run(commitTimeSql(time));
}

function commitTimeSql(time: number): string {
  return `SET VARIABLE commit_time = make_timestamp(${BigInt(time) * 1000n}::BIGINT)`;
}

function columnSql(field: Field): string {
  const column = `${quoteColumn(field.name)} ${duckType(typeOfField(field))}`;
  // BigQuery stores a NULL array as an empty one.
  if (field.mode === 'REPEATED') return `${column} DEFAULT []`;
  return field.mode === 'REQUIRED' ? `${column} NOT NULL` : column;
}

function storedForm(table: Table): string {
  const { reference, fields, properties, creationTime }: StoredTable = table;
  return JSON.stringify({ reference, fields, properties, creationTime });
}

function physicalName(id: number): string {
  return `t${id}`;
}

function physicalId(table: Table): bigint {
  return BigInt(table.physicalName.slice(1));
}
