import { invalidQuery, type Position } from '../errors.ts';
import type { Expression, Name } from './ast.ts';
import { assertLength, StatementParser } from './parse-statement.ts';
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
    if (this.peek().kind === 'end') throw this.unexpected();
    const nodes: ScriptNode[] = [];
    while (this.peek().kind !== 'end') {
      nodes.push(this.#next(nodes));
      if (!this.acceptSymbol(';')) this.expectEnd();
    }
    return nodes;
  }

  /** The nodes up to one of the keywords. Only the body of a block declares variables. */
  #body(ends: readonly string[], mayDeclare = false): Script {
    return this.nested(() => {
      const nodes: ScriptNode[] = [];
      while (!ends.some((end) => this.isKeyword(end))) {
        nodes.push(this.#next(mayDeclare ? nodes : undefined));
        this.expectSymbol(';');
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
    const { keyword, at } = this.peek();
    if (this.isIdentifier() && this.isSymbol(':', 1)) return this.#labelled();
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
        this.next();
        return { node: 'return' };
      case 'EXECUTE':
        return this.#execute();
      case 'COMMIT':
      case 'ROLLBACK':
        this.next();
        this.acceptKeyword('TRANSACTION');
        return { node: 'transaction', verb: keyword };
      case 'BEGIN':
        return this.#begin();
    }
    return { node: 'statement', statement: this.statement() };
  }

  #declare(): Parsed<'declare'> {
    this.next();
    const names = this.list(() => this.identifier());
    const type = this.isKeyword('DEFAULT') ? undefined : this.type();
    const value = this.acceptKeyword('DEFAULT') ? this.#value() : undefined;
    return { node: 'declare', names, type, value };
  }

  #set(): Parsed<'set' | 'set system'> {
    this.next();
    const { kind, text, at } = this.peek();
    if (kind === 'parameter' && text.startsWith('@@')) {
      this.next();
      let name = text.toLowerCase();
      while (this.acceptSymbol('.')) name += `.${this.fieldName().text.toLowerCase()}`;
      this.expectSymbol('=');
      return { node: 'set system', name, at, value: this.#value() };
    }
    const isList = this.isSymbol('(');
    const names = isList ? this.names() : [this.identifier()];
    this.expectSymbol('=');
    return { node: 'set', names, isList, value: this.#value() };
  }

  #if(): Parsed<'if'> {
    const branches: Branch[] = [];
    this.expectKeyword('IF');
    do {
      const condition = this.#value();
      this.expectKeyword('THEN');
      branches.push({ condition, body: this.#body(['ELSEIF', 'ELSE', 'END']) });
    } while (this.acceptKeyword('ELSEIF'));
    const otherwise = this.acceptKeyword('ELSE') ? this.#body(['END']) : [];
    this.expectKeyword('END', 'IF');
    return { node: 'if', branches, otherwise };
  }

  /** With an operand, one expression tells which WHEN is the first that equals it. */
  #case(): Parsed<'if' | 'case'> {
    const at = this.expectKeyword('CASE');
    const operand = this.isKeyword('WHEN') ? undefined : this.#value();
    const branches: Branch[] = [];
    while (this.acceptKeyword('WHEN')) {
      const condition = this.#value();
      this.expectKeyword('THEN');
      branches.push({ condition, body: this.#body(['WHEN', 'ELSE', 'END']) });
    }
    if (branches.length === 0) throw this.unexpected('keyword WHEN');
    const otherwise = this.acceptKeyword('ELSE') ? this.#body(['END']) : [];
    this.expectKeyword('END', 'CASE');
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
    const label = this.identifier();
    this.expectSymbol(':');
    if (this.#around.some((other) => other.label === label.text.toLowerCase()))
      throw invalidQuery(`Label ${label.text} already exists`, label.at);
    if (this.isKeyword('BEGIN')) return this.#block(label);
    if (/^(LOOP|WHILE|REPEAT|FOR)$/.test(this.peek().keyword)) return this.#loop(label);
    throw this.unexpected();
  }

  #loop(name: Name | undefined): Parsed<'loop' | 'for'> {
    const { keyword } = this.next();
    if (keyword === 'FOR') return this.#for(name);
    const condition = keyword === 'WHILE' ? this.#value() : undefined;
    if (condition) this.expectKeyword('DO');
    const { label, parsed: body } = this.#within(name, true, () =>
      this.#body([keyword === 'REPEAT' ? 'UNTIL' : 'END']),
    );
    const until = keyword === 'REPEAT' && this.acceptKeyword('UNTIL') ? this.#value() : undefined;
    this.expectKeyword('END', keyword);
    this.#endLabel(name);
    return { node: 'loop', label, while: condition, body, until };
  }

  #for(name: Name | undefined): Parsed<'for'> {
    const variable = this.identifier();
    this.expectKeyword('IN');
    const { value: statement, ...text } = this.#text(() => this.parenthesized(() => this.query()));
    this.expectKeyword('DO');
    const { label, parsed: body } = this.#within(name, true, () => this.#body(['END']));
    this.expectKeyword('END', 'FOR');
    this.#endLabel(name);
    return { node: 'for', label, variable, query: { statement, ...text }, body };
  }

  #jump(): Parsed<'break' | 'continue'> {
    const { keyword, at } = this.next();
    const node = /^(BREAK|LEAVE)$/.test(keyword) ? 'break' : 'continue';
    if (!this.isIdentifier()) {
      if (this.#around.some(({ isLoop }) => isLoop)) return { node, label: undefined };
      const which = node === 'break' ? `${keyword} without label` : keyword;
      throw invalidQuery(`${which} is only allowed inside of a loop body`, at);
    }
    const { text } = this.identifier();
    const label = text.toLowerCase();
    const target = this.#around.find((other) => other.label === label);
    if (!target) throw invalidQuery(`Label ${text} does not exist or is out of scope`, at);
    if (node === 'continue' && !target.isLoop)
      throw invalidQuery(`${keyword} with label must refer to a loop`, at);
    return { node, label };
  }

  #raise(): Parsed<'raise'> {
    const at = this.expectKeyword('RAISE');
    if (this.acceptKeyword('USING')) {
      this.expectKeyword('MESSAGE');
      this.expectSymbol('=');
      return { node: 'raise', message: this.#value() };
    }
    if (this.#handlers > 0) return { node: 'raise' };
    throw invalidQuery('Cannot re-raise an existing exception outside of an exception handler', at);
  }

  #execute(): Parsed<'execute'> {
    this.expectKeyword('EXECUTE', 'IMMEDIATE');
    const sql = this.#value();
    const into = this.acceptKeyword('INTO') ? this.list(() => this.identifier()) : [];
    const using = this.acceptKeyword('USING')
      ? this.list(() => {
          const value = this.#value();
          return { value, name: this.acceptKeyword('AS') ? this.identifier() : undefined };
        })
      : [];
    return { node: 'execute', sql, into, using };
  }

  /** A block, or the beginning of a transaction. */
  #begin(): Parsed<'block' | 'transaction'> {
    const { kind, text, keyword } = this.peek(1);
    if (keyword !== 'TRANSACTION' && kind !== 'end' && text !== ';') return this.#block(undefined);
    this.next();
    this.acceptKeyword('TRANSACTION');
    return { node: 'transaction', verb: 'BEGIN' };
  }

  #block(name: Name | undefined): Parsed<'block'> {
    this.expectKeyword('BEGIN');
    const { label, parsed: block } = this.#within(name, false, () => {
      const body = this.#body(['EXCEPTION', 'END'], true);
      if (!this.acceptKeyword('EXCEPTION')) return { body, handler: undefined };
      this.expectKeyword('WHEN', 'ERROR', 'THEN');
      this.#handlers += 1;
      const handler = this.#body(['END']);
      this.#handlers -= 1;
      return { body, handler };
    });
    this.expectKeyword('END');
    this.#endLabel(name);
    return { node: 'block', label, ...block };
  }

  #within<T>(name: Name | undefined, isLoop: boolean, parse: () => T) {
    const label = name?.text.toLowerCase();
    this.#around.push({ label, isLoop });
    const parsed = parse();
    this.#around.pop();
    return { label, parsed };
  }

  #endLabel(name: Name | undefined): void {
    if (!this.isIdentifier()) return;
    const end = this.identifier();
    if (end.text.toLowerCase() === name?.text.toLowerCase()) return;
    if (!name) throw invalidQuery(`End label ${end.text} must follow a begin label`, end.at);
    throw invalidQuery(`Mismatched end label; expected ${name.text}, got ${end.text}`, end.at);
  }

  #value(): ScriptExpression {
    const { value: expression, ...text } = this.#text(() => this.expression());
    return { expression, ...text };
  }

  #text<T>(parse: () => T): ScriptText & { readonly value: T } {
    const { start: offset, at: start } = this.peek();
    const value = parse();
    const text = this.textSince(offset);
    const lines = text.split('\n');
    const last = lines.at(-1)?.length ?? 0;
    const column = lines.length > 1 ? last : start.column + last - 1;
    return { value, text, start, end: { line: start.line + lines.length - 1, column } };
  }
}

function integer(value: number, at: Position): Expression {
  return { node: 'literal', at, literal: { kind: 'INT64', text: String(value) } };
}
