import { readRows, type Transaction } from './database.ts';

export interface RoutineReference {
  readonly projectId: string;
  readonly datasetId: string;
  readonly routineId: string;
}

export interface StoredRoutine {
  readonly reference: RoutineReference;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly creationTime: number;
  readonly lastModifiedTime: number;
}

/** The functions of the datasets. DuckDB stores them; this copy in memory is loaded at start. */
export class RoutineCatalog {
  readonly #routines = new Map<string, StoredRoutine>();

  /** Call it once, inside the transaction that loads the catalog. */
  async load(connection: Transaction['connection']): Promise<void> {
    await connection.run(
      'CREATE TABLE IF NOT EXISTS catalog.routines (name VARCHAR NOT NULL, resource VARCHAR NOT NULL)',
    );
    for (const [name, resource] of await readRows(connection, 'SELECT * FROM catalog.routines')) {
      this.#routines.set(String(name), JSON.parse(String(resource)));
    }
  }

  /** The routines of a dataset, ordered by id. */
  of(datasetId: string): StoredRoutine[] {
    const own = [...this.#routines.values()].filter(({ reference }) => reference.datasetId === datasetId);
    return own.sort((a, b) => (a.reference.routineId < b.reference.routineId ? -1 : 1));
  }

  find(datasetId: string, routineId: string): StoredRoutine | undefined {
    return this.#routines.get(`${datasetId}.${routineId}`);
  }

  async put(transaction: Transaction, routine: StoredRoutine): Promise<void> {
    const name = keyOf(routine);
    const { connection } = transaction;
    await connection.run('DELETE FROM catalog.routines WHERE name = $1', [name]);
    await connection.run('INSERT INTO catalog.routines VALUES ($1, $2)', [name, JSON.stringify(routine)]);
    transaction.afterCommit(() => this.#routines.set(name, routine));
  }

  async drop(transaction: Transaction, routine: StoredRoutine): Promise<void> {
    const name = keyOf(routine);
    await transaction.connection.run('DELETE FROM catalog.routines WHERE name = $1', [name]);
    transaction.afterCommit(() => this.#routines.delete(name));
  }
}

function keyOf({ reference }: StoredRoutine): string {
  return `${reference.datasetId}.${reference.routineId}`;
}
