import type { FunctionSignature as Signature } from '@records/local-cloud';
import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import { Constructs } from './constructs.ts';
import { Expressions, type Surroundings } from './expressions.ts';
import { ORDERED } from './functions.ts';
import type { GeneratedQuery } from './generated-query.ts';
import { SCALARS } from './literals.ts';
import { list, optional, type Piece, sql, typed } from './piece.ts';
import { type From, qualified, Sources, type Tables } from './sources.ts';
import { Statements } from './statements.ts';

const DEPTH = 2;
/** Texts that a set operation may read as a date or time. */
const WRITTEN = ["'2024-02-29'", "'10:20:30'", "'2024-02-29 10:20:30'", "'x'"];

/** Queries over the tables. */
export class Grammar {
  readonly #draws: Draws;
  readonly #expressions: Expressions;
  readonly #sources: Sources;
  readonly #constructs: Constructs;
  readonly #statements: Statements;

  constructor(draws: Draws, tables: Tables, signatures: readonly Signature[]) {
    this.#draws = draws;
    this.#expressions = new Expressions(draws, signatures);
    this.#sources = new Sources(draws, tables, this.#expressions);
    this.#constructs = new Constructs(draws, this.#expressions, this.#sources);
    this.#statements = new Statements(draws, this.#sources);
  }

  get signatures(): readonly Signature[] {
    return this.#expressions.signatures;
  }

  /** The query at a position: the same one whatever was asked before. */
  query(position: number): GeneratedQuery {
    this.#draws.moveTo(position);
    this.#sources.begin();
    const { signatures } = this.#expressions;
    if (this.#draws.chance(0.55)) return this.#ofSignature(this.#draws.pick(signatures));
    if (this.#draws.chance(0.3)) return this.#ofExpression();
    if (this.#draws.chance(0.4)) return this.#constructs.query();
    if (this.#draws.chance(0.1)) return this.#statements.query();
    return this.#relational();
  }

  /** The query of a number about a signature. */
  about(signature: Signature, number: number): GeneratedQuery {
    this.#draws.moveTo(number);
    this.#sources.begin();
    return this.#ofSignature(signature);
  }

  #ofSignature(signature: Signature): GeneratedQuery {
    if (signature.kind === 'scalar')
      return { ...this.#over((around) => this.#expressions.call(signature, around, 1)), signature };
    const from = this.#sources.table('people');
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
    const from = this.#draws.chance(0.5) ? undefined : this.#sources.table('people');
    const alone = (part: Piece) =>
      from
        ? sql`SELECT ${from.keys[0] ?? ''} AS n, ${part} AS c FROM ${from.piece} ORDER BY 1`
        : sql`SELECT ${part} AS c`;
    return { piece: alone(make(from ?? { columns: [], keys: [] })), ordered: true, alone };
  }

  #relational(): GeneratedQuery {
    const draws = this.#draws;
    if (draws.chance(0.2)) return this.#setOperation();
    const inner = draws.chance(0.25) ? this.#select(this.#sources.from(1), 'named') : undefined;
    const alias = this.#sources.alias();
    if (inner && draws.chance(0.5)) {
      const from: From = { piece: { parts: [alias] }, columns: qualified(alias, inner.columns), keys: [] };
      const outer = this.#select(from, 'free');
      const under = (query: Piece) => sql`WITH ${alias} AS (${inner.piece}) ${query}`;
      return {
        piece: under(outer.piece),
        ordered: outer.ordered,
        inner: [inner.piece, ...(inner.inner ?? []), ...(outer.inner ?? []).map(under)],
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
    return this.#select(this.#sources.from(2), 'free');
  }

  #setOperation(): GeneratedQuery {
    const draws = this.#draws;
    const types = Array.from({ length: 1 + Math.floor(draws.below(3)) }, () => draws.pick(SCALARS));
    const operator = draws.pick(['UNION ALL', 'UNION DISTINCT', 'INTERSECT DISTINCT', 'EXCEPT DISTINCT']);
    const side = (): Piece => {
      const from = this.#sources.from(0);
      const items = types.map((type) => {
        if (/DATE|TIME/.test(type) && draws.chance(0.15)) return typed(type, draws.pick(WRITTEN));
        return this.#sources.item(from, draws.chance(0.95) ? type : draws.pick(SCALARS));
      });
      const where = draws.chance(0.3) ? sql` WHERE ${this.#sources.condition(from)}` : sql``;
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

  #select(from: From, naming: 'named' | 'free'): GeneratedQuery & { readonly columns: readonly Column[] } {
    const draws = this.#draws;
    const where = draws.chance(0.4) ? optional(sql` WHERE ${this.#sources.condition(from)}`) : '';
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
    const ordinals = items.map(
      (_, index) => `${index + 1}${draws.pick(['', '', ' DESC', ' NULLS LAST', ' DESC NULLS FIRST'])}`,
    );
    const order = [...this.#firstOrder(from), ...ordinals].join(', ');
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

  /** Sometimes an expression of ORDER BY: of a column of FROM, or of an alias that the SELECT list may have. */
  #firstOrder(from: From): string[] {
    const draws = this.#draws;
    if (!draws.chance(0.2)) return [];
    const columns = from.columns.filter(({ type }) => SCALARS.includes(type) && type !== 'JSON');
    const subject = draws.pick(['c0', ...columns.map(({ name }) => name)]);
    return [draws.pick([subject, `${subject} IS NULL`, `COALESCE(${subject}, NULL)`, `'x' || n`])];
  }

  #plain(from: From): { items: readonly Piece[]; after: Piece; having?: Piece } {
    const draws = this.#draws;
    const items = Array.from({ length: 1 + Math.floor(draws.below(4)) }, () =>
      this.#sources.item(from, draws.pick(SCALARS)),
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
      const forms = [String(index + 1), `c${index}`, String(parts[0])];
      return isColumn && draws.chance(0.4) ? String(parts[0]) : draws.pick(forms);
    });
    const having = draws.chance(0.3) ? optional(sql` HAVING COUNT(*) ${draws.pick(['>', '<=', '='])} 1`) : '';
    const again = keys.filter(({ type }) => type === 'STRING' && draws.chance(0.25));
    const lengths = again.map((key) => typed('INT64', sql`LENGTH(${key})`));
    const items = [...keys, ...calls, ...lengths];
    return { items, after: sql` GROUP BY ${by.join(', ')}`, ...(having && { having }) };
  }
}
