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

/** Keywords that may follow a SELECT list. */
const AFTER_ITEMS = /^(?:FROM|WHERE|GROUP|HAVING|QUALIFY|WINDOW|ORDER|LIMIT|UNION|INTERSECT|EXCEPT)$/;

type SetOperator = Pick<SetOperation, 'operator' | 'byName'>;

function spelled({ operator, byName }: SetOperator): string {
  return [operator, byName?.columns, ...(byName?.only ?? []).map(({ text }) => text.toLowerCase())].join(' ');
}

/** Parses queries. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax */
export abstract class QueryParser extends FromParser {
  protected override isQueryStart(ahead = 0): boolean {
    // A parenthesis does not start a query: `((SELECT 1) + 1)` is an expression.
    return ['SELECT', 'WITH', 'FROM'].includes(this.peek(ahead).keyword);
  }

  protected override query(): Query {
    return this.nested(() => {
      const { at } = this;
      const hasCtes = this.acceptKeyword('WITH');
      const recursive = hasCtes && this.acceptKeyword('RECURSIVE');
      const ctes = hasCtes ? this.#ctes() : [];
      const body = this.#setOperation();
      const orderBy = this.orderBy();
      const limit = this.acceptKeyword('LIMIT') ? this.expression() : undefined;
      const offset = limit && this.acceptKeyword('OFFSET') ? this.expression() : undefined;
      if (this.isSymbol('|>')) throw unsupported('Pipe syntax', this.at);
      return { node: 'query', at, recursive, ctes, body, orderBy, limit, offset };
    });
  }

