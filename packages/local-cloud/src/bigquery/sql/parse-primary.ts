import { type Position, unsupported } from '../errors.ts';
import { type DataType, type ScalarKind, scalarKindOf } from '../types.ts';
import type { Expression, Name, NamedExpression, Query } from './ast.ts';
import { parseScalarKind, parseType } from './parse-type.ts';
import { WindowParser } from './parse-window.ts';

/** Functions that are called without parentheses. */
const BARE_FUNCTIONS = ['CURRENT_DATE', 'CURRENT_DATETIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'];
const KEYWORD_FUNCTIONS = ['IF', 'LEFT', 'RIGHT', 'GROUPING', 'RANGE', 'COLLATE', 'RANGE'];
const TYPED_LITERALS = /^(?:DATE|DATETIME|TIME|TIMESTAMP|NUMERIC|DECIMAL|BIGNUMERIC|BIGDECIMAL|JSON)$/;

/** Parses operands: literals, names, calls, CASE, subqueries and constructors. */
export abstract class PrimaryParser extends WindowParser {
  #positionalParameters = 0;

  protected abstract query(): Query;
  protected abstract isQueryStart(): boolean;

  protected primary(): Expression {
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
    if (keyword === 'RANGE' && cursor.isSymbol('<', 1)) {
      const kind = parseScalarKind(cursor);
      if (cursor.peek().kind !== 'string' || kind === 'BOOL') throw cursor.unexpected('string literal');
      return { node: 'literal', at, literal: { kind, text: cursor.next().text } };
    }
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
    if (upper === 'RANGE') throw unsupported(`Type ${upper}`, at);
    const kind = scalarKindOf(upper);
    if (!TYPED_LITERALS.test(upper) || !kind || kind === 'BOOL') throw this.cursor.unexpected();
    return { node: 'literal', at, literal: { kind, text: this.cursor.next().text } };
  }

  #parameter(): Expression {
    const { text, at } = this.cursor.next();
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
    // Its fields have no names, unlike those of STRUCT(…).
    return { node: 'struct', at, fields: values.map((value) => ({ value, name: { text: '', at } })) };
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
    const format = cursor.acceptKeyword('FORMAT') ? this.expression() : undefined;
    const zone = format && cursor.acceptKeyword('AT', 'TIME', 'ZONE') ? this.expression() : undefined;
    cursor.expectSymbol(')');
    return { node: 'cast', at, value, type, safe, ...(format && { format }), ...(zone && { zone }) };
  }

  #extract(at: Position): Expression {
    const { cursor } = this;
    cursor.expectSymbol('(');
    let part = cursor.fieldName().text.toUpperCase();
    if (cursor.acceptSymbol('(')) {
      part = `${part}(${cursor.fieldName().text.toUpperCase()})`;
      cursor.expectSymbol(')');
    }
    cursor.expectKeyword('FROM');
    const value = this.expression();
    const zone = cursor.acceptKeyword('AT', 'TIME', 'ZONE') ? this.expression() : undefined;
    cursor.expectSymbol(')');
    return { node: 'extract', at, part, value, ...(zone && { zone }) };
  }

  #interval(at: Position): Expression {
    const amount = this.expression();
    const part = this.cursor.fieldName().text.toUpperCase();
    const to = this.cursor.acceptKeyword('TO') && this.cursor.fieldName().text.toUpperCase();
    return { node: 'interval', at, amount, part, ...(to && { to }) };
  }

  #pathOrCall(at: Position): Expression {
    const { cursor } = this;
    const first = cursor.next();
    const parts: Name[] = [{ text: first.text, at: first.at }];
    while (cursor.isSymbol('.') && !cursor.isSymbol('*', 1)) {
      cursor.next();
      parts.push(cursor.fieldName());
    }
    if (!cursor.isSymbol('(')) return { node: 'path', at, parts };
    const spelling = parts.map(({ text }) => text).join('.');
    return this.#call(at, spelling);
  }

  #call(at: Position, spelling: string): Expression {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const star = cursor.acceptSymbol('*');
    const distinct = !star && cursor.acceptKeyword('DISTINCT');
    const argumentNames = new Map<number, string>();
    const args: Expression[] = [];
    if (!star && !cursor.isSymbol(')')) {
      cursor.list(() => {
        if (cursor.isSymbol('=>', 1)) argumentNames.set(args.length, cursor.identifier().text.toLowerCase());
        cursor.acceptSymbol('=>');
        args.push(this.expression());
      });
    }
    const nulls = (['IGNORE', 'RESPECT'] as const).find((word) => cursor.acceptKeyword(word, 'NULLS'));
    if (spelling.toUpperCase() === 'ANY_VALUE' && cursor.acceptKeyword('HAVING')) {
      const isMax = cursor.acceptKeyword('MAX');
      if (!isMax) cursor.expectKeyword('MIN');
      args.push(this.expression());
      cursor.expectSymbol(')');
      return call(at, isMax ? 'MAX_BY' : 'MIN_BY', { args, distinct });
    }
    for (const keyword of ['HAVING', 'WHERE', 'GROUP']) {
      if (cursor.isKeyword(keyword))
        throw unsupported(`${keyword} inside ${spelling.toUpperCase()}`, cursor.at);
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
      ...(argumentNames.size > 0 && { argumentNames }),
      ...(nulls && { nulls }),
      ...(limit && { limit }),
      ...(over && { over }),
    });
  }
}

function call(
  at: Position,
  spelling: string,
  parts: Partial<Extract<Expression, { node: 'call' }>>,
): Expression {
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
