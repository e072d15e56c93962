import { type Column, columns } from './columns.ts';

/** A column in the shape of BigQuery's `TableFieldSchema`. */
export interface BigQueryColumn {
  readonly name: string;
  readonly type: 'STRING';
  readonly mode: 'REQUIRED' | 'NULLABLE';
  readonly description: string;
}

export function bigQueryColumnsOf(columns: readonly Column[]): BigQueryColumn[] {
  return columns.map(({ name, description, required }) => ({
    name,
    type: 'STRING',
    mode: required ? 'REQUIRED' : 'NULLABLE',
    description,
  }));
}

/** The columns of the records table. */
export const bigQueryColumns: readonly BigQueryColumn[] = bigQueryColumnsOf(columns);
