import { invalidQuery, syntaxError, unsupported } from '../errors.ts';
import type {
  Expression,
  GroupingSet,
  NamedExpression,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
} from './ast.ts';
import { FromParser } from './parse-from.ts';

const SET_OPERATORS = ['UNION', 'INTERSECT', 'EXCEPT'] as const;

type SetOperator = Pick<SetOperation, 'operator' | 'byName'>;

function spelled({ operator, byName }: SetOperator): string {
  return [operator, byName?.columns, ...(byName?.only ?? []).map(({ text }) => text.toLowerCase())].join(' ');
}

/** Parses queries. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax */
export abstract class QueryParser extends FromParser {
  protected override isQueryStart(): boolean {
    // A parenthesis does not start a query: `((SELECT 1) + 1)` is an expression.
    return ['SELECT', 'WITH', 'FROM'].includes(this.cursor.peek().keyword);
  }

  protected override query(): Query {
    return this.cursor.nested(() => {
      const { cursor } = this;
      const { at } = cursor;
      const hasCtes = cursor.acceptKeyword('WITH');
      const recursive = hasCtes && cursor.acceptKeyword('RECURSIVE');
      const ctes = hasCtes ? this.#ctes() : [];
      const body = this.#setOperation();
      const orderBy = this.orderBy();
      const limit = cursor.acceptKeyword('LIMIT') ? this.expression() : undefined;
      const offset = limit && cursor.acceptKeyword('OFFSET') ? this.expression() : undefined;
      if (cursor.isSymbol('|>')) throw unsupported('Pipe syntax', cursor.at);
      return {
        ...{ node: 'query', at, recursive, ctes, body, orderBy },
        ...(limit && { limit }),
        ...(offset && { offset }),
      };
    });
  }

  #ctes(): Query['ctes'] {
    const { cursor } = this;
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
    const first = this.#queryPrimary();
    const operands = [first];
    let operation: SetOperator | undefined;
    for (let next = this.#setOperator(); next; next = this.#setOperator()) {
      if (operation && spelled(next) !== spelled(operation)) {
        throw syntaxError(
          'Different set operations cannot be used in the same query without using parentheses for grouping',
          cursor.at,
        );
      }
      operation = next;
      operands.push(this.#queryPrimary());
    }
    return operation ? { node: 'set', at, ...operation, operands } : first;
  }

