import type { Position } from '../errors.ts';
import type { DataType, ScalarKind } from '../types.ts';

/** The syntax tree of a query. A field that is undefined stands for a clause that is not written. */

/** The nodes of a tree as a union, given the fields of each by its name. */
export type Node<Fields, Names extends keyof Fields = keyof Fields> = {
  [Name in Names]: Readonly<{ node: Name } & Fields[Name]>;
}[Names];

export interface Located {
  /** Where the node begins. */
  readonly at: Position;
}

export interface Name extends Located {
  readonly text: string;
}

export type Literal =
  | { readonly kind: 'NULL' }
  | { readonly kind: 'BOOL'; readonly value: boolean }
  /** `text` is the literal as written; of a string, the decoded text; of bytes, their latin1 text. */
  | { readonly kind: Exclude<ScalarKind, 'BOOL'>; readonly text: string };

interface ExpressionFields {
  literal: { literal: Literal };
  parameter: { name: string | number };
  path: { parts: readonly Name[] };
  field: { base: Expression; name: Name };
  element: { base: Expression; index: Expression; mode: ElementMode };
  call: CallFields;
  /** `zone` follows FORMAT. */
  cast: {
    value: Expression;
    type: DataType;
    safe: boolean;
    format: Expression | undefined;
    zone: Expression | undefined;
  };
  unary: { operator: '-' | '+' | '~' | 'NOT'; value: Expression };
  binary: { operator: string; left: Expression; right: Expression };
  logical: { operator: 'AND' | 'OR'; operands: readonly Expression[] };
  between: Test & { low: Expression; high: Expression };
  in: Test & { among: InOperand };
  like: Test & { quantifier: 'ANY' | 'SOME' | 'ALL' | undefined; patterns: readonly Expression[] };
  is: Test & { what: 'NULL' | 'TRUE' | 'FALSE' | { readonly distinctFrom: Expression } };
  case: { operand: Expression | undefined; branches: readonly When[]; otherwise: Expression | undefined };
  subquery: { kind: 'SCALAR' | 'EXISTS' | 'ARRAY'; query: Query };
  array: { elementType: DataType | undefined; elements: readonly Expression[] };
  struct: { type: DataType | undefined; fields: readonly NamedExpression[] };
  extract: { part: string; value: Expression; zone: Expression | undefined };
  /** `to` is the last part of a text with several: `INTERVAL '1-2' YEAR TO MONTH`. */
  interval: { amount: Expression; part: string; to: string | undefined };
}

export type Expression = Located & Node<ExpressionFields>;
export type ExpressionNode<Name extends keyof ExpressionFields> = Located & Node<ExpressionFields, Name>;

interface Test {
  negated: boolean;
  value: Expression;
}

interface When {
  readonly when: Expression;
  readonly result: Expression;
}

/** INDEX is a subscript without a word, as `a[0]`. */
export type ElementMode = 'INDEX' | 'OFFSET' | 'ORDINAL' | 'SAFE_OFFSET' | 'SAFE_ORDINAL';

export type InOperand = Node<{
  list: { values: readonly Expression[] };
  query: { query: Query };
  unnest: { array: Expression };
}>;

export interface NamedExpression {
  readonly name: Name | undefined;
  readonly value: Expression;
}

interface CallFields {
  /** In upper case, with dots: `SAFE.SUBSTR`. */
  name: string;
  /** As written in the query. */
  spelling: string;
  args: readonly Expression[];
  /** The names of arguments `name => value`, in lower case, by their index. */
  argumentNames?: ReadonlyMap<number, string> | undefined;
  /** `COUNT(*)` */
  star: boolean;
  distinct: boolean;
  nulls?: 'IGNORE' | 'RESPECT' | undefined;
  orderBy: readonly OrderItem[];
  limit?: Expression | undefined;
  over?: WindowSpec | undefined;
}

export type FunctionCall = ExpressionNode<'call'>;

export interface OrderItem {
  readonly value: Expression;
  readonly descending: boolean;
  readonly nulls: 'FIRST' | 'LAST';
}

