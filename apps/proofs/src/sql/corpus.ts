import { writeFile } from 'node:fs/promises';
import type { Table } from './answer.ts';
import { TABLES } from './tables.ts';

/** A query with the answer of Google's evaluator. A test of the local BigQuery asks it again. */
export interface Sample {
  readonly query: string;
  /** Whether the query determines the order of its rows. */
  readonly ordered: boolean;
  /** As BigQuery's REST API sends it. */
  readonly answer: NonNullable<Table['rest']> | 'error';
}

/** Writes a file with one JSON value on each line: the tables, then the queries. */
export async function writeCorpus(file: string, samples: readonly Sample[]): Promise<void> {
  await writeFile(file, [TABLES, ...samples].map((value) => `${JSON.stringify(value)}\n`).join(''));
}
