import type { Position } from '../errors.ts';
import type { DataType, ScalarKind } from '../types.ts';

/** The syntax tree of a statement. `at` is the position where a node begins. */

export interface Name {
  readonly text: string;
  readonly at: Position;
}

export type Literal =
  | { readonly kind: 'NULL' }
  | { readonly kind: 'BOOL'; readonly value: boolean }
  /** `text` is the literal as written; of a string, the decoded text; of bytes, their latin1 text. */
  | { readonly kind: Exclude<ScalarKind, 'BOOL'>; readonly text: string };

export type Expression = { readonly at: Position } & (
  | { readonly node: 'literal'; readonly literal: Literal }
  | { readonly node: 'parameter'; readonly name: string | number }
  | { readonly node: 'path'; readonly parts: readonly Name[] }
  | { readonly node: 'field'; readonly base: Expression; readonly name: Name }
  | {
      readonly node: 'element';
      readonly base: Expression;
      readonly index: Expression;
      readonly mode: ElementMode;
    }
  | FunctionCall
  | {
      readonly node: 'cast';
      readonly value: Expression;
      readonly type: DataType;
      readonly safe: boolean;
      readonly format?: Expression;
      /** After FORMAT. */
      readonly zone?: Expression;
    }
  | { readonly node: 'unary'; readonly operator: '-' | '+' | '~' | 'NOT'; readonly value: Expression }
  | {
      readonly node: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly node: 'logical'; readonly operator: 'AND' | 'OR'; readonly operands: readonly Expression[] }
  | {
      readonly node: 'between';
      readonly negated: boolean;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | { readonly node: 'in'; readonly negated: boolean; readonly value: Expression; readonly among: InOperand }
  | {
      readonly node: 'like';
      readonly negated: boolean;
      readonly value: Expression;
      readonly quantifier?: 'ANY' | 'SOME' | 'ALL';
      readonly patterns: readonly Expression[];
    }
  | { readonly node: 'is'; readonly negated: boolean; readonly value: Expression; readonly what: IsOperand }
  | {
      readonly node: 'case';
      readonly operand?: Expression;
      readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise?: Expression;
    }
  | { readonly node: 'subquery'; readonly kind: 'SCALAR' | 'EXISTS' | 'ARRAY'; readonly query: Query }
  | { readonly node: 'array'; readonly elementType?: DataType; readonly elements: readonly Expression[] }
  | { readonly node: 'struct'; readonly type?: DataType; readonly fields: readonly NamedExpression[] }
  | {
      readonly node: 'extract';
      readonly part: string;
      readonly value: Expression;
      readonly zone?: Expression;
    }
  | {
      readonly node: 'interval';
      readonly amount: Expression;
      readonly part: string;
      /** The last part of a text with several: `INTERVAL '1-2' YEAR TO MONTH`. */
      readonly to?: string;
    }
);

/** INDEX is a subscript without a word, as `a[0]`. */
export type ElementMode = 'INDEX' | 'OFFSET' | 'ORDINAL' | 'SAFE_OFFSET' | 'SAFE_ORDINAL';

export type InOperand =
  | { readonly node: 'list'; readonly values: readonly Expression[] }
  | { readonly node: 'query'; readonly query: Query }
  | { readonly node: 'unnest'; readonly array: Expression };

type IsOperand = 'NULL' | 'TRUE' | 'FALSE' | { readonly distinctFrom: Expression };

export interface NamedExpression {
  readonly name?: Name;
  readonly value: Expression;
}

export interface FunctionCall {
  readonly node: 'call';
  readonly at: Position;
  /** In upper case, with dots: `SAFE.SUBSTR`. */
  readonly name: string;
  /** As written in the query. */
  readonly spelling: string;
  readonly args: readonly Expression[];
  /** The names of arguments `name => value`, in lower case, by their index. */
  readonly argumentNames?: ReadonlyMap<number, string>;
  /** `COUNT(*)` */
  readonly star: boolean;
  readonly distinct: boolean;
  readonly nulls?: 'IGNORE' | 'RESPECT';
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expression;
  readonly over?: WindowSpec;
}

export interface OrderItem {
  readonly value: Expression;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST';
}

export interface WindowSpec {
  /** A window of the WINDOW clause. */
  readonly base?: Name;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: WindowFrame;
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end?: FrameBound;
}

export type FrameBound =
  | { readonly bound: 'UNBOUNDED PRECEDING' | 'UNBOUNDED FOLLOWING' | 'CURRENT ROW' }
  | { readonly bound: 'PRECEDING' | 'FOLLOWING'; readonly offset: Expression };

export interface Query {
  readonly node: 'query';
  readonly at: Position;
  /** WITH RECURSIVE */
  readonly recursive: boolean;
  readonly ctes: readonly { readonly name: Name; readonly query: Query }[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Expression;
  readonly offset?: Expression;
}

export type QueryBody = Select | SetOperation | Query;

export interface SetOperation {
  readonly node: 'set';
  readonly at: Position;
  readonly operator: 'UNION ALL' | 'UNION DISTINCT' | 'INTERSECT DISTINCT' | 'EXCEPT DISTINCT';
  /** Set when columns are matched by name; `columns` says which ones the result has. */
  readonly byName?: {
    readonly columns: 'SAME' | 'INNER' | 'FULL' | 'LEFT';
    readonly only?: readonly Name[];
  };
  readonly operands: readonly QueryBody[];
}

export interface Select {
  readonly node: 'select';
  readonly at: Position;
  readonly distinct: boolean;
  /** SELECT AS STRUCT and SELECT AS VALUE: rows are values without a column. */
  readonly as?: 'STRUCT' | 'VALUE';
  readonly items: readonly SelectItem[];
  readonly from?: FromItem;
  readonly where?: Expression;
  readonly groupBy?: {
    readonly all: boolean;
    readonly keys: readonly Expression[];
    readonly sets?: GroupingSet;
  };
  readonly having?: Expression;
  readonly qualify?: Expression;
  readonly windows: readonly { readonly name: Name; readonly spec: WindowSpec }[];
}

/** KEYS without keys is the total of all rows. */
export type GroupingSet =
  | { readonly kind: 'KEYS'; readonly keys: readonly Expression[] }
  | { readonly kind: 'ROLLUP' | 'CUBE'; readonly items: readonly (readonly Expression[])[] }
  | { readonly kind: 'GROUPING SETS'; readonly sets: readonly GroupingSet[] };

export type SelectItem =
  | {
      readonly node: 'star';
      readonly at: Position;
      /** The `t` of `t.*`. */
      readonly base?: Expression;
      readonly except: readonly Name[];
      readonly replace: readonly NamedExpression[];
    }
  | { readonly node: 'item'; readonly value: Expression; readonly alias?: Name };

export interface Pivot {
  readonly node: 'pivot';
  readonly at: Position;
  readonly input: FromItem;
  readonly aggregates: readonly NamedExpression[];
  /** The expression after FOR. */
  readonly by: Expression;
  readonly values: readonly NamedExpression[];
  readonly alias?: Name;
}

export interface Unpivot {
  readonly node: 'unpivot';
  readonly at: Position;
  readonly input: FromItem;
  readonly includeNulls: boolean;
  /** The columns that get the values. */
  readonly values: readonly Name[];
  /** The column that gets the labels. */
  readonly name: Name;
  readonly groups: readonly { readonly columns: readonly Expression[]; readonly label?: Expression }[];
  readonly alias?: Name;
}

export type FromItem =
  | {
      readonly node: 'table';
      readonly at: Position;
      readonly path: readonly Name[];
      readonly alias?: Name;
      /** The time of FOR SYSTEM_TIME AS OF. */
      readonly asOf?: Expression;
      /** Of TABLESAMPLE. */
      readonly percent?: Expression;
    }
  | {
      /** `APPENDS(TABLE path, start, end)` */
      readonly node: 'appends';
      readonly at: Position;
      readonly path: readonly Name[];
      readonly start?: Expression;
      readonly end?: Expression;
      readonly alias?: Name;
    }
  | { readonly node: 'derived'; readonly at: Position; readonly query: Query; readonly alias?: Name }
  | Pivot
  | Unpivot
  | {
      readonly node: 'unnest';
      readonly at: Position;
      readonly array: Expression;
      readonly alias?: Name;
      readonly offset?: Name;
    }
  | {
      readonly node: 'join';
      readonly at: Position;
      readonly kind: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly on?: Expression;
      readonly using?: readonly Name[];
    };
