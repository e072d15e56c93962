import {
  COLUMN_FIELD_PATHS,
  COLUMNS,
  DATASET_TABLES,
  MATERIALIZED_VIEWS,
  SCHEMATA,
  TABLE_OPTIONS,
  TABLES,
  VIEWS,
} from './information-schema.ts';
import { JOBS, JOBS_BY_USER } from './information-schema-jobs.ts';
import type { MetadataTable } from './metadata-table.ts';

/** The metadata tables, by what follows the dataset or region in a path. Their names are case-sensitive. */
const METADATA_TABLES: Readonly<Record<string, MetadataTable>> = {
  __TABLES__: DATASET_TABLES,
  'INFORMATION_SCHEMA.COLUMNS': COLUMNS,
  'INFORMATION_SCHEMA.COLUMN_FIELD_PATHS': COLUMN_FIELD_PATHS,
  'INFORMATION_SCHEMA.JOBS': JOBS,
  'INFORMATION_SCHEMA.JOBS_BY_PROJECT': JOBS,
  'INFORMATION_SCHEMA.JOBS_BY_USER': JOBS_BY_USER,
  'INFORMATION_SCHEMA.MATERIALIZED_VIEWS': MATERIALIZED_VIEWS,
  'INFORMATION_SCHEMA.SCHEMATA': SCHEMATA,
  'INFORMATION_SCHEMA.TABLES': TABLES,
  'INFORMATION_SCHEMA.VIEWS': VIEWS,
  'INFORMATION_SCHEMA.TABLE_OPTIONS': TABLE_OPTIONS,
};

/** A metadata table that a path names, with the path of its dataset. */
export interface NamedMetadata<T> {
  readonly name: string;
  readonly table: MetadataTable;
  /** What comes before its name: a dataset or a region, and perhaps the project. */
  readonly qualifier: readonly T[];
}

/** Undefined for a path that names no metadata table. */
export function namedMetadata<T extends { readonly text: string }>(
  path: readonly T[],
): NamedMetadata<T> | undefined {
  for (const length of [1, 2]) {
    const name = path
      .slice(-length)
      .map(({ text }) => text)
      .join('.');
    const table = Object.hasOwn(METADATA_TABLES, name) ? METADATA_TABLES[name] : undefined;
    if (table) return { name, table, qualifier: path.slice(0, -length) };
  }
  return undefined;
}
