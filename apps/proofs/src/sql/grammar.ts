import type { FunctionSignature as Signature } from '@records/local-cloud';
import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import { Expressions, elementOf, type Surroundings } from './expressions.ts';
import { list, optional, type Piece, sql, typed } from './piece.ts';
import { ORDERED, SCALARS } from './values.ts';

export interface GeneratedQuery {
  readonly piece: Piece;
  /** Whether the query determines the order of its rows. */
  readonly ordered: boolean;
  /** The signature that it is about. */
  readonly signature?: Signature;
  /** The same question about a part of its one expression. */
  alone?(part: Piece): Piece;
  /** The queries in FROM and WITH, and the query without HAVING and LIMIT. */
  readonly inner?: readonly Piece[];
}

export type Tables = Map<string, readonly Column[]>;

interface From extends Surroundings {
  readonly piece: Piece;
}

const DEPTH = 2;

/** Queries over the tables. */
export class Grammar {
  readonly #draws: Draws;
  readonly #tables: Tables;
  readonly #expressions: Expressions;
  #aliases = 0;

  constructor(draws: Draws, tables: Tables, signatures: readonly Signature[]) {
    this.#draws = draws;
    this.#tables = tables;
    this.#expressions = new Expressions(draws, signatures);
  }

  get signatures(): readonly Signature[] {
    return this.#expressions.signatures;
  }

  /** The query at a position: the same one whatever was asked before. */
  query(position: number): GeneratedQuery {
    this.#draws.moveTo(position);
    this.#aliases = 0;
    const { signatures } = this.#expressions;
    if (this.#draws.chance(0.55)) return this.#ofSignature(this.#draws.pick(signatures));
    if (this.#draws.chance(0.3)) return this.#ofExpression();
    return this.#relational();
  }

  /** The query of a number about a signature. */
  about(signature: Signature, number: number): GeneratedQuery {
    this.#draws.moveTo(number);
    this.#aliases = 0;
    return this.#ofSignature(signature);
  }

  #ofSignature(signature: Signature): GeneratedQuery {
    if (signature.kind === 'scalar')
      return { ...this.#over((around) => this.#expressions.call(signature, around, 1)), signature };
    const from = this.#table('people');
    if (signature.kind === 'window') {
      const call = this.#expressions.window(signature, from);
      return {
        piece: sql`SELECT ${from.keys[0] ?? ''}, ${call} AS c FROM ${from.piece} ORDER BY 1`,
        ordered: true,
        signature,
      };
    }
    const call = this.#expressions.aggregate(signature, from, 1);
    const key = this.#draws.pick(from.columns.filter(({ type }) => SCALARS.includes(type))).name;
    if (this.#draws.chance(0.3)) {
      const over = this.#expressions.window(signature, from);
      return {
        piece: sql`SELECT ${from.keys[0] ?? ''}, ${over} AS c FROM ${from.piece} ORDER BY 1`,
        ordered: true,
        signature,
      };
    }
    const grouped = this.#draws.chance(0.5);
    if (!grouped) return { piece: sql`SELECT ${call} AS c FROM ${from.piece}`, ordered: true, signature };
    return {
      piece: sql`SELECT ${key} AS k, ${call} AS c FROM ${from.piece} GROUP BY ${key} ORDER BY 1`,
      ordered: true,
      signature,
    };
  }

  #ofExpression(): GeneratedQuery {
    const type = this.#draws.chance(0.15) ? `ARRAY<${this.#draws.pick(SCALARS)}>` : this.#draws.pick(SCALARS);
    return this.#over((around) => typed(type, this.#expressions.operator(type, around, DEPTH)));
  }

  /** An expression of constants, or of the columns of each person. */
  #over(make: (around: Surroundings) => Piece): GeneratedQuery {
    const from = this.#draws.chance(0.5) ? undefined : this.#table('people');
    const alone = (part: Piece) =>
      from
        ? sql`SELECT ${from.keys[0] ?? ''} AS n, ${part} AS c FROM ${from.piece} ORDER BY 1`
        : sql`SELECT ${part} AS c`;
    return { piece: alone(make(from ?? { columns: [], keys: [] })), ordered: true, alone };
  }

