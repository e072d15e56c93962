import { type Position, unsupported } from '../errors.ts';
import type { ElementMode, Expression, InOperand } from './ast.ts';
import { PrimaryParser } from './parse-primary.ts';

/** Left-associative operators, from the lowest precedence to the highest. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '||'],
];
const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'];

/** Operators in one chain. Each nests the syntax tree one level deeper. */
const MAX_CHAIN = 400;

/** Parses expressions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators */
export abstract class ExpressionParser extends PrimaryParser {
  protected override expression(): Expression {
    return this.cursor.nested(() => this.#logical('OR', () => this.#logical('AND', () => this.#not())));
  }

  /** An expression before an operator such as IN, which is not part of it. */
  protected operand(): Expression {
    return this.#binary(0);
  }

  #logical(operator: 'AND' | 'OR', operand: () => Expression): Expression {
    const { at } = this.cursor;
    const operands = [operand()];
    while (this.cursor.acceptKeyword(operator)) operands.push(operand());
    const [only] = operands;
    return only && operands.length === 1 ? only : { node: 'logical', at, operator, operands };
  }

  #not(): Expression {
    const { at } = this.cursor;
    if (!this.cursor.acceptKeyword('NOT')) return this.#comparison();
    return { node: 'unary', at, operator: 'NOT', value: this.cursor.nested(() => this.#not()) };
  }

  #comparison(): Expression {
    const { cursor } = this;
    const { at } = cursor;
    const left = this.#binary(0);
    const operator = COMPARISONS.find((symbol) => cursor.isSymbol(symbol));
    if (operator) {
      cursor.next();
      return {
        node: 'binary',
        at,
        operator: operator === '<>' ? '!=' : operator,
        left,
        right: this.#binary(0),
      };
    }
    if (cursor.acceptKeyword('IS')) return this.#is(left, at);
    const negated = cursor.isKeyword('NOT') && /^(LIKE|IN|BETWEEN)$/.test(cursor.peek(1).keyword);
    if (negated) cursor.next();
    if (cursor.acceptKeyword('LIKE')) {
      const quantifier = (['ANY', 'SOME', 'ALL'] as const).find((word) => cursor.acceptKeyword(word));
      if (!quantifier) return { node: 'like', at, negated, value: left, patterns: [this.#binary(0)] };
      if (cursor.isKeyword('UNNEST')) throw unsupported(`LIKE ${quantifier} UNNEST`, cursor.at);
      cursor.expectSymbol('(');
      if (this.isQueryStart()) throw unsupported(`LIKE ${quantifier} of a subquery`, cursor.at);
      const patterns = cursor.list(() => this.expression());
      cursor.expectSymbol(')');
      return { node: 'like', at, negated, value: left, quantifier, patterns };
    }
    if (cursor.acceptKeyword('BETWEEN')) {
      const low = this.#binary(0);
      cursor.expectKeyword('AND');
      return { node: 'between', at, negated, value: left, low, high: this.#binary(0) };
    }
    if (cursor.acceptKeyword('IN')) return { node: 'in', at, negated, value: left, among: this.#inOperand() };
    return left;
  }

  #is(value: Expression, at: Position): Expression {
    const negated = this.cursor.acceptKeyword('NOT');
    for (const what of ['NULL', 'TRUE', 'FALSE'] as const) {
      if (this.cursor.acceptKeyword(what)) return { node: 'is', at, negated, value, what };
    }
    this.cursor.expectKeyword('DISTINCT', 'FROM');
    return { node: 'is', at, negated, value, what: { distinctFrom: this.#binary(0) } };
  }

  #inOperand(): InOperand {
    const { cursor } = this;
    if (cursor.acceptKeyword('UNNEST')) {
      cursor.expectSymbol('(');
      const array = this.expression();
      cursor.expectSymbol(')');
      return { node: 'unnest', array };
    }
    cursor.expectSymbol('(');
    const operand: InOperand = this.isQueryStart()
      ? { node: 'query', query: this.query() }
      : { node: 'list', values: cursor.list(() => this.expression()) };
    cursor.expectSymbol(')');
    return operand;
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    const { cursor } = this;
    const { at } = cursor;
    let left = this.#binary(level + 1);
    for (let count = 1; ; count += 1) {
      const operator = operators.find((symbol) => cursor.isOperator(symbol));
      if (!operator) return left;
      if (count > MAX_CHAIN) throw unsupported(`A chain of more than ${MAX_CHAIN} operators`, cursor.at);
      cursor.next();
      if (operator === '>>') cursor.next();
      left = { node: 'binary', at, operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const { cursor } = this;
    const { at } = cursor;
    const operator = (['-', '+', '~'] as const).find((symbol) => cursor.isSymbol(symbol));
    if (!operator) return this.#postfix();
    cursor.next();
    const value = cursor.nested(() => this.#unary());
    if (operator === '-' && value.node === 'literal' && value.literal.kind !== 'NULL') {
      const { literal } = value;
      if ((literal.kind === 'INT64' || literal.kind === 'FLOAT64') && !literal.text.startsWith('-')) {
        return { node: 'literal', at, literal: { kind: literal.kind, text: `-${literal.text}` } };
      }
    }
    return { node: 'unary', at, operator, value };
  }

  #postfix(): Expression {
    const { cursor } = this;
    const { at } = cursor;
    let base = this.primary();
    for (let count = 0; ; count += 1) {
      if (count > MAX_CHAIN) throw unsupported(`A chain of more than ${MAX_CHAIN} operators`, cursor.at);
      // `t.*` ends the expression.
      if (cursor.isSymbol('.') && !cursor.isSymbol('*', 1)) {
        cursor.next();
        base = { node: 'field', at, base, name: cursor.fieldName() };
      } else if (cursor.acceptSymbol('[')) {
        base = this.#element(base, at);
      } else return base;
    }
  }

  #element(base: Expression, at: Position): Expression {
    const { cursor } = this;
    const mode = cursor.peek().keyword;
    if (!/^(SAFE_)?(OFFSET|ORDINAL)$/.test(mode) || !cursor.isSymbol('(', 1)) {
      const index = this.expression();
      cursor.expectSymbol(']');
      return { node: 'element', at, base, index, mode: 'INDEX' };
    }
    cursor.next();
    cursor.expectSymbol('(');
    const index = this.expression();
    cursor.expectSymbol(')');
    cursor.expectSymbol(']');
    return { node: 'element', at, base, index, mode: mode as ElementMode };
  }
}
