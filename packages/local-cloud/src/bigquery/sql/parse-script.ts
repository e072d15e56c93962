import { invalidQuery, type Position } from '../errors.ts';
import type { Expression, Name } from './ast.ts';
import { assertLength, StatementParser } from './parse-statement.ts';
import { parseType } from './parse-type.ts';
import type { BareNode, Branch, Script, ScriptExpression, ScriptNode, ScriptText } from './script.ts';

type Parsed<K extends BareNode['node']> = Extract<BareNode, { readonly node: K }>;

/** A block or loop around the statement that is parsed. */
interface Enclosing {
  /** In lower case. */
  readonly label: string | undefined;
  readonly isLoop: boolean;
}

/** Parses statements of GoogleSQL. Throws CloudError `invalidQuery`. */
export function parseScript(sql: string): Script {
  assertLength(sql);
  return new ScriptParser(sql).script();
}

class ScriptParser extends StatementParser {
  /** The innermost last. */
  readonly #around: Enclosing[] = [];
  #handlers = 0;

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

  /** The nodes up to one of the keywords. Only the body of a block declares variables. */
  #body(ends: readonly string[], mayDeclare = false): Script {
    const { cursor } = this;
    return cursor.nested(() => {
      const nodes: ScriptNode[] = [];
      while (!ends.some((end) => cursor.isKeyword(end))) {
        nodes.push(this.#next(mayDeclare ? nodes : undefined));
        cursor.expectSymbol(';');
      }
      return nodes;
    });
  }