  #setOperator(): SetOperator | undefined {
    const { cursor } = this;
    const { at } = cursor;
    const mode = this.#columnMode();
    const name = SET_OPERATORS.find((word) => cursor.acceptKeyword(word));
    if (!name) return undefined;
    if (name !== 'UNION' && cursor.isKeyword('ALL')) throw unsupported(`${name} ALL`, at);
    const all = name === 'UNION' && cursor.acceptKeyword('ALL');
    if (!all) cursor.expectKeyword('DISTINCT');
    const operator: SetOperation['operator'] = all ? 'UNION ALL' : `${name} DISTINCT`;
    const byName = this.#byName(mode);
    if (mode && !byName) throw cursor.unexpected('keyword BY or CORRESPONDING');
    return byName ? { operator, byName } : { operator };
  }

  /** INNER, FULL [OUTER] or LEFT [OUTER] before a set operator. */
  #columnMode(): 'INNER' | 'FULL' | 'LEFT' | undefined {
    const { cursor } = this;
    const mode = (['INNER', 'FULL', 'LEFT'] as const).find((word) => cursor.isKeyword(word));
    const ahead = cursor.peek(1).keyword === 'OUTER' ? 2 : 1;
    if (!mode || !SET_OPERATORS.some((word) => cursor.peek(ahead).keyword === word)) return undefined;
    for (let token = 0; token < ahead; token += 1) cursor.next();
    return mode;
  }

  /** `BY NAME`, and `CORRESPONDING`, which is `INNER … BY NAME` unless it is STRICT. */
  #byName(mode: 'INNER' | 'FULL' | 'LEFT' | undefined): SetOperation['byName'] {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.acceptKeyword('BY', 'NAME')) {
      if (!cursor.acceptKeyword('ON')) return { columns: mode ?? 'SAME' };
    } else {
      const isStrict = cursor.acceptKeyword('STRICT');
      if (!isStrict && !cursor.isKeyword('CORRESPONDING')) return undefined;
      cursor.expectKeyword('CORRESPONDING');
      if (!cursor.acceptKeyword('BY')) return { columns: isStrict ? 'SAME' : (mode ?? 'INNER') };
    }
    if (mode && mode !== 'INNER') throw unsupported(`${mode} with a list of columns`, at);
    return { columns: 'INNER', only: this.inParentheses(() => cursor.identifier()) };
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
    if (cursor.isKeyword('FROM')) throw unsupported('Pipe syntax', cursor.at);
    const at = cursor.expectKeyword('SELECT');
    if (cursor.isKeyword('WITH')) throw unsupported('SELECT WITH', cursor.at);
    const distinct = cursor.acceptKeyword('DISTINCT');
    if (!distinct) cursor.acceptKeyword('ALL');
    const as = (['STRUCT', 'VALUE'] as const).find((word) => cursor.acceptKeyword('AS', word));
    if (cursor.isKeyword('AS')) throw unsupported('SELECT AS a type', cursor.at);
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
      items,
      windows,
      ...(as && { as }),
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
    const set = this.#groupingSet();
    if (set) {
      if (cursor.isSymbol(',')) {
        throw invalidQuery(
          `The GROUP BY clause only supports ${set.kind} when there are no other grouping elements`,
          cursor.at,
        );
      }
      return { all: false, keys: [], sets: set };
    }
    const keys = cursor.list(() => {
      for (const keyword of ['ROLLUP', 'CUBE', 'GROUPING']) {
        if (!cursor.isKeyword(keyword) || (keyword === 'GROUPING' && cursor.isSymbol('(', 1))) continue;
        throw invalidQuery(
          `The GROUP BY clause only supports ${keyword} when there are no other grouping elements`,
          cursor.at,
        );
      }
      return this.expression();
    });
    return { all: false, keys };
  }

  /** ROLLUP, CUBE, GROUPING SETS or `()`. */
  #groupingSet(): GroupingSet | undefined {
    const { cursor } = this;
    for (const kind of ['ROLLUP', 'CUBE'] as const) {
      if (cursor.acceptKeyword(kind)) return { kind, items: this.inParentheses(() => this.#groupingKeys()) };
    }
    if (cursor.acceptKeyword('GROUPING', 'SETS')) {
      const sets = this.inParentheses(
        (): GroupingSet => this.#groupingSet() ?? { kind: 'KEYS', keys: this.#groupingKeys() },
      );
      return { kind: 'GROUPING SETS', sets };
    }
    if (!cursor.isSymbol('(') || !cursor.isSymbol(')', 1)) return undefined;
    cursor.next();
    cursor.next();
    return { kind: 'KEYS', keys: [] };
  }

  /** `a` or `(a, b)` */
  #groupingKeys(): readonly Expression[] {
    const key = this.expression();
    return key.node === 'struct' && !key.type ? key.fields.map(({ value }) => value) : [key];
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
    const except = cursor.acceptKeyword('EXCEPT') ? this.inParentheses(() => cursor.identifier()) : [];
    const replace =
      cursor.peek().keyword === 'REPLACE' && cursor.isSymbol('(', 1) ? this.#replacements() : [];
    return { node: 'star', at, except, replace, ...(base && { base }) };
  }

  #replacements(): NamedExpression[] {
    this.cursor.next();
    return this.inParentheses(() => {
      const value = this.expression();
      this.cursor.expectKeyword('AS');
      return { value, name: this.cursor.identifier() };
    });
  }
}
