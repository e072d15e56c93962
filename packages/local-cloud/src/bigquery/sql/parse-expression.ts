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
    return this.nested(() => this.#logical('OR', () => this.#logical('AND', () => this.#not())));
  }

  /** An expression before an operator such as IN, which is not part of it. */
  protected operand(): Expression {
    return this.#binary(0);
  }

  #logical(operator: 'AND' | 'OR', operand: () => Expression): Expression {
    const { at } = this;
    const operands = [operand()];
    while (this.acceptKeyword(operator)) operands.push(operand());
    const [only] = operands;
    return only && operands.length === 1 ? only : { node: 'logical', at, operator, operands };
  }

  #not(): Expression {
    const { at } = this;
    if (!this.acceptKeyword('NOT')) return this.#comparison();
    return { node: 'unary', at, operator: 'NOT', value: this.nested(() => this.#not()) };
  }

  #comparison(): Expression {
    const { at } = this;
    const left = this.#binary(0);
    const operator = COMPARISONS.find((symbol) => this.isSymbol(symbol));
    if (operator) {
      this.next();
      const name = operator === '<>' ? '!=' : operator;
      return { node: 'binary', at, operator: name, left, right: this.#binary(0) };
    }
    if (this.acceptKeyword('IS')) return this.#is(left, at);
    const negated = this.isKeyword('NOT') && /^(LIKE|IN|BETWEEN)$/.test(this.peek(1).keyword);
    if (negated) this.next();
    if (this.acceptKeyword('LIKE')) {
      const quantifier = this.acceptOne('ANY', 'SOME', 'ALL');
      const like = { node: 'like', at, negated, value: left, quantifier } as const;
      if (!quantifier) return { ...like, patterns: [this.#binary(0)] };
      if (this.isKeyword('UNNEST')) throw unsupported(`LIKE ${quantifier} UNNEST`, this.at);
      if (this.isQueryStart(1)) throw unsupported(`LIKE ${quantifier} of a subquery`, this.at);
      return { ...like, patterns: this.inParentheses(() => this.expression()) };
    }
    if (this.acceptKeyword('BETWEEN')) {
      const low = this.#binary(0);
      this.expectKeyword('AND');
      return { node: 'between', at, negated, value: left, low, high: this.#binary(0) };
    }
    if (this.acceptKeyword('IN')) return { node: 'in', at, negated, value: left, among: this.#inOperand() };
    return left;
  }

  #is(value: Expression, at: Position): Expression {
    const negated = this.acceptKeyword('NOT');
    for (const what of ['NULL', 'TRUE', 'FALSE'] as const) {
      if (this.acceptKeyword(what)) return { node: 'is', at, negated, value, what };
    }
    this.expectKeyword('DISTINCT', 'FROM');
    return { node: 'is', at, negated, value, what: { distinctFrom: this.#binary(0) } };
  }

  #inOperand(): InOperand {
    if (this.acceptKeyword('UNNEST'))
      return { node: 'unnest', array: this.parenthesized(() => this.expression()) };
    if (this.isQueryStart(1)) return { node: 'query', query: this.parenthesized(() => this.query()) };
    return { node: 'list', values: this.inParentheses(() => this.expression()) };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    const { at } = this;
    let left = this.#binary(level + 1);
    for (let count = 1; ; count += 1) {
      const operator = operators.find((symbol) => this.isOperator(symbol));
      if (!operator) return left;
      if (count > MAX_CHAIN) throw unsupported(`A chain of more than ${MAX_CHAIN} operators`, this.at);
      this.next();
      if (operator === '>>') this.next();
      left = { node: 'binary', at, operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const { at } = this;
    const operator = (['-', '+', '~'] as const).find((symbol) => this.isSymbol(symbol));
    if (!operator) return this.#postfix();
    this.next();
    const value = this.nested(() => this.#unary());
    if (operator === '-' && value.node === 'literal' && value.literal.kind !== 'NULL') {
      const { literal } = value;
      if ((literal.kind === 'INT64' || literal.kind === 'FLOAT64') && !literal.text.startsWith('-')) {
        return { node: 'literal', at, literal: { kind: literal.kind, text: `-${literal.text}` } };
      }
    }
    return { node: 'unary', at, operator, value };
  }

  #postfix(): Expression {
    const { at } = this;
    let base = this.primary();
    for (let count = 0; ; count += 1) {
      if (count > MAX_CHAIN) throw unsupported(`A chain of more than ${MAX_CHAIN} operators`, this.at);
      // `t.*` ends the expression.
      if (this.isSymbol('.') && !this.isSymbol('*', 1)) {
        this.next();
        base = { node: 'field', at, base, name: this.fieldName() };
      } else if (this.acceptSymbol('[')) {
        base = this.#element(base, at);
      } else return base;
    }
  }

  #element(base: Expression, at: Position): Expression {
    const { keyword } = this.peek();
    const hasMode = /^(SAFE_)?(OFFSET|ORDINAL)$/.test(keyword) && this.isSymbol('(', 1);
    if (hasMode) this.next();
    const index = hasMode ? this.parenthesized(() => this.expression()) : this.expression();
    this.expectSymbol(']');
    const mode = hasMode ? (keyword as ElementMode) : 'INDEX';
    return { node: 'element', at, base, index, mode };
  }
}
