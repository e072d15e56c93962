import type { Position } from '../errors.ts';
import type { Expression, Name, Query, WindowSpec } from './ast.ts';
import type { Bindings } from './bindings.ts';
import type { Output } from './relation.ts';
import type { Resolved } from './resolved.ts';
import type { RoutineDefinition } from './routine.ts';
import type { Scope } from './scope.ts';

/** A resolved subquery, as the expression around it sees it. */
export interface ResolvedSubquery {
  readonly sql: string;
  readonly outputs: readonly Output[];
  /** Everything the subquery reads, with its references to outer queries. */
  readonly reads: Resolved;
}

/** Where an expression stands, and how its parts and subqueries are resolved. */
export interface ExpressionContext {
  readonly scope: Scope;
  readonly bindings: Bindings;
  /** Milliseconds since the epoch: CURRENT_TIMESTAMP for the whole statement. */
  readonly now: number;
  /** The e-mail address of the caller: SESSION_USER. */
  readonly user: string;
  /** For error messages: "WHERE clause". */
  readonly clause: string;
  /** Whether the clause allows aggregate functions. */
  readonly aggregates: boolean;
  /** Whether the clause allows window functions. */
  readonly windows: boolean;
  /** SQL of the GROUP BY keys, once they are known; `paths` are those that are columns or fields. */
  readonly groups?: { readonly keys: ReadonlySet<string>; readonly paths: ReadonlySet<string> };
  /** After SELECT DISTINCT, the columns and fields of the SELECT list by the SQL that they had before. */
  readonly shown?: ReadonlyMap<string, Resolved>;
  /** Windows of the WINDOW clause, keyed by lower-case name. */
  readonly namedWindows?: ReadonlyMap<string, WindowSpec>;
  /** A condition on the rows that aggregate functions see, in PIVOT. */
  readonly rowFilter?: string;
  /** Resolves an alias of the SELECT list, in clauses that may use one. */
  readonly alias?: (name: Name) => Resolved | undefined;
  readonly resolve: (node: Expression, context: ExpressionContext) => Resolved;
  readonly resolveQuery: (query: Query, scope: Scope) => ResolvedSubquery;
  readonly routines: {
    /** The function that a user defined. Throws PERMISSION_DENIED, NOT_FOUND. */
    readonly find: (name: string, at: Position) => RoutineDefinition | undefined;
    /** The context of its body, which sees nothing of the query around it. */
    readonly context: (scope: Scope, clause: string) => ExpressionContext;
  };
  /** How many functions the expression is inside of. */
  readonly routineDepth?: number;
}
