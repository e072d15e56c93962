import { unsupported } from '../errors.ts';
import type { Expression, FromItem, Name, NamedExpression } from './ast.ts';
import { ExpressionParser } from './parse-expression.ts';
import type { TableName } from './statements.ts';

/** Parses FROM. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#from_clause */
export abstract class FromParser extends ExpressionParser {
  protected fromClause(): FromItem {
    let left = this.#joins();
    while (this.isSymbol(',')) {
      const { at } = this.next();
      left = { node: 'join', at, kind: 'CROSS', left, right: this.#joins() };
    }
    return left;
  }

  #joins(): FromItem {
    let left = this.fromItem();
    for (;;) {
      const { at } = this;
      const kind = this.#joinKind();
      if (!kind) return left;
      const right = this.fromItem();
      if (kind === 'CROSS') {
        left = { node: 'join', at, kind, left, right };
      } else if (this.acceptKeyword('ON')) {
        left = { node: 'join', at, kind, left, right, on: this.expression() };
      } else if (this.acceptKeyword('USING')) {
        left = { node: 'join', at, kind, left, right, using: this.names() };
      } else {
        // A join over the array of a row needs no condition: `t LEFT JOIN UNNEST(t.xs)`, `t JOIN t.xs`.
        left = { node: 'join', at, kind, left, right };
      }
    }
  }

