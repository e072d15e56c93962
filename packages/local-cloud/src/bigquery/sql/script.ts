import type { Position } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Expression, Name, Query } from './ast.ts';
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

/** A node without its text. */
export type BareNode =
  | { readonly node: 'statement'; readonly statement: Statement }
  | {
      readonly node: 'declare';
      readonly names: readonly Name[];
      /** Undefined is the type of `value`. */
      readonly type?: DataType;
      readonly value?: ScriptExpression;
    }
  /** Several names take the fields of a STRUCT. */
  | {
      readonly node: 'set';
      readonly names: readonly Name[];
      readonly isList: boolean;
      readonly value: ScriptExpression;
    }
  | {
      readonly node: 'set system';
      readonly name: string;
      readonly at: Position;
      readonly value: ScriptExpression;
    }
  | { readonly node: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Script }
  /** `index` tells which body runs; none when there is no such body. */
  | {
      readonly node: 'case';
      readonly index: ScriptExpression;
      readonly bodies: readonly Script[];
      readonly otherwise: Script;
    }
  | {
      readonly node: 'block';
      readonly label: string | undefined;
      readonly body: Script;
      /** EXCEPTION WHEN ERROR THEN */
      readonly handler: Script | undefined;
    }
  | {
      readonly node: 'loop';
      readonly label: string | undefined;
      /** Asked before each round. */
      readonly while?: ScriptExpression;
      readonly body: Script;
      /** Asked after each round. */
      readonly until?: ScriptExpression;
    }
  | {
      readonly node: 'for';
      readonly label: string | undefined;
      readonly variable: Name;
      readonly query: ScriptText & { readonly statement: Query };
      readonly body: Script;
    }
  /** Without a label, the innermost loop. */
  | { readonly node: 'break' | 'continue'; readonly label: string | undefined }
  | { readonly node: 'return' }
  /** Without a message, the error that is being handled. */
  | { readonly node: 'raise'; readonly message?: ScriptExpression }
  | {
      readonly node: 'execute';
      readonly sql: ScriptExpression;
      readonly into: readonly Name[];
      readonly using: readonly { readonly value: ScriptExpression; readonly name?: Name }[];
    }
  | { readonly node: 'transaction'; readonly verb: 'BEGIN' | 'COMMIT' | 'ROLLBACK' };

export type ScriptNode = BareNode & ScriptText;

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language */
export type Script = readonly ScriptNode[];
