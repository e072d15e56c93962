import { type Position, unsupported } from '../errors.ts';
import { type ScalarKind, scalarKindOf } from '../types.ts';
import type { Expression, FunctionCall, NamedExpression, Query } from './ast.ts';
import { WindowParser } from './parse-window.ts';

/** Functions that are called without parentheses. */
const BARE_FUNCTIONS = ['CURRENT_DATE', 'CURRENT_DATETIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'];
const KEYWORD_FUNCTIONS = ['IF', 'LEFT', 'RIGHT', 'GROUPING', 'RANGE', 'COLLATE'];
const TYPED_LITERALS = /^(?:DATE|DATETIME|TIME|TIMESTAMP|NUMERIC|DECIMAL|BIGNUMERIC|BIGDECIMAL|JSON)$/;

/** Parses operands: literals, names, calls, CASE, subqueries and constructors. */
export abstract class PrimaryParser extends WindowParser {
  #positionalParameters = 0;

  protected abstract query(): Query;
  protected abstract isQueryStart(ahead?: number): boolean;

  protected primary(): Expression {
    const token = this.peek();
    const { at, keyword } = token;
    if (token.kind === 'string') return this.#literal('STRING');
    if (token.kind === 'bytes') return this.#literal('BYTES');
    if (token.kind === 'integer') return this.#literal('INT64');
    if (token.kind === 'float') return this.#literal('FLOAT64');
    if (token.kind === 'parameter') return this.#parameter();
    if (this.isSymbol('(')) return this.#parenthesized();
    if (this.isSymbol('[')) return this.#array(at);
    if (this.acceptKeyword('NULL')) return { node: 'literal', at, literal: { kind: 'NULL' } };
    if (keyword === 'TRUE' || keyword === 'FALSE') {
      this.next();
      return { node: 'literal', at, literal: { kind: 'BOOL', value: keyword === 'TRUE' } };
    }
    if (this.acceptKeyword('CASE')) return this.#case(at);
    if (keyword === 'CAST' || (keyword === 'SAFE_CAST' && this.isSymbol('(', 1))) return this.#cast(at);
    if (this.acceptKeyword('EXTRACT')) return this.#extract(at);
    if (this.acceptKeyword('INTERVAL')) return this.#interval(at);
    if (keyword === 'RANGE' && this.isSymbol('<', 1)) {
      const kind = this.scalarKind();
      if (kind === 'BOOL') throw this.unexpected('string literal');
      return { node: 'literal', at, literal: { kind, text: this.literal('string') } };
    }
    if (keyword === 'EXISTS') return this.#subquery('EXISTS', at);
    if (keyword === 'ARRAY' && this.isSymbol('(', 1)) return this.#subquery('ARRAY', at);
    if (keyword === 'ARRAY') return this.#array(at);
    if (keyword === 'STRUCT') return this.#struct(at);
    if (token.kind === 'identifier' && this.peek(1).kind === 'string') return this.#typedLiteral(at);
    if (BARE_FUNCTIONS.includes(keyword) && !this.isSymbol('(', 1)) {
      this.next();
      return call(at, token.text, {});
    }
    if (this.isIdentifier() || (KEYWORD_FUNCTIONS.includes(keyword) && this.isSymbol('(', 1))) {
      return this.#pathOrCall(at);
    }
    throw this.unexpected();
  }