  #joinKind(): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | undefined {
    if (this.acceptKeyword('JOIN')) return 'INNER';
    for (const kind of ['INNER', 'CROSS'] as const) if (this.acceptKeyword(kind, 'JOIN')) return kind;
    for (const kind of ['LEFT', 'RIGHT', 'FULL'] as const) {
      if (this.acceptKeyword(kind, 'JOIN') || this.acceptKeyword(kind, 'OUTER', 'JOIN')) return kind;
    }
    if (this.isKeyword('NATURAL')) throw unsupported('NATURAL JOIN', this.at);
    return undefined;
  }

  protected fromItem(): FromItem {
    const { at } = this;
    if (this.acceptKeyword('UNNEST')) return this.#unnest(at);
    if (this.acceptSymbol('(')) {
      // The token after the parenthesis tells `((SELECT …) UNION ALL …)` from `(a JOIN b)`.
      const isQuery = this.isQueryStart() || this.isSymbol('(');
      if (!isQuery) {
        const join = this.nested(() => this.#joins());
        if (join.node !== 'join' || !this.isSymbol(')')) throw this.unexpected('keyword JOIN');
        this.next();
        return join;
      }
      const query = this.query();
      this.expectSymbol(')');
      return this.#reshaped({ node: 'derived', at, query, alias: this.#tableAlias() });
    }
    const { path } = this.tableName();
    if (this.isSymbol('(')) {
      if (path.length === 1 && path[0]?.text.toUpperCase() === 'APPENDS') return this.#appends(at);
      throw unsupported(`Table function ${path.map(({ text }) => text).join('.')}`, at);
    }
    const before = this.#systemTime();
    const alias = this.#tableAlias();
    const table = { node: 'table', at, path, alias, asOf: before ?? this.#systemTime() } as const;
    const item = this.#reshaped(table);
    const percent = this.#sample();
    if (percent && item !== table) throw unsupported('TABLESAMPLE after PIVOT or UNPIVOT', at);
    return percent ? { ...table, percent } : item;
  }

  /** `FOR SYSTEM_TIME AS OF time` */
  #systemTime(): Expression | undefined {
    if (!this.acceptKeyword('FOR')) return undefined;
    if (!this.acceptKeyword('SYSTEM')) this.expectKeyword('SYSTEM_TIME');
    else this.expectKeyword('TIME');
    this.expectKeyword('AS', 'OF');
    return this.expression();
  }

  protected refuseSystemTime(): void {
    if (this.isKeyword('FOR')) throw unsupported('FOR SYSTEM_TIME AS OF', this.at);
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions#appends */
  #appends(at: FromItem['at']): FromItem {
    const range = this.parenthesized(() => {
      this.expectKeyword('TABLE');
      const { path } = this.tableName();
      const start = this.acceptSymbol(',') ? this.expression() : undefined;
      const end = start && this.acceptSymbol(',') ? this.expression() : undefined;
      return { path, start, end };
    });
    return { node: 'appends', at, ...range, alias: this.#tableAlias() };
  }

  #tableAlias(): Name | undefined {
    const isClause = ['PIVOT', 'UNPIVOT', 'MATCH_RECOGNIZE'].includes(this.peek().keyword);
    const alias = isClause ? undefined : this.alias();
    if (this.isKeyword('MATCH_RECOGNIZE')) throw unsupported('MATCH_RECOGNIZE', this.at);
    return alias;
  }

  /** PIVOT or UNPIVOT after a table or a subquery. */
  #reshaped(input: FromItem): FromItem {
    const { at } = this;
    const pivot = this.isKeyword('PIVOT') && this.isSymbol('(', 1);
    const unpivot =
      this.isKeyword('UNPIVOT') &&
      (this.isSymbol('(', 1) || ['INCLUDE', 'EXCLUDE'].includes(this.peek(1).keyword));
    if (!pivot && !unpivot) return input;
    this.next();
    return pivot ? this.#pivot(input, at) : this.#unpivot(input, at);
  }

  /** `PIVOT(SUM(n) AS total, … FOR pais IN ('Chile' AS cl, …))` */
  #pivot(input: FromItem, at: FromItem['at']): FromItem {
    const pivot = this.parenthesized(() => {
      const aggregates = this.list(() => this.#aliased());
      this.expectKeyword('FOR');
      // IN is not yet its operator.
      const by = this.operand();
      this.expectKeyword('IN');
      return { aggregates, by, values: this.inParentheses(() => this.#aliased()) };
    });
    return { node: 'pivot', at, input, ...pivot, alias: this.#tableAlias() };
  }

  #aliased(): NamedExpression {
    return { value: this.expression(), name: this.alias() };
  }

  /** `UNPIVOT(value FOR name IN (a, b AS 'label'))`, or with several columns in parentheses for each value. */
  #unpivot(input: FromItem, at: FromItem['at']): FromItem {
    const includeNulls = this.acceptKeyword('INCLUDE', 'NULLS');
    if (!includeNulls) this.acceptKeyword('EXCLUDE', 'NULLS');
    const unpivot = this.parenthesized(() => {
      const isList = this.isSymbol('(');
      const values = isList ? this.names() : [this.identifier()];
      this.expectKeyword('FOR');
      const name = this.identifier();
      this.expectKeyword('IN');
      const groups = this.inParentheses(() => {
        const columns = isList ? this.inParentheses(() => this.#column()) : [this.#column()];
        const hasLabel = this.acceptKeyword('AS') || !(this.isSymbol(',') || this.isSymbol(')'));
        return hasLabel ? { columns, label: this.expression() } : { columns };
      });
      return { values, name, groups };
    });
    return { node: 'unpivot', at, input, includeNulls, ...unpivot, alias: this.#tableAlias() };
  }

  /** `nombre` or `t.nombre` */
  #column(): Expression {
    const { at } = this;
    const parts = [this.identifier()];
    while (this.acceptSymbol('.')) parts.push(this.fieldName());
    return { node: 'path', at, parts };
  }

  /** `TABLESAMPLE SYSTEM (10 PERCENT)`: the percentage. */
  #sample(): Expression | undefined {
    if (!this.acceptKeyword('TABLESAMPLE')) return undefined;
    this.expectKeyword('SYSTEM');
    return this.parenthesized(() => {
      const percent = this.expression();
      this.expectKeyword('PERCENT');
      return percent;
    });
  }

  #unnest(at: FromItem['at']): FromItem {
    const array = this.parenthesized(() => {
      const value = this.expression();
      if (this.isSymbol(',')) throw unsupported('UNNEST of several arrays', this.at);
      return value;
    });
    const alias = this.alias();
    const hasOffset = this.acceptKeyword('WITH', 'OFFSET');
    const offset = hasOffset ? (this.alias() ?? { text: 'offset', at }) : undefined;
    return { node: 'unnest', at, array, alias, offset };
  }

  /** `p.d.t`: quotes may enclose the whole path or a part, and an unquoted project may contain dashes. */
  protected tableName(): TableName {
    const { at } = this;
    const path: Name[] = [];
    do {
      const quoted = this.peek().kind === 'quoted';
      const { text } = path.length === 0 ? this.identifier() : this.fieldName();
      const whole = path.length === 0 && !quoted ? text + this.#dashes() : text;
      const parts = quoted ? whole.split('.') : [whole];
      for (const part of parts) path.push({ text: part, at });
    } while (this.acceptSymbol('.'));
    return { path, at };
  }

  #dashes(): string {
    let text = '';
    while (this.isSymbol('-') && this.peek(-1).end === this.peek().start) {
      const word = this.peek(1);
      if (this.peek().end !== word.start || (word.kind !== 'identifier' && word.kind !== 'integer')) break;
      text += `-${word.text}`;
      this.next();
      this.next();
    }
    return text;
  }
}