  #relational(): GeneratedQuery {
    const draws = this.#draws;
    if (draws.chance(0.2)) return this.#setOperation();
    const inner = draws.chance(0.25) ? this.#select(this.#from(1), 'named') : undefined;
    const alias = this.#alias();
    if (inner && draws.chance(0.5)) {
      const from: From = { piece: { parts: [alias] }, columns: qualified(alias, inner.columns), keys: [] };
      const outer = this.#select(from, 'free');
      return {
        piece: sql`WITH ${alias} AS (${inner.piece}) ${outer.piece}`,
        ordered: outer.ordered,
        inner: [inner.piece, ...(inner.inner ?? [])],
      };
    }
    if (inner) {
      const from: From = {
        piece: sql`(${inner.piece}) AS ${alias}`,
        columns: qualified(alias, inner.columns),
        keys: [],
      };
      const outer = this.#select(from, 'free');
      return { ...outer, inner: [inner.piece, ...(inner.inner ?? []), ...(outer.inner ?? [])] };
    }
    return this.#select(this.#from(2), 'free');
  }

  #setOperation(): GeneratedQuery {
    const draws = this.#draws;
    const types = Array.from({ length: 1 + Math.floor(draws.below(3)) }, () => draws.pick(SCALARS));
    const operator = draws.pick(['UNION ALL', 'UNION DISTINCT', 'INTERSECT DISTINCT', 'EXCEPT DISTINCT']);
    const side = (): Piece => {
      const from = this.#from(0);
      const items = types.map((type) => this.#item(from, draws.chance(0.95) ? type : draws.pick(SCALARS)));
      const where = draws.chance(0.3) ? sql` WHERE ${this.#condition(from)}` : sql``;
      const named = items.flatMap((item, index) => [index === 0 ? '' : ', ', item, ` AS c${index}`]);
      return sql`SELECT ${{ parts: named }} FROM ${from.piece}${optional(where)}`;
    };
    const more = draws.chance(0.2) ? optional(sql` ${operator} ${side()}`) : '';
    const order = draws.chance(0.5) ? `  ORDER BY ${types.map((_, index) => index + 1).join(', ')}` : '';
    return {
      piece: sql`${side()} ${operator} ${side()}${more}${optional({ parts: [order] })}`,
      ordered: order !== '',
    };
  }

  /** An expression that is simple enough to fail nowhere, whatever rows it is evaluated for. */
  #item(around: Surroundings, type: string): Piece {
    const draws = this.#draws;
    const leaf = (of = type) => this.#expressions.leaf(of, around);
    const forms: (() => Piece)[] = [
      leaf,
      leaf,
      () => sql`COALESCE(${leaf()}, ${leaf()})`,
      () => sql`IF(${this.#condition(around)}, ${leaf()}, ${leaf()})`,
    ];
    if (type === 'STRING')
      forms.push(
        () => sql`UPPER(${leaf()})`,
        () => sql`CONCAT(${leaf()}, ${leaf()})`,
        () => sql`CAST(${leaf('INT64')} AS STRING)`,
      );
    if (type === 'INT64')
      forms.push(
        () => sql`LENGTH(${leaf('STRING')})`,
        () => sql`SAFE_ADD(${leaf()}, ${leaf()})`,
      );
    return typed(type, draws.pick(forms)());
  }

  #condition(around: Surroundings): Piece {
    const draws = this.#draws;
    const type = draws.pick(['STRING', 'INT64', 'DATE', 'FLOAT64']);
    const leaf = () => this.#expressions.leaf(type, around);
    const forms: (() => Piece)[] = [
      () => sql`${leaf()} ${draws.pick(['=', '!=', '<', '>=', 'IS DISTINCT FROM'])} ${leaf()}`,
      () => sql`${leaf()} IS ${draws.pick(['', 'NOT '])}NULL`,
      () => sql`${leaf()} ${draws.pick(['', 'NOT '])}IN (${list([leaf(), leaf()])})`,
      () => sql`(${this.#condition(around)}) ${draws.pick(['AND', 'OR'])} (${this.#condition(around)})`,
    ];
    const texts = around.columns.filter((column) => column.type === 'STRING');
    if (texts.length > 0) {
      const { name } = draws.pick(texts);
      const inner = this.#alias();
      forms.push(
        () => sql`EXISTS (SELECT 1 FROM countries AS ${inner} WHERE ${inner}.pais = ${name})`,
        () => sql`${name} ${draws.pick(['', 'NOT '])}IN (SELECT ${inner}.pais FROM countries AS ${inner})`,
        () => sql`(SELECT COUNT(*) FROM countries AS ${inner} WHERE ${inner}.pais = ${name}) > 0`,
      );
    }
    return typed('BOOL', draws.pick(forms)());
  }

  #select(from: From, naming: 'named' | 'free'): GeneratedQuery & { readonly columns: readonly Column[] } {
    const draws = this.#draws;
    const where = draws.chance(0.4) ? optional(sql` WHERE ${this.#condition(from)}`) : '';
    const build = draws.chance(0.35) ? this.#grouped(from) : this.#plain(from);
    const columns: Column[] = [];
    const bare = new Set<string>();
    const items = build.items.map((item, index) => {
      const type = item.type ?? '';
      const column = from.columns.find(({ name }) => name === item.parts[0]);
      const lastName = column?.name.split('.').at(-1) ?? '';
      const isFresh = column !== undefined && !bare.has(lastName) && !/^c\d$/.test(lastName);
      const isBare = item.parts.length === 1 && isFresh && naming === 'free' && draws.chance(0.5);
      if (isBare) bare.add(lastName);
      const name = `c${index}`;
      columns.push({ name, type });
      return isBare || (naming === 'free' && !column && draws.chance(0.1)) ? item : sql`${item} AS ${name}`;
    });
    const sortable = build.items.every(({ type = '' }) => SCALARS.includes(type));
    const ordered = sortable && draws.chance(0.6);
    const order = items
      .map((_, index) => `${index + 1}${draws.pick(['', '', ' DESC', ' NULLS LAST', ' DESC NULLS FIRST'])}`)
      .join(', ');
    const limit =
      ordered && draws.chance(0.4)
        ? optional({ parts: [` LIMIT ${1 + Math.floor(draws.below(3))}${draws.pick(['', ' OFFSET 1'])}`] })
        : '';
    const distinct = sortable && draws.chance(0.2) ? optional({ parts: ['DISTINCT '] }) : '';
    const tail = ordered ? sql` ORDER BY ${order}${limit}` : '';
    const start = sql`SELECT ${distinct}${list(items)} FROM ${from.piece}${where}`;
    return {
      piece: sql`${start}${build.after}${build.having ?? ''}${tail}`,
      ordered,
      columns,
      ...(build.having && { inner: [sql`${start}${build.after}`] }),
    };
  }

  #plain(from: From): { items: readonly Piece[]; after: Piece; having?: Piece } {
    const draws = this.#draws;
    const items = Array.from({ length: 1 + Math.floor(draws.below(4)) }, () =>
      this.#item(from, draws.pick(SCALARS)),
    );
    const windows = this.#expressions.signatures.filter(({ kind }) => kind === 'window');
    if (from.keys.length === 0 || draws.chance(0.6)) return { items, after: sql`` };
    const call = this.#expressions.window(draws.pick(windows), from);
    const qualify = draws.chance(0.3)
      ? optional(sql` QUALIFY ROW_NUMBER() OVER (ORDER BY ${from.keys.join(', ')}) < 4`)
      : sql``;
    return { items: [...items, call], after: sql`${qualify}` };
  }

  #grouped(from: From): { items: readonly Piece[]; after: Piece; having?: Piece } {
    const draws = this.#draws;
    const candidates = from.columns.filter(({ type }) => SCALARS.includes(type));
    const keys = Array.from({ length: 1 + Math.floor(draws.below(2)) }, () => {
      const { name, type } = draws.pick(candidates);
      return type === 'STRING' && draws.chance(0.3) ? typed(type, `UPPER(${name})`) : typed(type, name);
    });
    const aggregates = this.#expressions.signatures.filter(
      ({ kind, name }) => kind === 'aggregate' && (from.keys.length > 0 || !ORDERED.test(name)),
    );
    const calls = Array.from({ length: 1 + Math.floor(draws.below(2)) }, () =>
      this.#expressions.aggregate(draws.pick(aggregates), from, 0),
    );
    const by = keys.map(({ parts }, index) => {
      const isColumn = candidates.some(({ name }) => name === parts[0]);
      return isColumn && draws.chance(0.5) ? String(parts[0]) : String(index + 1);
    });
    const having = draws.chance(0.3) ? optional(sql` HAVING COUNT(*) ${draws.pick(['>', '<=', '='])} 1`) : '';
    const items = [...keys, ...calls];
    return { items, after: sql` GROUP BY ${by.join(', ')}`, ...(having && { having }) };
  }

  #from(joins: number): From {
    const draws = this.#draws;
    const left = this.#table(draws.chance(0.8) ? 'people' : 'countries');
    const kind = draws.below(1);
    if (joins === 0 || kind < 0.35) return left;
    if (kind < 0.5) return this.#unnest(left);
    const right = this.#table('countries');
    const word = draws.pick([
      'JOIN',
      'LEFT JOIN',
      'RIGHT JOIN',
      'FULL JOIN',
      'INNER JOIN',
      'FULL OUTER JOIN',
    ]);
    const columns = [...left.columns, ...right.columns];
    const keys = [...left.keys, ...right.keys];
    if (kind < 0.6) return { piece: sql`${left.piece} CROSS JOIN ${right.piece}`, columns, keys };
    const pais = [left, right].map(
      (side) => side.columns.find(({ name }) => name.endsWith('.pais'))?.name ?? '',
    );
    const on = draws.chance(0.7) ? sql`${pais.join(' = ')}` : this.#condition({ columns, keys });
    if (draws.chance(0.3))
      return { piece: sql`${left.piece} ${word} ${right.piece} USING (pais)`, columns, keys };
    return { piece: sql`${left.piece} ${word} ${right.piece} ON ${on}`, columns, keys };
  }

  #unnest(left: From): From {
    const draws = this.#draws;
    const arrays = left.columns.filter(({ type }) => elementOf(type) !== undefined);
    const [value, offset] = [this.#alias(), this.#alias()];
    const array = arrays.length > 0 ? draws.pick(arrays) : { name: '[1, 2, NULL]', type: 'ARRAY<INT64>' };
    const columns = [
      ...left.columns,
      { name: value, type: elementOf(array.type) ?? '' },
      { name: offset, type: 'INT64' },
    ];
    const word = draws.pick([', ', ' CROSS JOIN ', ' LEFT JOIN ']);
    const piece = sql`${left.piece}${word}UNNEST(${array.name}) AS ${value} WITH OFFSET AS ${offset}`;
    return { piece, columns, keys: [...left.keys, offset] };
  }

  #table(name: string): From {
    const alias = this.#alias();
    const columns = qualified(alias, this.#tables.get(name) ?? []);
    return {
      piece: { parts: [`${name} AS ${alias}`] },
      columns,
      keys: columns.slice(0, 1).map((column) => column.name),
    };
  }

  #alias(): string {
    this.#aliases += 1;
    return `t${this.#aliases}`;
  }
}

function qualified(alias: string, columns: readonly Column[]): Column[] {
  return columns.map(({ name, type }) => ({ name: `${alias}.${name}`, type }));
}
