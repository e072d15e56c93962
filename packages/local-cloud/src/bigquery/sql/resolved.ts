import type { DuckDBValue } from '@duckdb/node-api';
import type { Position } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Scope } from './scope.ts';

/** A column of a FROM clause that an expression reads outside of any aggregate function. */
interface Reference {
  readonly scope: Scope;
  readonly name: string;
  readonly sql: string;
  readonly at: Position;
}

/** A resolved expression: its SQL in DuckDB, its type and what it reads. */
export interface Resolved {
  readonly sql: string;
  readonly type: DataType;
  readonly at: Position;
  /** Keys of the stored columns it reads; see columnKey. */
  readonly columns: ReadonlySet<string>;
  readonly references: readonly Reference[];
  readonly hasAggregate: boolean;
  readonly hasWindow: boolean;
  /** Set when the value can be coerced like a literal or a parameter. */
  readonly coercible?: 'NULL' | 'LITERAL' | 'PARAMETER' | 'EMPTY ARRAY' | 'ERROR';
  /** The SQL of an ERROR without a type. */
  readonly untyped?: string;
  /** The value of a literal or parameter. */
  readonly constant?: DuckDBValue;
  /** The digits of a literal FLOAT64, which a NUMERIC keeps. */
  readonly written?: string;
  /** The elements of an array literal, or the fields of a STRUCT constructor, which can still be coerced. */
  readonly elements?: readonly Resolved[];
  /** Set for an argument that is not a value but a word, such as the date part MONTH. */
  readonly special?: { readonly part: string };
  /** Set for `INTERVAL count part`, which DATE_ADD and the like take as that. */
  readonly step?: { readonly count: Resolved; readonly part: string };
  /** The name of an argument `name => value`, in lower case. */
  readonly argument?: string;
}

const NO_COLUMNS: ReadonlySet<string> = new Set();

/** Characters of SQL sent to DuckDB, at most. Some translations repeat an operand, so nesting multiplies the SQL. */
const MAX_SQL_LENGTH = 4_000_000;

export class QueryTooComplexError extends Error {
  override readonly name = 'QueryTooComplexError';
}

/** Builds an expression from its parts. */
export function combined(
  sql: string,
  type: DataType,
  at: Position,
  parts: readonly Resolved[] = [],
  extra: Partial<Resolved> = {},
): Resolved {
  if (sql.length > MAX_SQL_LENGTH) throw new QueryTooComplexError();
  return {
    sql,
    type,
    at,
    columns: unionColumns(parts),
    references: parts.length === 0 ? [] : parts.flatMap(({ references }) => references),
    hasAggregate: parts.some(({ hasAggregate }) => hasAggregate),
    hasWindow: parts.some(({ hasWindow }) => hasWindow),
    ...extra,
  };
}

/** The value without what it reads of the scope. */
export function withoutReferences(value: Resolved, scope: Scope): Resolved {
  if (!value.references.some((reference) => reference.scope === scope)) return value;
  return { ...value, references: value.references.filter((reference) => reference.scope !== scope) };
}

export function unionColumns(
  parts: readonly { readonly columns: ReadonlySet<string> }[],
): ReadonlySet<string> {
  const sets = parts.map(({ columns }) => columns).filter(({ size }) => size > 0);
  const [only] = sets;
  if (!only) return NO_COLUMNS;
  return sets.length === 1 ? only : sets.reduce((all, columns) => all.union(columns));
}

/** The key of a stored column that a statement reads: `t12.nombre`. */
export function columnKey(source: string, column: string): string {
  return `${source}.${column.toLowerCase()}`;
}
