import type { DataType } from '../types.ts';
import type { Name, Query, WindowSpec } from './ast.ts';
import type { Bindings } from './bindings.ts';
import type { Resolved } from './resolved.ts';
import type { Scope } from './scope.ts';

/** A query that has been understood, as far as the expression around it looks at it. */
export interface ResolvedSubquery {
  readonly sql: string;
  readonly outputs: readonly { readonly name: string; readonly type: DataType }[];
  /** Everything it reads, and refers to in the queries around it. */
  readonly reads: Resolved;
}

/** What expressions need of the queries that they stand in, and that stand in them. */
export interface ExpressionContext {
  readonly scope: Scope;
  readonly bindings: Bindings;
  /** Milliseconds since the epoch: CURRENT_TIMESTAMP for the whole statement. */
  readonly now: number;
  /** For messages: "WHERE clause". */
  readonly clause: string;
  readonly aggregates: boolean;
  readonly windows: boolean;
  /** SQL of the GROUP BY keys, once they are known. */
  readonly groupKeys?: ReadonlySet<string>;
  /** Of the WINDOW clause, by lower-case name. */
  readonly namedWindows?: ReadonlyMap<string, WindowSpec>;
  /** Aliases of the SELECT list, where the clause may use them. */
  readonly alias?: (name: Name) => Resolved | undefined;
  readonly resolveQuery: (query: Query, scope: Scope) => ResolvedSubquery;
}
