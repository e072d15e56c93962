import { unsupported } from '../errors.ts';
import type {
  Expression,
  FromItem,
  Name,
  NamedExpression,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
} from './ast.ts';
import { ExpressionParser } from './parse-expression.ts';
import type { TableName } from './statements.ts';

const SET_OPERATORS = ['UNION', 'INTERSECT', 'EXCEPT'];

/** Parses queries. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax */
export abstract class QueryParser extends ExpressionParser {
  protected override isQueryStart(): boolean {
    // A parenthesis does not start a query: `((SELECT 1) + 1)` is an expression.
    return this.cursor.isKeyword('SELECT') || this.cursor.isKeyword('WITH');
  }

  protected override query(): Query {
    return this.cursor.nested(() => {
      const { cursor } = this;
      const { at } = cursor;
      const ctes = cursor.acceptKeyword('WITH') ? this.#ctes() : [];
      const body = this.#setOperation();
      const orderBy = this.orderBy();
      const limit = cursor.acceptKeyword('LIMIT') ? this.expression() : undefined;
      const offset = limit && cursor.acceptKeyword('OFFSET') ? this.expression() : undefined;
      if (cursor.isSymbol('|>')) throw unsupported('Pipe syntax', cursor.at);
      return { node: 'query', at, ctes, body, orderBy, ...(limit && { limit }), ...(offset && { offset }) };
    });
  }