  /** `before` are the nodes before it, where variables may be declared. */
  #next(before: Script | undefined): ScriptNode {
    const { value, ...text } = this.#text(() => this.#node(before));
    return { ...value, ...text };
  }

  #node(before: Script | undefined): BareNode {
    const { cursor } = this;
    const { keyword, at } = cursor.peek();
    if (cursor.isIdentifier() && cursor.isSymbol(':', 1)) return this.#labelled();
    switch (keyword) {
      case 'DECLARE':
        if (before?.every(({ node }) => node === 'declare')) return this.#declare();
        throw invalidQuery('Variable declarations are allowed only at the start of a block or script', at);
      case 'SET':
        return this.#set();
      case 'IF':
        return this.#if();
      case 'CASE':
        return this.#case();
      case 'LOOP':
      case 'WHILE':
      case 'REPEAT':
      case 'FOR':
        return this.#loop(undefined);
      case 'BREAK':
      case 'LEAVE':
      case 'CONTINUE':
      case 'ITERATE':
        return this.#jump();
      case 'RAISE':
        return this.#raise();
      case 'RETURN':
        cursor.next();
        return { node: 'return' };
      case 'EXECUTE':
        return this.#execute();
      case 'COMMIT':
      case 'ROLLBACK':
        cursor.next();
        cursor.acceptKeyword('TRANSACTION');
        return { node: 'transaction', verb: keyword };
      case 'BEGIN':
        return this.#begin();
    }
    return { node: 'statement', statement: this.statement() };
  }

  #declare(): Parsed<'declare'> {
    const { cursor } = this;
    cursor.next();
    const names = cursor.list(() => cursor.identifier());
    const type = cursor.isKeyword('DEFAULT') ? undefined : parseType(cursor);
    const value = cursor.acceptKeyword('DEFAULT') ? this.#value() : undefined;
    return { node: 'declare', names, ...(type && { type }), ...(value && { value }) };
  }

  #set(): Parsed<'set' | 'set system'> {
    const { cursor } = this;
    cursor.next();
    const { kind, text, at } = cursor.peek();
    if (kind === 'parameter' && text.startsWith('@@')) {
      cursor.next();
      let name = text.toLowerCase();
      while (cursor.acceptSymbol('.')) name += `.${cursor.fieldName().text.toLowerCase()}`;
      cursor.expectSymbol('=');
      return { node: 'set system', name, at, value: this.#value() };
    }
    const isList = cursor.isSymbol('(');
    const names = isList ? this.inParentheses(() => cursor.identifier()) : [cursor.identifier()];
    cursor.expectSymbol('=');
    return { node: 'set', names, isList, value: this.#value() };
  }

  #if(): Parsed<'if'> {
    const { cursor } = this;
    const branches: Branch[] = [];
    cursor.expectKeyword('IF');
    do {
      const condition = this.#value();
      cursor.expectKeyword('THEN');
      branches.push({ condition, body: this.#body(['ELSEIF', 'ELSE', 'END']) });
    } while (cursor.acceptKeyword('ELSEIF'));
    const otherwise = cursor.acceptKeyword('ELSE') ? this.#body(['END']) : [];
    cursor.expectKeyword('END', 'IF');
    return { node: 'if', branches, otherwise };
  }

  /** With an operand, one expression tells which WHEN is the first that equals it. */
  #case(): Parsed<'if' | 'case'> {
    const { cursor } = this;
    const at = cursor.expectKeyword('CASE');
    const operand = cursor.isKeyword('WHEN') ? undefined : this.#value();
    const branches: Branch[] = [];
    while (cursor.acceptKeyword('WHEN')) {
      const condition = this.#value();
      cursor.expectKeyword('THEN');
      branches.push({ condition, body: this.#body(['WHEN', 'ELSE', 'END']) });
    }
    if (branches.length === 0) throw cursor.unexpected('keyword WHEN');
    const otherwise = cursor.acceptKeyword('ELSE') ? this.#body(['END']) : [];
    cursor.expectKeyword('END', 'CASE');
    if (!operand) return { node: 'if', branches, otherwise };
    const expression: Expression = {
      ...{ node: 'case', at, operand: operand.expression, otherwise: integer(branches.length, at) },
      branches: branches.map(({ condition }, index) => ({
        when: condition.expression,
        result: integer(index, at),
      })),
    };
    return {
      ...{ node: 'case', index: { ...operand, expression }, otherwise },
      bodies: branches.map(({ body }) => body),
    };
  }

  #labelled(): Parsed<'block' | 'loop' | 'for'> {
    const { cursor } = this;
    const label = cursor.identifier();
    cursor.expectSymbol(':');
    if (this.#around.some((other) => other.label === label.text.toLowerCase())) {
      throw invalidQuery(`Label ${label.text} already exists`, label.at);
    }
    if (cursor.isKeyword('BEGIN')) return this.#block(label);
    if (/^(LOOP|WHILE|REPEAT|FOR)$/.test(cursor.peek().keyword)) return this.#loop(label);
    throw cursor.unexpected();
  }

  #loop(name: Name | undefined): Parsed<'loop' | 'for'> {
    const { cursor } = this;
    const { keyword } = cursor.next();
    if (keyword === 'FOR') return this.#for(name);
    const condition = keyword === 'WHILE' ? this.#value() : undefined;
    if (condition) cursor.expectKeyword('DO');
    const label = name?.text.toLowerCase();
    const body = this.#within({ label, isLoop: true }, () =>
      this.#body([keyword === 'REPEAT' ? 'UNTIL' : 'END']),
    );
    const until = keyword === 'REPEAT' && cursor.acceptKeyword('UNTIL') ? this.#value() : undefined;
    cursor.expectKeyword('END', keyword);
    this.#endLabel(name);
    return { node: 'loop', label, body, ...(condition && { while: condition }), ...(until && { until }) };
  }

  #for(name: Name | undefined): Parsed<'for'> {
    const { cursor } = this;
    const variable = cursor.identifier();
    cursor.expectKeyword('IN');
    const { value: statement, ...text } = this.#text(() => {
      cursor.expectSymbol('(');
      const query = this.query();
      cursor.expectSymbol(')');
      return query;
    });
    cursor.expectKeyword('DO');
    const label = name?.text.toLowerCase();
    const body = this.#within({ label, isLoop: true }, () => this.#body(['END']));
    cursor.expectKeyword('END', 'FOR');
    this.#endLabel(name);
    return { node: 'for', label, variable, query: { statement, ...text }, body };
  }

  #jump(): Parsed<'break' | 'continue'> {
    const { cursor } = this;
    const { keyword, at } = cursor.next();
    const node = /^(BREAK|LEAVE)$/.test(keyword) ? 'break' : 'continue';
    if (!cursor.isIdentifier()) {
      if (this.#around.some(({ isLoop }) => isLoop)) return { node, label: undefined };
      const which = node === 'break' ? `${keyword} without label` : keyword;
      throw invalidQuery(`${which} is only allowed inside of a loop body`, at);
    }
    const { text } = cursor.identifier();
    const label = text.toLowerCase();
    const target = this.#around.find((other) => other.label === label);
    if (!target) throw invalidQuery(`Label ${text} does not exist or is out of scope`, at);
    if (node === 'continue' && !target.isLoop) {
      throw invalidQuery(`${keyword} with label must refer to a loop`, at);
    }
    return { node, label };
  }

  #raise(): Parsed<'raise'> {
    const { cursor } = this;
    const at = cursor.expectKeyword('RAISE');
    if (cursor.acceptKeyword('USING')) {
      cursor.expectKeyword('MESSAGE');
      cursor.expectSymbol('=');
      return { node: 'raise', message: this.#value() };
    }
    if (this.#handlers > 0) return { node: 'raise' };
    throw invalidQuery('Cannot re-raise an existing exception outside of an exception handler', at);
  }

  #execute(): Parsed<'execute'> {
    const { cursor } = this;
    cursor.expectKeyword('EXECUTE', 'IMMEDIATE');
    const sql = this.#value();
    const into = cursor.acceptKeyword('INTO') ? cursor.list(() => cursor.identifier()) : [];
    const using = cursor.acceptKeyword('USING')
      ? cursor.list(() => {
          const value = this.#value();
          const name = cursor.acceptKeyword('AS') ? cursor.identifier() : undefined;
          return { value, ...(name && { name }) };
        })
      : [];
    return { node: 'execute', sql, into, using };
  }

  /** A block, or the beginning of a transaction. */
  #begin(): Parsed<'block' | 'transaction'> {
    const { cursor } = this;
    const { kind, text, keyword } = cursor.peek(1);
    if (keyword !== 'TRANSACTION' && kind !== 'end' && text !== ';') return this.#block(undefined);
    cursor.next();
    cursor.acceptKeyword('TRANSACTION');
    return { node: 'transaction', verb: 'BEGIN' };
  }

  #block(name: Name | undefined): Parsed<'block'> {
    const { cursor } = this;
    cursor.expectKeyword('BEGIN');
    const label = name?.text.toLowerCase();
    const block = this.#within({ label, isLoop: false }, () => {
      const body = this.#body(['EXCEPTION', 'END'], true);
      if (!cursor.acceptKeyword('EXCEPTION')) return { body, handler: undefined };
      cursor.expectKeyword('WHEN', 'ERROR', 'THEN');
      this.#handlers += 1;
      const handler = this.#body(['END']);
      this.#handlers -= 1;
      return { body, handler };
    });
    cursor.expectKeyword('END');
    this.#endLabel(name);
    return { node: 'block', label, ...block };
  }

  #within<T>(enclosing: Enclosing, parse: () => T): T {
    this.#around.push(enclosing);
    const parsed = parse();
    this.#around.pop();
    return parsed;
  }

  #endLabel(name: Name | undefined): void {
    const { cursor } = this;
    if (!cursor.isIdentifier()) return;
    const end = cursor.identifier();
    if (end.text.toLowerCase() === name?.text.toLowerCase()) return;
    if (!name) throw invalidQuery(`End label ${end.text} must follow a begin label`, end.at);
    throw invalidQuery(`Mismatched end label; expected ${name.text}, got ${end.text}`, end.at);
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

function integer(value: number, at: Position): Expression {
  return { node: 'literal', at, literal: { kind: 'INT64', text: String(value) } };
}
