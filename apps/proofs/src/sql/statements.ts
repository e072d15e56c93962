import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import type { GeneratedQuery } from './generated-query.ts';
import { SCALARS } from './literals.ts';
import { type Piece, sql } from './piece.ts';
import { alias, type From, type Sources } from './sources.ts';

/** One row of each country that has a name. */
const COUNTRIES = '(SELECT * FROM countries WHERE k < 5)';
/** Matches four people with four countries, and leaves two of both. */
const SHIFT = 2;
const FIRST_NEW = 10;

/**
 * Statements that change rows of a copy of the people. Google's evaluator stores nothing: it is asked by a query for the
 * rows that the statement leaves.
 */
export class Statements {
  readonly #draws: Draws;
  readonly #sources: Sources;

  constructor(draws: Draws, sources: Sources) {
    this.#draws = draws;
    this.#sources = sources;
  }

  query(): GeneratedQuery {
    return this.#draws.pick<() => GeneratedQuery>([
      () => this.#update(),
      () => this.#updateFrom(),
      () => this.#delete(),
      () => this.#insert(),
      () => this.#merge(),
      () => this.#merge(),
    ])();
  }

  #update(): GeneratedQuery {
    const people = this.#sources.table('people');
    const { name, type } = this.#column(people);
    const [value, condition] = [this.#sources.item(people, type), this.#sources.condition(people)];
    return leaving(
      sql`UPDATE x AS ${alias(people)} SET ${short(name)} = ${value} WHERE ${condition}`,
      sql`SELECT * REPLACE (IF(${condition}, ${value}, ${name}) AS ${short(name)}) FROM ${people.piece} ORDER BY 1`,
    );
  }

  #updateFrom(): GeneratedQuery {
    const [people, countries] = [this.#sources.table('people'), this.#sources.table('countries')];
    const [a, b] = [alias(people), alias(countries)];
    const both = joined(people, countries);
    const { name, type } = this.#column(people);
    const [value, condition] = [this.#sources.item(both, type), this.#sources.condition(both)];
    return leaving(
      sql`UPDATE x AS ${a} SET ${short(name)} = ${value} FROM ${COUNTRIES} AS ${b} WHERE ${a}.pais = ${b}.pais AND (${condition})`,
      sql`SELECT ${a}.* REPLACE (IF(${b}.k IS NOT NULL AND (${condition}), ${value}, ${name}) AS ${short(name)}) FROM people AS ${a} LEFT JOIN ${COUNTRIES} AS ${b} ON ${a}.pais = ${b}.pais ORDER BY 1`,
    );
  }

  #delete(): GeneratedQuery {
    const people = this.#sources.table('people');
    const condition = this.#sources.condition(people);
    return leaving(
      sql`DELETE FROM x AS ${alias(people)} WHERE ${condition}`,
      sql`SELECT * FROM ${people.piece} WHERE (${condition}) IS NOT TRUE ORDER BY 1`,
    );
  }

  #insert(): GeneratedQuery {
    const [people, countries] = [this.#sources.table('people'), this.#sources.table('countries')];
    const { name, type } = this.#column(people);
    const added = sql`SELECT ${alias(countries)}.k + ${String(FIRST_NEW)}, ${this.#sources.item(countries, type)} FROM ${countries.piece}`;
    return leaving(
      sql`INSERT INTO x (n, ${short(name)}) ${added}`,
      sql`SELECT ${alias(people)}.n, ${name} FROM ${people.piece} UNION ALL ${added} ORDER BY 1`,
      short(name),
    );
  }

  #merge(): GeneratedQuery {
    const draws = this.#draws;
    const [people, countries] = [this.#sources.table('people'), this.#sources.table('countries')];
    const [a, b] = [alias(people), alias(countries)];
    const both = joined(people, countries);
    const { name, type } = this.#column(people);
    const condition = (of: Omit<From, 'piece'>) =>
      draws.chance(0.6) ? this.#sources.condition(of) : sql`TRUE`;
    const on = `${a}.n = ${b}.k + ${SHIFT}`;
    const [changed, removed, absent, orphan] = [
      condition(both),
      condition(both),
      condition(countries),
      condition(people),
    ];
    const [value, added] = [this.#sources.item(both, type), this.#sources.item(countries, type)];
    const key = `${b}.k + ${FIRST_NEW}`;
    const [isNew, isOrphan] = [`${a}.n IS NULL`, `${b}.k IS NULL`];
    const isDeleted = sql`IF(${isNew}, (${absent}) IS NOT TRUE, IF(${isOrphan}, ${orphan}, (${changed}) IS NOT TRUE AND (${removed})))`;
    return leaving(
      sql`MERGE INTO x AS ${a} USING countries AS ${b} ON ${on} WHEN MATCHED AND ${changed} THEN UPDATE SET ${short(name)} = ${value} WHEN MATCHED AND ${removed} THEN DELETE WHEN NOT MATCHED AND ${absent} THEN INSERT (n, ${short(name)}) VALUES (${key}, ${added}) WHEN NOT MATCHED BY SOURCE AND ${orphan} THEN DELETE`,
      sql`SELECT IF(${isNew}, ${key}, ${a}.n) AS n, CASE WHEN ${isNew} THEN ${added} WHEN ${b}.k IS NOT NULL AND (${changed}) THEN ${value} ELSE ${name} END AS ${short(name)} FROM people AS ${a} FULL JOIN countries AS ${b} ON ${on} WHERE (${isDeleted}) IS NOT TRUE ORDER BY 1`,
      short(name),
    );
  }

  #column({ columns, keys }: From): Column {
    return this.#draws.pick(
      columns.filter(({ name, type }) => SCALARS.includes(type) && !keys.includes(name)),
    );
  }
}

/** The statement in a script that reads the changed rows, of one column or of all, and the query for the same rows. */
function leaving(statement: Piece, rows: Piece, column?: string): GeneratedQuery {
  const read = column === undefined ? '*' : `n, ${column}`;
  return {
    piece: rows,
    script: sql`CREATE TEMP TABLE x AS SELECT * FROM people; ${statement}; SELECT ${read} FROM x ORDER BY 1`,
    ordered: true,
  };
}

function joined(a: From, b: From): Omit<From, 'piece'> {
  return { columns: [...a.columns, ...b.columns], keys: [...a.keys, ...b.keys] };
}

function short(name: string): string {
  return name.split('.').at(-1) ?? '';
}