  #literal(kind: Exclude<ScalarKind, 'BOOL'>): Expression {
    const { text, at } = this.next();
    return { node: 'literal', at, literal: { kind, text } };
  }

  #typedLiteral(at: Position): Expression {
    const { text } = this.next();
    const upper = text.toUpperCase();
    if (upper === 'RANGE') throw unsupported(`Type ${upper}`, at);
    const kind = scalarKindOf(upper);
    if (!TYPED_LITERALS.test(upper) || !kind || kind === 'BOOL') throw this.unexpected();
    return { node: 'literal', at, literal: { kind, text: this.next().text } };
  }

  #parameter(): Expression {
    const { text, at } = this.next();
    if (text !== '?') return { node: 'parameter', at, name: text.slice(1).toLowerCase() };
    this.#positionalParameters += 1;
    return { node: 'parameter', at, name: this.#positionalParameters - 1 };
  }

  #parenthesized(): Expression {
    const { at } = this;
    return this.parenthesized(() => {
      if (this.isQueryStart()) return { node: 'subquery', at, kind: 'SCALAR', query: this.query() };
      const values = this.list(() => this.expression());
      const [only] = values;
      if (only && values.length === 1) return only;
      // Its fields have no names, unlike those of STRUCT(…).
      const fields = values.map((value) => ({ value, name: { text: '', at } }));
      return { node: 'struct', at, type: undefined, fields };
    });
  }

  #subquery(kind: 'EXISTS' | 'ARRAY', at: Position): Expression {
    this.next();
    return { node: 'subquery', at, kind, query: this.parenthesized(() => this.query()) };
  }

  /** `[1, 2]`, `ARRAY[1, 2]` or `ARRAY<INT64>[1, 2]` */
  #array(at: Position): Expression {
    const type = this.isKeyword('ARRAY') && this.isSymbol('<', 1) ? this.type() : undefined;
    if (!type) this.acceptKeyword('ARRAY');
    this.expectSymbol('[');
    const elements = this.isSymbol(']') ? [] : this.list(() => this.expression());
    this.expectSymbol(']');
    return { node: 'array', at, elementType: type?.kind === 'ARRAY' ? type.element : undefined, elements };
  }

  /** `STRUCT(1 AS a)` or `STRUCT<a INT64>(1)` */
  #struct(at: Position): Expression {
    const type = this.isSymbol('<', 1) ? this.type() : undefined;
    if (!type) this.expectKeyword('STRUCT');
    const field = (): NamedExpression => ({
      value: this.expression(),
      name: !type && this.acceptKeyword('AS') ? this.identifier() : undefined,
    });
    const fields = this.parenthesized(() => (this.isSymbol(')') ? [] : this.list(field)));
    return { node: 'struct', at, type, fields };
  }

  #case(at: Position): Expression {
    const operand = this.isKeyword('WHEN') ? undefined : this.expression();
    const branches = [];
    while (this.acceptKeyword('WHEN')) {
      const when = this.expression();
      this.expectKeyword('THEN');
      branches.push({ when, result: this.expression() });
    }
    if (branches.length === 0) throw this.unexpected('keyword WHEN');
    const otherwise = this.acceptKeyword('ELSE') ? this.expression() : undefined;
    this.expectKeyword('END');
    return { node: 'case', at, operand, branches, otherwise };
  }

  #cast(at: Position): Expression {
    const safe = this.next().keyword === 'SAFE_CAST';
    return this.parenthesized(() => {
      const value = this.expression();
      this.expectKeyword('AS');
      const type = this.type();
      const format = this.acceptKeyword('FORMAT') ? this.expression() : undefined;
      return { node: 'cast', at, value, type, safe, format, zone: format && this.#zone() };
    });
  }

  #extract(at: Position): Expression {
    return this.parenthesized(() => {
      const name = () => this.fieldName().text.toUpperCase();
      const word = name();
      const part = this.isSymbol('(') ? `${word}(${this.parenthesized(name)})` : word;
      this.expectKeyword('FROM');
      return { node: 'extract', at, part, value: this.expression(), zone: this.#zone() };
    });
  }

  #zone(): Expression | undefined {
    return this.acceptKeyword('AT', 'TIME', 'ZONE') ? this.expression() : undefined;
  }

  #interval(at: Position): Expression {
    const amount = this.expression();
    const part = this.fieldName().text.toUpperCase();
    const to = this.acceptKeyword('TO') ? this.fieldName().text.toUpperCase() : undefined;
    return { node: 'interval', at, amount, part, to };
  }

  #pathOrCall(at: Position): Expression {
    const { text } = this.next();
    const parts = [{ text, at }];
    while (this.isSymbol('.') && !this.isSymbol('*', 1)) {
      this.next();
      parts.push(this.fieldName());
    }
    if (!this.isSymbol('(')) return { node: 'path', at, parts };
    return this.#call(at, parts.map(({ text }) => text).join('.'));
  }

  #call(at: Position, spelling: string): Expression {
    this.expectSymbol('(');
    const star = this.acceptSymbol('*');
    const distinct = !star && this.acceptKeyword('DISTINCT');
    const argumentNames = new Map<number, string>();
    const args: Expression[] = [];
    if (!star && !this.isSymbol(')')) {
      this.list(() => {
        if (this.isSymbol('=>', 1)) {
          argumentNames.set(args.length, this.identifier().text.toLowerCase());
          this.expectSymbol('=>');
        }
        args.push(this.expression());
      });
    }
    const nulls = (['IGNORE', 'RESPECT'] as const).find((word) => this.acceptKeyword(word, 'NULLS'));
    if (spelling.toUpperCase() === 'ANY_VALUE' && this.acceptKeyword('HAVING')) {
      const isMax = this.acceptKeyword('MAX');
      if (!isMax) this.expectKeyword('MIN');
      args.push(this.expression());
      this.expectSymbol(')');
      return call(at, isMax ? 'MAX_BY' : 'MIN_BY', { args, distinct });
    }
    for (const keyword of ['HAVING', 'WHERE', 'GROUP']) {
      if (this.isKeyword(keyword)) throw unsupported(`${keyword} inside ${spelling.toUpperCase()}`, this.at);
    }
    const orderBy = this.orderBy();
    const limit = this.acceptKeyword('LIMIT') ? this.expression() : undefined;
    this.expectSymbol(')');
    const over = this.acceptKeyword('OVER') ? this.windowReference() : undefined;
    return call(at, spelling, {
      args,
      star,
      distinct,
      orderBy,
      argumentNames: argumentNames.size > 0 ? argumentNames : undefined,
      nulls,
      limit,
      over,
    });
  }
}

function call(at: Position, spelling: string, parts: Partial<FunctionCall>): Expression {
  const name = spelling.toUpperCase();
  const none = { args: [], star: false, distinct: false, orderBy: [] };
  return { node: 'call', at, name, spelling, ...none, ...parts };
}
