import { type Position, unsupported } from '../errors.ts';
import { type DataType, type ScalarKind, scalarKindOf } from '../types.ts';
import type {
  ElementMode,
  Expression,
  FrameBound,
  InOperand,
  Name,
  NamedExpression,
  OrderItem,
  Query,
  WindowSpec,
} from './ast.ts';
import { Cursor } from './cursor.ts';
import { parseType } from './parse-type.ts';

/** Left-associative operators by how tightly they bind. */
const LEVELS: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['+', '-'], ['*', '/', '||']];
const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'];

/** Operands in one chain of operators: each is a level of nesting for what comes after the parser. */
const MAX_CHAIN = 400;

/** Functions that are called without parentheses. */
const BARE_FUNCTIONS = ['CURRENT_DATE', 'CURRENT_DATETIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'];
const KEYWORD_FUNCTIONS = ['IF', 'LEFT', 'RIGHT'];
const TYPED_LITERALS = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP', 'NUMERIC', 'DECIMAL'];
const UNSUPPORTED_LITERALS = ['BIGNUMERIC', 'BIGDECIMAL', 'JSON', 'RANGE'];

/** Expressions of GoogleSQL. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators */
export abstract class ExpressionParser {
  protected readonly cursor: Cursor;
  #positionalParameters = 0;

  constructor(sql: string) {
    this.cursor = new Cursor(sql);
  }

  protected abstract query(): Query;
  protected abstract isQueryStart(): boolean;

  protected expression(): Expression {
    return this.cursor.nested(() => this.#logical('OR', () => this.#logical('AND', () => this.#not())));
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
      if (operator === '>' && cursor.isSymbol('>')) throw unsupported('Operator >>', at);
      return { node: 'binary', at, operator: operator === '<>' ? '!=' : operator, left, right: this.#binary(0) };
    }
    if (cursor.isSymbol('<<')) throw unsupported('Operator <<', cursor.at);
    if (cursor.acceptKeyword('IS')) return this.#is(left, at);
    const negated = cursor.isKeyword('NOT') && /^(LIKE|IN|BETWEEN)$/.test(cursor.peek(1).keyword);
    if (negated) cursor.next();
    if (cursor.acceptKeyword('LIKE')) {
      for (const quantifier of ['ANY', 'SOME', 'ALL']) {
        if (cursor.isKeyword(quantifier)) throw unsupported(`LIKE ${quantifier}`, cursor.at);
      }
      return { node: 'like', at, negated, value: left, pattern: this.#binary(0) };
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
      const operator = operators.find((symbol) => cursor.isSymbol(symbol));
      if (!operator) return left;
      if (count > MAX_CHAIN) throw unsupported(`A chain of more than ${MAX_CHAIN} operators`, cursor.at);
      cursor.next();
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
    let base = this.#primary();
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
      throw unsupported('A subscript without OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL', cursor.at);
    }
    cursor.next();
    cursor.expectSymbol('(');
    const index = this.expression();
    cursor.expectSymbol(')');
    cursor.expectSymbol(']');
    return { node: 'element', at, base, index, mode: mode as ElementMode };
  }

  #primary(): Expression {
    const { cursor } = this;
    const token = cursor.peek();
    const { at, keyword } = token;
    if (token.kind === 'string') return this.#literal('STRING');
    if (token.kind === 'bytes') return this.#literal('BYTES');
    if (token.kind === 'integer') return this.#literal('INT64');
    if (token.kind === 'float') return this.#literal('FLOAT64');
    if (token.kind === 'parameter') return this.#parameter();
    if (cursor.isSymbol('(')) return this.#parenthesized();
    if (cursor.isSymbol('[')) return this.#array(at);
    if (cursor.acceptKeyword('NULL')) return { node: 'literal', at, literal: { kind: 'NULL' } };
    if (keyword === 'TRUE' || keyword === 'FALSE') {
      cursor.next();
      return { node: 'literal', at, literal: { kind: 'BOOL', value: keyword === 'TRUE' } };
    }
    if (cursor.acceptKeyword('CASE')) return this.#case(at);
    if (keyword === 'CAST' || (keyword === 'SAFE_CAST' && cursor.isSymbol('(', 1))) return this.#cast(at);
    if (cursor.acceptKeyword('EXTRACT')) return this.#extract(at);
    if (cursor.acceptKeyword('INTERVAL')) return this.#interval(at);
    if (cursor.acceptKeyword('EXISTS')) return this.#subquery('EXISTS', at);
    if (cursor.acceptKeyword('ARRAY')) {
      if (cursor.isSymbol('(')) return this.#subquery('ARRAY', at);
      return this.#array(at);
    }
    if (cursor.acceptKeyword('STRUCT')) return this.#struct(at);
    if (token.kind === 'identifier' && cursor.peek(1).kind === 'string') return this.#typedLiteral(at);
    if (BARE_FUNCTIONS.includes(keyword) && !cursor.isSymbol('(', 1)) {
      cursor.next();
      return call(at, token.text, {});
    }
    if (cursor.isIdentifier() || (KEYWORD_FUNCTIONS.includes(keyword) && cursor.isSymbol('(', 1))) {
      return this.#pathOrCall(at);
    }
    throw cursor.unexpected();
  }

  #literal(kind: Exclude<ScalarKind, 'BOOL'>): Expression {
    const { text, at } = this.cursor.next();
    return { node: 'literal', at, literal: { kind, text } };
  }