  #ctes(): Query['ctes'] {
    const { cursor } = this;
    if (cursor.isKeyword('RECURSIVE')) throw unsupported('WITH RECURSIVE', cursor.at);
    return cursor.list(() => {
      const name = cursor.identifier();
      cursor.expectKeyword('AS');
      cursor.expectSymbol('(');
      const query = this.query();
      cursor.expectSymbol(')');
      return { name, query };
    });
  }

  #setOperation(): QueryBody {
    const { cursor } = this;
    const { at } = cursor;
    const operands = [this.#queryPrimary()];
    let operator: SetOperation['operator'] | undefined;
    while (SET_OPERATORS.includes(cursor.peek().keyword)) {
      const next = this.#setOperator();
      if (operator !== undefined && next !== operator) {
        throw unsupported('Mixing set operations without parentheses', cursor.at);
      }
      operator = next;
      operands.push(this.#queryPrimary());
    }
    const [only] = operands;
    return operator === undefined && only
      ? only
      : { node: 'set', at, operator: operator ?? 'UNION ALL', operands };
  }

  #setOperator(): SetOperation['operator'] {
    const { cursor } = this;
    const { keyword, at } = cursor.next();
    if (keyword === 'UNION' && cursor.acceptKeyword('ALL')) return 'UNION ALL';
    if (cursor.isKeyword('ALL')) throw unsupported(`${keyword} ALL`, at);
    cursor.expectKeyword('DISTINCT');
    if (keyword === 'INTERSECT') return 'INTERSECT DISTINCT';
    return keyword === 'EXCEPT' ? 'EXCEPT DISTINCT' : 'UNION DISTINCT';
  }

  #queryPrimary(): QueryBody {
    const { cursor } = this;
    if (!cursor.acceptSymbol('(')) return this.#select();
    const query = this.query();
    cursor.expectSymbol(')');
    return query;
  }

  #select(): Select {
    const { cursor } = this;
    const at = cursor.expectKeyword('SELECT');
    if (cursor.isKeyword('WITH')) throw unsupported('SELECT WITH', cursor.at);
    const distinct = cursor.acceptKeyword('DISTINCT');
    if (!distinct) cursor.acceptKeyword('ALL');
    const asStruct = cursor.acceptKeyword('AS', 'STRUCT');
    if (cursor.isKeyword('AS')) throw unsupported('SELECT AS VALUE', cursor.at);
    const items = [this.#selectItem()];
    while (cursor.acceptSymbol(',')) {
      // A comma may follow the last item.
      if (cursor.isKeyword('FROM') || cursor.peek().kind === 'end' || cursor.isSymbol(')')) break;
      items.push(this.#selectItem());
    }
    const from = cursor.acceptKeyword('FROM') ? this.fromClause() : undefined;
    const where = cursor.acceptKeyword('WHERE') ? this.expression() : undefined;
    const groupBy = cursor.acceptKeyword('GROUP', 'BY') ? this.#groupBy() : undefined;
    const having = cursor.acceptKeyword('HAVING') ? this.expression() : undefined;
    const qualify = cursor.acceptKeyword('QUALIFY') ? this.expression() : undefined;
    const windows = cursor.acceptKeyword('WINDOW') ? cursor.list(() => this.#namedWindow()) : [];
    return {
      node: 'select',
      at,
      distinct,
      asStruct,
      items,
      windows,
      ...(from && { from }),
      ...(where && { where }),
      ...(groupBy && { groupBy }),
      ...(having && { having }),
      ...(qualify && { qualify }),
    };
  }

  #namedWindow(): Select['windows'][number] {
    const name = this.cursor.identifier();
    this.cursor.expectKeyword('AS');
    return { name, spec: this.windowReference() };
  }

  #groupBy(): NonNullable<Select['groupBy']> {
    const { cursor } = this;
    if (cursor.acceptKeyword('ALL')) return { all: true, keys: [] };
    const keys = cursor.list(() => {
      for (const keyword of ['ROLLUP', 'CUBE', 'GROUPING']) {
        if (cursor.isKeyword(keyword)) throw unsupported(`GROUP BY ${keyword}`, cursor.at);
      }
      return this.expression();
    });
    return { all: false, keys };
  }

  #selectItem(): SelectItem {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.acceptSymbol('*')) return this.#starItem(at);
    const value = this.expression();
    if (cursor.isSymbol('.') && cursor.isSymbol('*', 1)) {
      cursor.next();
      cursor.next();
      return this.#starItem(at, value);
    }
    const alias = cursor.alias();
    return alias ? { node: 'item', value, alias } : { node: 'item', value };
  }

  #starItem(at: Select['at'], base?: Expression): SelectItem {
    const { cursor } = this;
    const except = cursor.acceptKeyword('EXCEPT') ? this.#inParentheses(() => cursor.identifier()) : [];
    const replace =
      cursor.peek().keyword === 'REPLACE' && cursor.isSymbol('(', 1) ? this.#replacements() : [];
    return { node: 'star', at, except, replace, ...(base && { base }) };
  }

  #replacements(): NamedExpression[] {
    this.cursor.next();
    return this.#inParentheses(() => {
      const value = this.expression();
      this.cursor.expectKeyword('AS');
      return { value, name: this.cursor.identifier() };
    });
  }

  #inParentheses<T>(item: () => T): T[] {
    this.cursor.expectSymbol('(');
    const items = this.cursor.list(item);
    this.cursor.expectSymbol(')');
    return items;
  }

  protected fromClause(): FromItem {
    let left = this.#joins();
    while (this.cursor.isSymbol(',')) {
      const { at } = this.cursor.next();
      left = { node: 'join', at, kind: 'CROSS', left, right: this.#joins() };
    }
    return left;
  }

  #joins(): FromItem {
    const { cursor } = this;
    let left = this.fromItem();
    for (;;) {
      const { at } = cursor;
      const kind = this.#joinKind();
      if (!kind) return left;
      const right = this.fromItem();
      if (kind === 'CROSS') {
        left = { node: 'join', at, kind, left, right };
      } else if (cursor.acceptKeyword('ON')) {
        left = { node: 'join', at, kind, left, right, on: this.expression() };
      } else if (cursor.acceptKeyword('USING')) {
        left = { node: 'join', at, kind, left, right, using: this.#inParentheses(() => cursor.identifier()) };
      } else {
        // A join over the array of a row needs no condition: `t LEFT JOIN UNNEST(t.xs)`, `t JOIN t.xs`.
        left = { node: 'join', at, kind, left, right };
      }
    }
  }

  #joinKind(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | undefined {
    const { cursor } = this;
    if (cursor.acceptKeyword('JOIN')) return 'INNER';
    for (const kind of ['INNER', 'CROSS'] as const) if (cursor.acceptKeyword(kind, 'JOIN')) return kind;
    for (const kind of ['LEFT', 'RIGHT', 'FULL'] as const) {
      if (cursor.acceptKeyword(kind, 'JOIN') || cursor.acceptKeyword(kind, 'OUTER', 'JOIN')) return kind;
    }
    if (cursor.isKeyword('NATURAL')) throw unsupported('NATURAL JOIN', cursor.at);
    return undefined;
  }

  protected fromItem(): FromItem {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.acceptKeyword('UNNEST')) return this.#unnest(at);
    if (cursor.acceptSymbol('(')) {
      // The token after the parenthesis tells `((SELECT …) UNION ALL …)` from `(a JOIN b)`.
      const isQuery = this.isQueryStart() || cursor.isSymbol('(');
      if (!isQuery) {
        const join = cursor.nested(() => this.#joins());
        if (join.node !== 'join' || !cursor.isSymbol(')')) throw cursor.unexpected('keyword JOIN');
        cursor.next();
        return join;
      }
      const query = this.query();
      cursor.expectSymbol(')');
      const alias = this.#tableAlias();
      return { node: 'derived', at, query, ...(alias && { alias }) };
    }
    const { path } = this.tableName();
    if (cursor.isSymbol('(')) {
      if (path.length === 1 && path[0]?.text.toUpperCase() === 'APPENDS') return this.#appends(at);
      throw unsupported(`Table function ${path.map(({ text }) => text).join('.')}`, at);
    }
    this.refuseSystemTime();
    const alias = this.#tableAlias();
    this.refuseSystemTime();
    return { node: 'table', at, path, ...(alias && { alias }) };
  }

  protected refuseSystemTime(): void {
    if (this.cursor.isKeyword('FOR')) throw unsupported('FOR SYSTEM_TIME AS OF', this.cursor.at);
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions#appends */
  #appends(at: FromItem['at']): FromItem {
    const { cursor } = this;
    cursor.expectSymbol('(');
    cursor.expectKeyword('TABLE');
    const { path } = this.tableName();
    const start = cursor.acceptSymbol(',') ? this.expression() : undefined;
    const end = start && cursor.acceptSymbol(',') ? this.expression() : undefined;
    cursor.expectSymbol(')');
    const alias = this.#tableAlias();
    return {
      node: 'appends',
      at,
      path,
      ...(start && { start }),
      ...(end && { end }),
      ...(alias && { alias }),
    };
  }

  #tableAlias(): Name | undefined {
    const alias = ['PIVOT', 'UNPIVOT', 'MATCH_RECOGNIZE'].includes(this.cursor.peek().keyword)
      ? undefined
      : this.cursor.alias();
    for (const word of ['TABLESAMPLE', 'PIVOT', 'UNPIVOT', 'MATCH_RECOGNIZE']) {
      if (this.cursor.isKeyword(word)) throw unsupported(word, this.cursor.at);
    }
    return alias;
  }

  #unnest(at: FromItem['at']): FromItem {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const array = this.expression();
    if (cursor.isSymbol(',')) throw unsupported('UNNEST of several arrays', cursor.at);
    cursor.expectSymbol(')');
    const alias = cursor.alias();
    if (!cursor.acceptKeyword('WITH', 'OFFSET'))
      return { node: 'unnest', at, array, ...(alias && { alias }) };
    const offset = cursor.alias() ?? { text: 'offset', at };
    return { node: 'unnest', at, array, offset, ...(alias && { alias }) };
  }

  /** `p.d.t`: quotes may enclose the whole path or a part, and an unquoted project may contain dashes. */
  protected tableName(): TableName {
    const { cursor } = this;
    const { at } = cursor;
    const path: Name[] = [];
    do {
      const quoted = cursor.peek().kind === 'quoted';
      const { text } = path.length === 0 ? cursor.identifier() : cursor.fieldName();
      const whole = path.length === 0 && !quoted ? text + this.#dashes() : text;
      const parts = quoted ? whole.split('.') : [whole];
      for (const part of parts) path.push({ text: part, at });
    } while (cursor.acceptSymbol('.'));
    return { path, at };
  }

  #dashes(): string {
    const { cursor } = this;
    let text = '';
    while (cursor.isSymbol('-') && cursor.peek(-1).end === cursor.peek().start) {
      const word = cursor.peek(1);
      if (cursor.peek().end !== word.start || (word.kind !== 'identifier' && word.kind !== 'integer')) break;
      text += `-${word.text}`;
      cursor.next();
      cursor.next();
    }
    return text;
  }
}
