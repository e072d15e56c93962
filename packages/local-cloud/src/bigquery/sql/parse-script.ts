import { invalidQuery, type Position, unsupported } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Expression, Name } from './ast.ts';
import { assertLength, StatementParser } from './parse-statement.ts';
import { parseType } from './parse-type.ts';
import type { Statement } from './statements.ts';

/** The part of a script that a job runs, as `scriptStatistics` shows it. */
export interface ScriptText {
  readonly text: string;
  readonly start: Position;
  /** Of the last character. */
  readonly end: Position;
}

interface ScriptExpression extends ScriptText {
  readonly expression: Expression;
}

export type ScriptNode =
  | ({ readonly node: 'statement'; readonly statement: Statement } & ScriptText)
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
      readonly node: 'if';
      readonly branches: readonly { readonly condition: ScriptExpression; readonly body: Script }[];
      readonly otherwise: Script;
    }
  | { readonly node: 'block'; readonly body: Script };

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language */
export type Script = readonly ScriptNode[];

/** Parses statements of GoogleSQL. Throws CloudError `invalidQuery`. */
export function parseScript(sql: string): Script {
  assertLength(sql);
  return new ScriptParser(sql).script();
}

class ScriptParser extends StatementParser {
  script(): Script {
    const { cursor } = this;
    if (cursor.peek().kind === 'end') throw cursor.unexpected();
    const nodes: ScriptNode[] = [];
    while (cursor.peek().kind !== 'end') {
      nodes.push(this.#next(nodes));
      if (!cursor.acceptSymbol(';')) cursor.expectEnd();
    }
    return nodes;
  }

  /** The nodes up to one of the keywords. */
  #body(...ends: string[]): Script {
    const { cursor } = this;
    return cursor.nested(() => {
      const nodes: ScriptNode[] = [];
      while (!ends.some((end) => cursor.isKeyword(end))) {
        nodes.push(this.#next(nodes));
        cursor.expectSymbol(';');
      }
      return nodes;
    });
  }

  #next(before: Script): ScriptNode {
    const { cursor } = this;
    const { keyword, at } = cursor.peek();
    if (cursor.acceptKeyword('DECLARE')) {
      if (before.every(({ node }) => node === 'declare')) return this.#declare();
      throw invalidQuery('Variable declarations are allowed only at the start of a block or script', at);
    }
    if (cursor.acceptKeyword('SET')) return this.#set();
    if (cursor.acceptKeyword('IF')) return this.#if();
    if (keyword === 'BEGIN') return this.#block(at);
    const text = this.#text(() => this.statement());
    const { value: statement, ...rest } = text;
    return { node: 'statement', statement, ...rest };
  }

  #declare(): ScriptNode {
    const { cursor } = this;
    const names = cursor.list(() => cursor.identifier());
    const type = cursor.isKeyword('DEFAULT') ? undefined : parseType(cursor);
    const value = cursor.acceptKeyword('DEFAULT') ? this.#value() : undefined;
    return { node: 'declare', names, ...(type && { type }), ...(value && { value }) };
  }

  #set(): ScriptNode {
    const { cursor } = this;
    const { kind, text, at } = cursor.peek();
    if (kind === 'parameter') throw unsupported(`SET ${text}`, at);
    const isList = cursor.isSymbol('(');
    const names = isList ? this.inParentheses(() => cursor.identifier()) : [cursor.identifier()];
    cursor.expectSymbol('=');
    return { node: 'set', names, isList, value: this.#value() };
  }

  #if(): ScriptNode {
    const { cursor } = this;
    const branches = [];
    do {
      const condition = this.#value();
      cursor.expectKeyword('THEN');
      branches.push({ condition, body: this.#body('ELSEIF', 'ELSE', 'END') });
    } while (cursor.acceptKeyword('ELSEIF'));
    const otherwise = cursor.acceptKeyword('ELSE') ? this.#body('END') : [];
    cursor.expectKeyword('END', 'IF');
    return { node: 'if', branches, otherwise };
  }

  #block(at: Position): ScriptNode {
    const { cursor } = this;
    cursor.next();
    if (cursor.isKeyword('TRANSACTION') || cursor.isSymbol(';') || cursor.peek().kind === 'end') {
      throw unsupported('Statement BEGIN TRANSACTION', at);
    }
    const body = this.#body('EXCEPTION', 'END');
    if (cursor.isKeyword('EXCEPTION')) throw unsupported('BEGIN with EXCEPTION', cursor.at);
    cursor.expectKeyword('END');
    return { node: 'block', body };
  }

  #value(): ScriptExpression {
    const { value: expression, ...text } = this.#text(() => this.expression());
    return { expression, ...text };
  }

  #text<T>(parse: () => T): ScriptText & { readonly value: T } {
    const { cursor } = this;
    const { start: offset, at: start } = cursor.peek();
    const value = parse();
    const text = cursor.textSince(offset);
    const lines = text.split('\n');
    const last = lines.at(-1)?.length ?? 0;
    const column = lines.length > 1 ? last : start.column + last - 1;
    return { value, text, start, end: { line: start.line + lines.length - 1, column } };
  }
}