  #typedLiteral(at: Position): Expression {
    const { text } = this.cursor.next();
    const upper = text.toUpperCase();
    if (UNSUPPORTED_LITERALS.includes(upper)) throw unsupported(`Type ${upper}`, at);
    const kind = scalarKindOf(upper);
    if (!TYPED_LITERALS.includes(upper) || !kind || kind === 'BOOL') throw this.cursor.unexpected();
    return { node: 'literal', at, literal: { kind, text: this.cursor.next().text } };
  }

  #parameter(): Expression {
    const { text, at } = this.cursor.next();
    if (text.startsWith('@@')) throw unsupported(`System variable ${text}`, at);
    if (text !== '?') return { node: 'parameter', at, name: text.slice(1).toLowerCase() };
    this.#positionalParameters += 1;
    return { node: 'parameter', at, name: this.#positionalParameters - 1 };
  }

  #parenthesized(): Expression {
    const { cursor } = this;
    const at = cursor.expectSymbol('(');
    if (this.isQueryStart()) {
      const query = this.query();
      cursor.expectSymbol(')');
      return { node: 'subquery', at, kind: 'SCALAR', query };
    }
    const values = cursor.list(() => this.expression());
    cursor.expectSymbol(')');
    const [only] = values;
    if (only && values.length === 1) return only;
    return { node: 'struct', at, fields: values.map((value) => ({ value })) };
  }

  #subquery(kind: 'EXISTS' | 'ARRAY', at: Position): Expression {
    this.cursor.expectSymbol('(');
    const query = this.query();
    this.cursor.expectSymbol(')');
    return { node: 'subquery', at, kind, query };
  }

  #array(at: Position): Expression {
    const { cursor } = this;
    let elementType: DataType | undefined;
    if (cursor.acceptSymbol('<')) {
      elementType = parseType(cursor);
      cursor.expectSymbol('>');
    }
    cursor.expectSymbol('[');
    const elements = cursor.isSymbol(']') ? [] : cursor.list(() => this.expression());
    cursor.expectSymbol(']');
    return { node: 'array', at, elements, ...(elementType && { elementType }) };
  }

  #struct(at: Position): Expression {
    const { cursor } = this;
    let type: DataType | undefined;
    if (cursor.isSymbol('<')) type = this.#structType();
    cursor.expectSymbol('(');
    const fields = cursor.isSymbol(')') ? [] : cursor.list(() => this.#structValue(type === undefined));
    cursor.expectSymbol(')');
    return { node: 'struct', at, fields, ...(type && { type }) };
  }

  #structType(): DataType {
    const { cursor } = this;
    cursor.expectSymbol('<');
    const fields = cursor.list(() => {
      const name = cursor.peek(1).kind === 'symbol' ? '' : cursor.fieldName().text;
      return { name, type: parseType(cursor) };
    });
    cursor.expectSymbol('>');
    return { kind: 'STRUCT', fields };
  }

  #structValue(mayBeNamed: boolean): NamedExpression {
    const value = this.expression();
    const name = mayBeNamed && this.cursor.acceptKeyword('AS') ? this.cursor.identifier() : undefined;
    return name ? { value, name } : { value };
  }

  #case(at: Position): Expression {
    const { cursor } = this;
    const operand = cursor.isKeyword('WHEN') ? undefined : this.expression();
    const branches = [];
    while (cursor.acceptKeyword('WHEN')) {
      const when = this.expression();
      cursor.expectKeyword('THEN');
      branches.push({ when, result: this.expression() });
    }
    if (branches.length === 0) throw cursor.unexpected('keyword WHEN');
    const otherwise = cursor.acceptKeyword('ELSE') ? this.expression() : undefined;
    cursor.expectKeyword('END');
    return { node: 'case', at, branches, ...(operand && { operand }), ...(otherwise && { otherwise }) };
  }

  #cast(at: Position): Expression {
    const { cursor } = this;
    const safe = cursor.next().keyword === 'SAFE_CAST';
    cursor.expectSymbol('(');
    const value = this.expression();
    cursor.expectKeyword('AS');
    const type = parseType(cursor);
    if (cursor.isKeyword('FORMAT')) throw unsupported('CAST with FORMAT', cursor.at);
    cursor.expectSymbol(')');
    return { node: 'cast', at, value, type, safe };
  }

  #extract(at: Position): Expression {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const part = cursor.fieldName().text.toUpperCase();
    if (cursor.isSymbol('(')) throw unsupported(`EXTRACT(${part}(…))`, at);
    cursor.expectKeyword('FROM');
    const value = this.expression();
    if (cursor.isKeyword('AT')) throw unsupported('EXTRACT with AT TIME ZONE', cursor.at);
    cursor.expectSymbol(')');
    return { node: 'extract', at, part, value };
  }

  #interval(at: Position): Expression {
    const amount = this.expression();
    const part = this.cursor.fieldName().text.toUpperCase();
    if (this.cursor.isKeyword('TO')) throw unsupported('An INTERVAL of several parts', at);
    return { node: 'interval', at, amount, part };
  }

  #pathOrCall(at: Position): Expression {
    const { cursor } = this;
    const first = cursor.next();
    const parts: Name[] = [{ text: first.text, at: first.at }];
    const quoted = first.kind === 'quoted';
    while (cursor.isSymbol('.') && !cursor.isSymbol('*', 1)) {
      cursor.next();
      parts.push(cursor.fieldName());
    }
    if (!cursor.isSymbol('(')) return { node: 'path', at, parts };
    const spelling = parts.map(({ text }) => text).join('.');
    if (quoted) throw unsupported(`Function ${spelling}`, at);
    return this.#call(at, spelling);
  }

  #call(at: Position, spelling: string): Expression {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const star = cursor.acceptSymbol('*');
    const distinct = !star && cursor.acceptKeyword('DISTINCT');
    const args = star || cursor.isSymbol(')') ? [] : cursor.list(() => this.#argument(spelling));
    const nulls = (['IGNORE', 'RESPECT'] as const).find((word) => cursor.acceptKeyword(word, 'NULLS'));
    for (const keyword of ['HAVING', 'WHERE', 'GROUP']) {
      if (cursor.isKeyword(keyword)) throw unsupported(`${keyword} inside ${spelling.toUpperCase()}`, cursor.at);
    }
    const orderBy = this.orderBy();
    const limit = cursor.acceptKeyword('LIMIT') ? this.expression() : undefined;
    cursor.expectSymbol(')');
    const over = cursor.acceptKeyword('OVER') ? this.windowReference() : undefined;
    return call(at, spelling, {
      args,
      star,
      distinct,
      orderBy,
      ...(nulls && { nulls }),
      ...(limit && { limit }),
      ...(over && { over }),
    });
  }

  #argument(spelling: string): Expression {
    if (this.cursor.isSymbol('=>', 1)) {
      throw unsupported(`A named argument of ${spelling.toUpperCase()}`, this.cursor.at);
    }
    return this.expression();
  }

  /** ORDER BY and its items, or nothing. NULLs are the smallest values unless the query says otherwise. */
  protected orderBy(): OrderItem[] {
    const { cursor } = this;
    if (!cursor.acceptKeyword('ORDER', 'BY')) return [];
    return cursor.list(() => {
      const value = this.expression();
      if (cursor.isKeyword('COLLATE')) throw unsupported('COLLATE', cursor.at);
      const descending = cursor.acceptKeyword('DESC') || (cursor.acceptKeyword('ASC') && false);
      const first = cursor.acceptKeyword('NULLS', 'FIRST');
      const last = !first && cursor.acceptKeyword('NULLS', 'LAST');
      return { value, descending, nulls: first || (!last && !descending) ? 'FIRST' : 'LAST' };
    });
  }

  protected windowReference(): WindowSpec {
    const { cursor } = this;
    if (!cursor.isSymbol('(')) return { base: cursor.identifier(), partitionBy: [], orderBy: [] };
    return this.windowSpec();
  }

  protected windowSpec(): WindowSpec {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const base = cursor.isIdentifier() ? cursor.identifier() : undefined;
    const partitionBy = cursor.acceptKeyword('PARTITION', 'BY') ? cursor.list(() => this.expression()) : [];
    const orderBy = this.orderBy();
    const frame = this.#frame();
    cursor.expectSymbol(')');
    return { partitionBy, orderBy, ...(base && { base }), ...(frame && { frame }) };
  }

  #frame(): WindowSpec['frame'] {
    const { cursor } = this;
    const unit = (['ROWS', 'RANGE'] as const).find((word) => cursor.acceptKeyword(word));
    if (!unit) return undefined;
    if (!cursor.acceptKeyword('BETWEEN')) return { unit, start: this.#bound(unit) };
    const start = this.#bound(unit);
    cursor.expectKeyword('AND');
    return { unit, start, end: this.#bound(unit) };
  }

  #bound(unit: 'ROWS' | 'RANGE'): FrameBound {
    const { cursor } = this;
    if (cursor.acceptKeyword('CURRENT', 'ROW')) return { bound: 'CURRENT ROW' };
    const direction = () => {
      const bound = (['PRECEDING', 'FOLLOWING'] as const).find((word) => cursor.acceptKeyword(word));
      if (!bound) throw cursor.unexpected('keyword PRECEDING or FOLLOWING');
      return bound;
    };
    if (cursor.acceptKeyword('UNBOUNDED')) return { bound: `UNBOUNDED ${direction()}` };
    if (unit === 'RANGE') throw unsupported('RANGE with a number of PRECEDING or FOLLOWING', cursor.at);
    const rows = this.expression();
    return { bound: direction(), rows };
  }
}

function call(at: Position, spelling: string, parts: Partial<Extract<Expression, { node: 'call' }>>): Expression {
  return {
    node: 'call',
    at,
    name: spelling.toUpperCase(),
    spelling,
    args: [],
    star: false,
    distinct: false,
    orderBy: [],
    ...parts,
  };
}