export interface WindowSpec {
  /** A window of the WINDOW clause. */
  readonly base?: Name | undefined;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: WindowFrame | undefined;
}

export interface WindowFrame {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly end?: FrameBound;
}

export type FrameBound =
  | { readonly bound: 'UNBOUNDED PRECEDING' | 'UNBOUNDED FOLLOWING' | 'CURRENT ROW' }
  | { readonly bound: 'PRECEDING' | 'FOLLOWING'; readonly offset: Expression };

export interface Query extends Located {
  readonly node: 'query';
  /** WITH RECURSIVE */
  readonly recursive: boolean;
  readonly ctes: readonly { readonly name: Name; readonly query: Query }[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

export type QueryBody = Select | SetOperation | Query;

export interface SetOperation extends Located {
  readonly node: 'set';
  readonly operator: 'UNION ALL' | 'UNION DISTINCT' | 'INTERSECT DISTINCT' | 'EXCEPT DISTINCT';
  /** Set when columns are matched by name; `columns` says which ones the result has. */
  readonly byName:
    | { readonly columns: 'SAME' | 'INNER' | 'FULL' | 'LEFT'; readonly only?: readonly Name[] }
    | undefined;
  readonly operands: readonly QueryBody[];
}

export interface Select extends Located {
  readonly node: 'select';
  readonly distinct: boolean;
  /** SELECT AS STRUCT and SELECT AS VALUE: rows are values without a column. */
  readonly as: 'STRUCT' | 'VALUE' | undefined;
  readonly items: readonly SelectItem[];
  readonly from: FromItem | undefined;
  readonly where: Expression | undefined;
  readonly groupBy:
    | { readonly all: boolean; readonly keys: readonly Expression[]; readonly sets?: GroupingSet }
    | undefined;
  readonly having: Expression | undefined;
  readonly qualify: Expression | undefined;
  readonly windows: readonly { readonly name: Name; readonly spec: WindowSpec }[];
}

/** KEYS without keys is the total of all rows. */
export type GroupingSet =
  | { readonly kind: 'KEYS'; readonly keys: readonly Expression[] }
  | { readonly kind: 'ROLLUP' | 'CUBE'; readonly items: readonly (readonly Expression[])[] }
  | { readonly kind: 'GROUPING SETS'; readonly sets: readonly GroupingSet[] };

export type SelectItem = Node<{
  /** `base` is the `t` of `t.*`. */
  star: {
    at: Position;
    base: Expression | undefined;
    except: readonly Name[];
    replace: readonly NamedExpression[];
  };
  item: { value: Expression; alias: Name | undefined };
}>;

interface FromFields {
  /** `asOf` is the time of FOR SYSTEM_TIME AS OF, `percent` that of TABLESAMPLE. */
  table: { path: readonly Name[]; asOf: Expression | undefined; percent?: Expression };
  /** `APPENDS(TABLE path, start, end)` */
  appends: { path: readonly Name[]; start: Expression | undefined; end: Expression | undefined };
  derived: { query: Query };
  /** `by` is the expression after FOR. */
  pivot: {
    input: FromItem;
    aggregates: readonly NamedExpression[];
    by: Expression;
    values: readonly NamedExpression[];
  };
  /** `values` are the columns that get the values, and `name` the column that gets the labels. */
  unpivot: {
    input: FromItem;
    includeNulls: boolean;
    values: readonly Name[];
    name: Name;
    groups: readonly { readonly columns: readonly Expression[]; readonly label?: Expression }[];
  };
  unnest: { array: Expression; offset: Name | undefined };
}

interface JoinFields {
  kind: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
  left: FromItem;
  right: FromItem;
  on?: Expression;
  using?: readonly Name[];
}

interface Aliased extends Located {
  readonly alias: Name | undefined;
}

export type Pivot = Aliased & Node<FromFields, 'pivot'>;
export type Unpivot = Aliased & Node<FromFields, 'unpivot'>;
export type Join = Located & Node<{ join: JoinFields }>;
export type FromItem = Join | (Aliased & Node<FromFields>);
