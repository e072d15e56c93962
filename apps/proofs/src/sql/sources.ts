import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import { type Expressions, elementOf, type Surroundings } from './expressions.ts';
import { list, type Piece, sql, typed } from './piece.ts';

export type Tables = Map<string, readonly Column[]>;

/** What stands in FROM. */
export interface From extends Surroundings {
  readonly piece: Piece;
}

/** The rows that a query reads, and plain expressions and conditions over them. */
export class Sources {
  readonly #draws: Draws;
  readonly #tables: Tables;
  readonly #expressions: Expressions;
  #aliases = 0;

  constructor(draws: Draws, tables: Tables, expressions: Expressions) {
    this.#draws = draws;
    this.#tables = tables;
    this.#expressions = expressions;
  }

  /** Names begin anew. */
  begin(): void {
    this.#aliases = 0;
  }

  /** An expression that is simple enough to fail nowhere, whatever rows it is evaluated for. */
  item(around: Surroundings, type: string): Piece {
    const draws = this.#draws;
    const leaf = (of = type) => this.#expressions.leaf(of, around);
    const forms: (() => Piece)[] = [
      leaf,
      leaf,
      () => sql`COALESCE(${leaf()}, ${leaf()})`,
      () => sql`IF(${this.condition(around)}, ${leaf()}, ${leaf()})`,
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

  condition(around: Surroundings): Piece {
    const draws = this.#draws;
    const type = draws.pick(['STRING', 'INT64', 'DATE', 'FLOAT64']);
    const leaf = () => this.#expressions.leaf(type, around);
    const forms: (() => Piece)[] = [
      () => sql`${leaf()} ${draws.pick(['=', '!=', '<', '>=', 'IS DISTINCT FROM'])} ${leaf()}`,
      () => sql`${leaf()} IS ${draws.pick(['', 'NOT '])}NULL`,
      () => sql`${leaf()} ${draws.pick(['', 'NOT '])}IN (${list([leaf(), leaf()])})`,
      () => sql`(${this.condition(around)}) ${draws.pick(['AND', 'OR'])} (${this.condition(around)})`,
    ];
    const texts = around.columns.filter((column) => column.type === 'STRING');
    if (texts.length > 0) {
      const { name } = draws.pick(texts);
      const inner = this.alias();
      forms.push(
        () => sql`EXISTS (SELECT 1 FROM countries AS ${inner} WHERE ${inner}.pais = ${name})`,
        () => sql`${name} ${draws.pick(['', 'NOT '])}IN (SELECT ${inner}.pais FROM countries AS ${inner})`,
        () => sql`(SELECT COUNT(*) FROM countries AS ${inner} WHERE ${inner}.pais = ${name}) > 0`,
      );
    }
    return typed('BOOL', draws.pick(forms)());
  }

  from(joins: number): From {
    const draws = this.#draws;
    const left = this.table(draws.chance(0.8) ? 'people' : 'countries');
    const kind = draws.below(1);
    if (joins === 0 || kind < 0.35) return left;
    if (kind < 0.5) return this.#unnest(left);
    const right = this.table('countries');
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
    const on = draws.chance(0.7) ? sql`${pais.join(' = ')}` : this.condition({ columns, keys });
    if (draws.chance(0.3))
      return { piece: sql`${left.piece} ${word} ${right.piece} USING (pais)`, columns, keys };
    return { piece: sql`${left.piece} ${word} ${right.piece} ON ${on}`, columns, keys };
  }

  #unnest(left: From): From {
    const draws = this.#draws;
    const arrays = left.columns.filter(({ type }) => elementOf(type) !== undefined);
    const [value, offset] = [this.alias(), this.alias()];
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

  table(name: string): From {
    const alias = this.alias();
    const columns = qualified(alias, this.#tables.get(name) ?? []);
    return {
      piece: { parts: [`${name} AS ${alias}`] },
      columns,
      keys: columns.slice(0, 1).map((column) => column.name),
    };
  }

  alias(): string {
    this.#aliases += 1;
    return `t${this.#aliases}`;
  }
}

export function qualified(alias: string, columns: readonly Column[]): Column[] {
  return columns.map(({ name, type }) => ({ name: `${alias}.${name}`, type }));
}

/** The range variable of a table. */
export function alias({ keys }: From): string {
  return keys[0]?.split('.')[0] ?? '';
}
