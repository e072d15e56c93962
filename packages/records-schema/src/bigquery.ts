import { columns } from './columns.ts';

/** A column in the shape of BigQuery's `TableFieldSchema`. */
export interface BigQueryColumn {
  readonly name: string;
  readonly type: 'STRING';
  readonly mode: 'REQUIRED' | 'NULLABLE';
  readonly description: string;
}

/** The columns of the records table. */
export const bigQueryColumns: readonly BigQueryColumn[] = columns.map(({ name, description, required }) => ({
  name,
  type: 'STRING',
  mode: required ? 'REQUIRED' : 'NULLABLE',
  description,
}));
