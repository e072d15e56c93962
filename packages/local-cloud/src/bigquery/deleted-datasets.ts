import type { Grant } from '../iam.ts';
import type { Dataset, Table } from './catalog.ts';
import { readRows, type Transaction } from './database.ts';
import type { StoredRoutine } from './routine-catalog.ts';
import { TIME_TRAVEL_MS } from './versions.ts';

/** The oldest are forgotten early. Google has no such limit. */
const MAX_DATASETS = 100;

const HOUR_MS = 60 * 60 * 1000;

/** What undelete brings back. */
interface DeletedDataset {
  readonly dataset: Dataset;
  /** Milliseconds since the epoch. */
  readonly deletionTime: number;
  /** Tables whose rows Versions keeps. */
  readonly tables: readonly Table[];
  readonly views: readonly Table[];
  readonly routines: readonly StoredRoutine[];
  readonly grants: readonly Grant[];
}

/** The datasets that were deleted within the time of time travel. https://docs.cloud.google.com/bigquery/docs/restore-deleted-datasets */
export class DeletedDatasets {
  /** The oldest first. */
  #kept: DeletedDataset[] = [];

  /** Call it once, inside the transaction that loads the catalog. Forgets those that nobody can restore any more. */
  async load(connection: Transaction['connection'], now: number): Promise<void> {
    await connection.run(
      'CREATE TABLE IF NOT EXISTS catalog.deleted_datasets (deleted BIGINT NOT NULL, resource VARCHAR NOT NULL)',
    );
    await connection.run('DELETE FROM catalog.deleted_datasets WHERE deleted < $1', [
      BigInt(now - TIME_TRAVEL_MS),
    ]);
    const rows = await readRows(connection, 'SELECT resource FROM catalog.deleted_datasets ORDER BY deleted');
    this.#kept = rows.map(([resource]) => JSON.parse(String(resource)));
  }

  async keep(transaction: Transaction, deleted: DeletedDataset): Promise<void> {
    await this.#store(transaction, [...this.#kept, deleted].slice(-MAX_DATASETS));
  }

  /** Whether there are some that nobody can restore any more. */
  hasOld(now: number): boolean {
    return this.#kept.some(({ deletionTime }) => deletionTime < now - TIME_TRAVEL_MS);
  }

  /** Forgets those that nobody can restore any more. */
  async prune(transaction: Transaction, now: number): Promise<void> {
    await this.#store(
      transaction,
      this.#kept.filter(({ deletionTime }) => deletionTime >= now - TIME_TRAVEL_MS),
    );
  }

  /** The one that was deleted at a time, or the last one; undefined when it is too late to restore it. */
  find(datasetId: string, now: number, deletionTime?: number): DeletedDataset | undefined {
    return this.#kept.findLast(({ dataset, deletionTime: time }) => {
      const hours = Number(dataset.properties.maxTimeTravelHours ?? TIME_TRAVEL_MS / HOUR_MS);
      const isMeant = dataset.datasetId === datasetId && (deletionTime ?? time) === time;
      return isMeant && now - time <= hours * HOUR_MS;
    });
  }

  async forget(transaction: Transaction, deleted: DeletedDataset): Promise<void> {
    await this.#store(
      transaction,
      this.#kept.filter((other) => other !== deleted),
    );
  }

  async #store(transaction: Transaction, kept: DeletedDataset[]): Promise<void> {
    const { connection } = transaction;
    await connection.run('DELETE FROM catalog.deleted_datasets');
    for (const deleted of kept) {
      await connection.run('INSERT INTO catalog.deleted_datasets VALUES ($1, $2)', [
        BigInt(deleted.deletionTime),
        JSON.stringify(deleted),
      ]);
    }
    transaction.afterCommit(() => {
      this.#kept = kept;
    });
  }
}
