import type { Position } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Expression, Name, Node, Query } from './ast.ts';
import type { Statement } from './statements.ts';

/** The part of a script that a job runs, as `scriptStatistics` shows it. */
export interface ScriptText {
  readonly text: string;
  readonly start: Position;
  /** Of the last character. */
  readonly end: Position;
}

export interface ScriptExpression extends ScriptText {
  readonly expression: Expression;
}

export interface Branch {
  readonly condition: ScriptExpression;
  readonly body: Script;
}

interface Labelled {
  label: string | undefined;
}

interface ScriptFields {
  statement: { statement: Statement };
  /** Without a type, it is that of `value`. */
  declare: { names: readonly Name[]; type: DataType | undefined; value: ScriptExpression | undefined };
  /** Several names take the fields of a STRUCT. */
  set: { names: readonly Name[]; isList: boolean; value: ScriptExpression };
  'set system': { name: string; at: Position; value: ScriptExpression };
  if: { branches: readonly Branch[]; otherwise: Script };
  /** `index` tells which body runs; none when there is no such body. */
  case: { index: ScriptExpression; bodies: readonly Script[]; otherwise: Script };
  /** `handler` is what follows EXCEPTION WHEN ERROR THEN. */
  block: Labelled & { body: Script; handler: Script | undefined };
  /** `while` is asked before each round, `until` after it. */
  loop: Labelled & { while: ScriptExpression | undefined; body: Script; until: ScriptExpression | undefined };
  for: Labelled & { variable: Name; query: ScriptText & { readonly statement: Query }; body: Script };
  /** Without a label, the innermost loop. */
  break: Labelled;
  continue: Labelled;
  return: object;
  /** Without a message, the error that is being handled. */
  raise: { message?: ScriptExpression };
  execute: {
    sql: ScriptExpression;
    into: readonly Name[];
    using: readonly { readonly value: ScriptExpression; readonly name: Name | undefined }[];
  };
  transaction: { verb: 'BEGIN' | 'COMMIT' | 'ROLLBACK' };
}

/** A node without its text. */
export type BareNode = Node<ScriptFields>;

export type ScriptNode = BareNode & ScriptText;

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language */
export type Script = readonly ScriptNode[];