  #ctes(): Query['ctes'] {
    return this.list(() => {
      const name = this.identifier();
      this.expectKeyword('AS');
      return { name, query: this.parenthesized(() => this.query()) };
    });
  }

  #setOperation(): QueryBody {
    const { at } = this;
    const first = this.#queryPrimary();
    const operands = [first];
    let operation: SetOperator | undefined;
    for (let next = this.#setOperator(); next; next = this.#setOperator()) {
      if (operation && spelled(next) !== spelled(operation))
        throw syntaxError(
          'Different set operations cannot be used in the same query without using parentheses for grouping',
          this.at,
        );
      operation = next;
      operands.push(this.#queryPrimary());
    }
    return operation ? { node: 'set', at, ...operation, operands } : first;
  }

  #setOperator(): SetOperator | undefined {
    const { at } = this;
    const mode = this.#columnMode();
    const name = SET_OPERATORS.find((word) => this.acceptKeyword(word));
    if (!name) return undefined;
    if (name !== 'UNION' && this.isKeyword('ALL')) throw unsupported(`${name} ALL`, at);
    const all = name === 'UNION' && this.acceptKeyword('ALL');
    if (!all) this.expectKeyword('DISTINCT');
    const operator: SetOperation['operator'] = all ? 'UNION ALL' : `${name} DISTINCT`;
    const byName = this.#byName(mode);
    if (mode && !byName) throw this.unexpected('keyword BY or CORRESPONDING');
    return { operator, byName };
  }

  /** INNER, FULL [OUTER] or LEFT [OUTER] before a set operator. */
  #columnMode(): 'INNER' | 'FULL' | 'LEFT' | undefined {
    const mode = (['INNER', 'FULL', 'LEFT'] as const).find((word) => this.isKeyword(word));
    const ahead = this.peek(1).keyword === 'OUTER' ? 2 : 1;
    if (!mode || !SET_OPERATORS.some((word) => this.peek(ahead).keyword === word)) return undefined;
    for (let token = 0; token < ahead; token += 1) this.next();
    return mode;
  }

  /** `BY NAME`, and `CORRESPONDING`, which is `INNER … BY NAME` unless it is STRICT. */
  #byName(mode: 'INNER' | 'FULL' | 'LEFT' | undefined): SetOperation['byName'] {
    const { at } = this;
    if (this.acceptKeyword('BY', 'NAME')) {
      if (!this.acceptKeyword('ON')) return { columns: mode ?? 'SAME' };
    } else {
      const isStrict = this.acceptKeyword('STRICT');
      if (!isStrict && !this.isKeyword('CORRESPONDING')) return undefined;
      this.expectKeyword('CORRESPONDING');
      if (!this.acceptKeyword('BY')) return { columns: isStrict ? 'SAME' : (mode ?? 'INNER') };
    }
    if (mode && mode !== 'INNER') throw unsupported(`${mode} with a list of columns`, at);
    return { columns: 'INNER', only: this.names() };
  }

  #queryPrimary(): QueryBody {
    return this.isSymbol('(') ? this.parenthesized(() => this.query()) : this.#select();
  }

  #select(): Select {
    if (this.isKeyword('FROM')) throw unsupported('Pipe syntax', this.at);
    const at = this.expectKeyword('SELECT');
    if (this.isKeyword('WITH')) throw unsupported('SELECT WITH', this.at);
    const distinct = this.acceptKeyword('DISTINCT');
    if (!distinct) this.acceptKeyword('ALL');
    const as = (['STRUCT', 'VALUE'] as const).find((word) => this.acceptKeyword('AS', word));
    if (this.isKeyword('AS')) throw unsupported('SELECT AS a type', this.at);
    const items = [this.#selectItem()];
    while (this.acceptSymbol(',')) {
      // A comma may follow the last item.
      const { kind, keyword } = this.peek();
      if (kind === 'end' || AFTER_ITEMS.test(keyword) || this.isSymbol(')') || this.isSymbol(';')) break;
      items.push(this.#selectItem());
    }
    const from = this.acceptKeyword('FROM') ? this.fromClause() : undefined;
    const where = this.acceptKeyword('WHERE') ? this.expression() : undefined;
    const groupBy = this.acceptKeyword('GROUP', 'BY') ? this.#groupBy() : undefined;
    const having = this.acceptKeyword('HAVING') ? this.expression() : undefined;
    const qualify = this.acceptKeyword('QUALIFY') ? this.expression() : undefined;
    const windows = this.acceptKeyword('WINDOW') ? this.list(() => this.#namedWindow()) : [];
    const clauses = { from, where, groupBy, having, qualify, windows };
    return { node: 'select', at, distinct, as, items, ...clauses };
  }

  #namedWindow(): Select['windows'][number] {
    const name = this.identifier();
    this.expectKeyword('AS');
    return { name, spec: this.windowReference() };
  }

  #groupBy(): NonNullable<Select['groupBy']> {
    if (this.acceptKeyword('ALL')) return { all: true, keys: [] };
    const set = this.#groupingSet();
    if (set) {
      if (this.isSymbol(','))
        throw invalidQuery(
          `The GROUP BY clause only supports ${set.kind} when there are no other grouping elements`,
          this.at,
        );
      return { all: false, keys: [], sets: set };
    }
    const keys = this.list(() => {
      for (const keyword of ['ROLLUP', 'CUBE', 'GROUPING']) {
        if (!this.isKeyword(keyword) || (keyword === 'GROUPING' && this.isSymbol('(', 1))) continue;
        throw invalidQuery(
          `The GROUP BY clause only supports ${keyword} when there are no other grouping elements`,
          this.at,
        );
      }
      return this.expression();
    });
    return { all: false, keys };
  }

  /** ROLLUP, CUBE, GROUPING SETS or `()`. */
  #groupingSet(): GroupingSet | undefined {
    for (const kind of ['ROLLUP', 'CUBE'] as const) {
      if (this.acceptKeyword(kind)) return { kind, items: this.inParentheses(() => this.#groupingKeys()) };
    }
    if (this.acceptKeyword('GROUPING', 'SETS')) {
      const sets = this.inParentheses(
        (): GroupingSet => this.#groupingSet() ?? { kind: 'KEYS', keys: this.#groupingKeys() },
      );
      return { kind: 'GROUPING SETS', sets };
    }
    if (!this.isSymbol('(') || !this.isSymbol(')', 1)) return undefined;
    this.next();
    this.next();
    return { kind: 'KEYS', keys: [] };
  }

  /** `a` or `(a, b)` */
  #groupingKeys(): readonly Expression[] {
    const key = this.expression();
    return key.node === 'struct' && !key.type ? key.fields.map(({ value }) => value) : [key];
  }

  #selectItem(): SelectItem {
    const { at } = this;
    if (this.acceptSymbol('*')) return this.#starItem(at);
    const value = this.expression();
    if (this.isSymbol('.') && this.isSymbol('*', 1)) {
      this.next();
      this.next();
      return this.#starItem(at, value);
    }
    return { node: 'item', value, alias: this.alias() };
  }

  #starItem(at: Select['at'], base?: Expression): SelectItem {
    const except = this.acceptKeyword('EXCEPT') ? this.names() : [];
    const replace = this.peek().keyword === 'REPLACE' && this.isSymbol('(', 1) ? this.#replacements() : [];
    return { node: 'star', at, base, except, replace };
  }

  #replacements(): NamedExpression[] {
    this.next();
    return this.inParentheses(() => {
      const value = this.expression();
      this.expectKeyword('AS');
      return { value, name: this.identifier() };
    });
  }
}
