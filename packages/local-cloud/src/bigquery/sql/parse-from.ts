import { unsupported } from '../errors.ts';
import type { Expression, FromItem, Name, NamedExpression } from './ast.ts';
import { ExpressionParser } from './parse-expression.ts';
import type { TableName } from './statements.ts';

/** Parses FROM. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#from_clause */
export abstract class FromParser extends ExpressionParser {
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
        left = { node: 'join', at, kind, left, right, using: this.inParentheses(() => cursor.identifier()) };
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
      return this.#reshaped({ node: 'derived', at, query, ...(alias && { alias }) });
    }
    const { path } = this.tableName();
    if (cursor.isSymbol('(')) {
      if (path.length === 1 && path[0]?.text.toUpperCase() === 'APPENDS') return this.#appends(at);
      throw unsupported(`Table function ${path.map(({ text }) => text).join('.')}`, at);
    }
    const before = this.#systemTime();
    const alias = this.#tableAlias();
    const asOf = before ?? this.#systemTime();
    const table = { node: 'table', at, path, ...(alias && { alias }), ...(asOf && { asOf }) } as const;
    const item = this.#reshaped(table);
    const percent = this.#sample();
    if (percent && item !== table) throw unsupported('TABLESAMPLE after PIVOT or UNPIVOT', at);
    return percent ? { ...table, percent } : item;
  }

  /** `FOR SYSTEM_TIME AS OF time` */
  #systemTime(): Expression | undefined {
    const { cursor } = this;
    if (!cursor.acceptKeyword('FOR')) return undefined;
    if (!cursor.acceptKeyword('SYSTEM')) cursor.expectKeyword('SYSTEM_TIME');
    else cursor.expectKeyword('TIME');
    cursor.expectKeyword('AS', 'OF');
    return this.expression();
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
    const isClause = ['PIVOT', 'UNPIVOT', 'MATCH_RECOGNIZE'].includes(this.cursor.peek().keyword);
    const alias = isClause ? undefined : this.cursor.alias();
    if (this.cursor.isKeyword('MATCH_RECOGNIZE')) throw unsupported('MATCH_RECOGNIZE', this.cursor.at);
    return alias;
  }

  /** PIVOT or UNPIVOT after a table or a subquery. */
  #reshaped(input: FromItem): FromItem {
    const { cursor } = this;
    const { at } = cursor;
    const pivot = cursor.isKeyword('PIVOT') && cursor.isSymbol('(', 1);
    const unpivot =
      cursor.isKeyword('UNPIVOT') &&
      (cursor.isSymbol('(', 1) || ['INCLUDE', 'EXCLUDE'].includes(cursor.peek(1).keyword));
    if (!pivot && !unpivot) return input;
    cursor.next();
    return pivot ? this.#pivot(input, at) : this.#unpivot(input, at);
  }

  /** `PIVOT(SUM(n) AS total, … FOR pais IN ('Chile' AS cl, …))` */
  #pivot(input: FromItem, at: FromItem['at']): FromItem {
    const { cursor } = this;
    cursor.expectSymbol('(');
    const aggregates = cursor.list(() => this.#aliased());
    cursor.expectKeyword('FOR');
    // IN is not yet its operator.
    const by = this.operand();
    cursor.expectKeyword('IN');
    const values = this.inParentheses(() => this.#aliased());
    cursor.expectSymbol(')');
    const alias = this.#tableAlias();
    return { node: 'pivot', at, input, aggregates, by, values, ...(alias && { alias }) };
  }

  #aliased(): NamedExpression {
    const value = this.expression();
    const name = this.cursor.alias();
    return name ? { value, name } : { value };
  }

  /** `UNPIVOT(value FOR name IN (a, b AS 'label'))`, or with several columns in parentheses for each value. */
  #unpivot(input: FromItem, at: FromItem['at']): FromItem {
    const { cursor } = this;
    const includeNulls = cursor.acceptKeyword('INCLUDE', 'NULLS');
    if (!includeNulls) cursor.acceptKeyword('EXCLUDE', 'NULLS');
    cursor.expectSymbol('(');
    const isList = cursor.isSymbol('(');
    const values = isList ? this.inParentheses(() => cursor.identifier()) : [cursor.identifier()];
    cursor.expectKeyword('FOR');
    const name = cursor.identifier();
    cursor.expectKeyword('IN');
    const groups = this.inParentheses(() => {
      const columns = isList ? this.inParentheses(() => this.#column()) : [this.#column()];
      const hasLabel = cursor.acceptKeyword('AS') || !(cursor.isSymbol(',') || cursor.isSymbol(')'));
      return hasLabel ? { columns, label: this.expression() } : { columns };
    });
    cursor.expectSymbol(')');
    const alias = this.#tableAlias();
    return { node: 'unpivot', at, input, includeNulls, values, name, groups, ...(alias && { alias }) };
  }

  /** `nombre` or `t.nombre` */
  #column(): Expression {
    const { at } = this.cursor;
    const parts = [this.cursor.identifier()];
    while (this.cursor.acceptSymbol('.')) parts.push(this.cursor.fieldName());
    return { node: 'path', at, parts };
  }

  /** `TABLESAMPLE SYSTEM (10 PERCENT)`: the percentage. */
  #sample(): Expression | undefined {
    const { cursor } = this;
    if (!cursor.acceptKeyword('TABLESAMPLE')) return undefined;
    cursor.expectKeyword('SYSTEM');
    cursor.expectSymbol('(');
    const percent = this.expression();
    cursor.expectKeyword('PERCENT');
    cursor.expectSymbol(')');
    return percent;
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

  protected inParentheses<T>(item: () => T): T[] {
    this.cursor.expectSymbol('(');
    const items = this.cursor.list(item);
    this.cursor.expectSymbol(')');
    return items;
  }
}
