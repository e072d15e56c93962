import type { Resolved } from './resolved.ts';

/** A column of a relation. */
export interface Output<Value = Pick<Resolved, 'type' | 'columns'>> {
  /** Empty for a column without a name. */
  readonly name: string;
  readonly value: Value;
  /** Its name in DuckDB, if that is not `c` and its place, from 0. */
  readonly column?: string;
  /** Equal for outputs that are one column under several names. */
  readonly origin?: string | undefined;
  /** A pseudo-column of APPENDS. */
  readonly isPseudo?: boolean;
}

/** Rows that FROM can read: a stored table, a common table expression or a query. */
export interface Relation<Value = Output['value']> {
  /** A query, or what stands before AS in a FROM clause. */
  readonly sql: string;
  readonly outputs: readonly Output<Value>[];
  /** Values that are read even when no output is used. */
  readonly reads: readonly Resolved[];
  /** Whether the column `d` counts the iterations of WITH RECURSIVE. */
  readonly counts?: boolean;
  /** Whether the rows are values without a column: SELECT AS STRUCT, SELECT AS VALUE. */
  readonly isValue?: boolean;
}

/** A query, whose outputs are what its SELECT list computes. */
export type ResolvedQuery = Relation<Resolved>;

/** Everything that a query reads. */
export function readOf({ outputs, reads }: ResolvedQuery): Resolved[] {
  return [...reads, ...outputs.map(({ value }) => value)];
}

/** The SQL of a list of columns, which are `c0`, `c1`, … */
export function columnList(columns: readonly (string | { readonly sql: string })[]): string {
  return columns
    .map((column, index) => `${typeof column === 'string' ? column : column.sql} AS c${index}`)
    .join(', ');
}
