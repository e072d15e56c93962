import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import { type Expressions, elementOf } from './expressions.ts';
import type { GeneratedQuery } from './generated-query.ts';
import { SCALARS } from './literals.ts';
import { list, optional, type Piece, sql, typed } from './piece.ts';
import { alias, type From, type Sources } from './sources.ts';

const WINDOWS = [
  'ROW_NUMBER()',
  'RANK()',
  'DENSE_RANK()',
  'PERCENT_RANK()',
  'CUME_DIST()',
  'NTILE(2)',
] as const;
const RANGES = [
  'UNBOUNDED PRECEDING AND CURRENT ROW',
  '1 PRECEDING AND 1 FOLLOWING',
  'CURRENT ROW AND UNBOUNDED FOLLOWING',
  '10 PRECEDING AND 2 PRECEDING',
  '0 PRECEDING AND 40 FOLLOWING',
];

/** Queries about one construct of the language each. */
export class Constructs {
  readonly #draws: Draws;
  readonly #expressions: Expressions;
  readonly #sources: Sources;

  constructor(draws: Draws, expressions: Expressions, sources: Sources) {
    this.#draws = draws;
    this.#expressions = expressions;
    this.#sources = sources;
  }

  query(): GeneratedQuery {
    return this.#draws.pick<() => GeneratedQuery>([
      () => this.#recursive(),
      () => this.#pivot(),
      () => this.#unpivot(),
      () => this.#correlated(),
      () => this.#correlated(),
      () => this.#nested(),
      () => this.#nested(),
      () => this.#namedWindow(),
      () => this.#qualified(),
      () => this.#ranges(),
      () => this.#stars(),
      () => this.#structs(),
    ])();
  }

  /** Counts, or repeats a text, until a number of rows. */
  #recursive(): GeneratedQuery {
    const draws = this.#draws;
    const [type, step] = draws.pick([
      ['STRING', "CONCAT(r.v, 'x')"],
      ['INT64', 'SAFE_ADD(r.v, r.i)'],
      ['INT64', '-r.v'],
      ['DATE', 'DATE_TRUNC(r.v, YEAR)'],
    ] as const);
    const start = this.#expressions.leaf(type);
    const union = draws.pick(['UNION ALL', 'UNION ALL', 'UNION DISTINCT']);
    const from: From = {
      piece: sql`r`,
      columns: [
        { name: 'r.i', type: 'INT64' },
        { name: 'r.v', type },
      ],
      keys: [],
    };
    const last = draws.pick(['1', '2', '5']);
    const where = draws.chance(0.3) ? optional(sql` WHERE ${this.#sources.condition(from)}`) : '';
    const first = sql`SELECT 1 AS i, ${start} AS v`;
    const more = sql`SELECT r.i + 1, ${step} FROM r WHERE r.i < ${last}`;
    const whole = sql`WITH RECURSIVE r AS (${first} ${union} ${more}) SELECT r.i, r.v FROM r`;
    return { piece: sql`${whole}${where} ORDER BY 1, 2`, ordered: true, inner: [whole] };
  }

  #pivot(): GeneratedQuery {
    const draws = this.#draws;
    const columns = this.#plainColumns();
    const [key, value] = [draws.pick(columns), draws.pick(columns)];
    const by = draws.pick(
      columns.filter(({ type, name }) => ['STRING', 'INT64', 'BOOL'].includes(type) && name !== 'pais'),
    );
    const values = list(
      Array.from({ length: 1 + Math.floor(draws.below(2)) }, (_, index) => {
        const leaf = this.#expressions.leaf(by.type);
        return draws.chance(0.7) ? sql`${leaf} AS v${String(index)}` : leaf;
      }),
    );
    const functions = ['COUNT', 'MAX', 'MIN'];
    const calls = list(
      Array.from({ length: 1 + Math.floor(draws.below(2)) }, (_, index) => {
        const call = draws.chance(0.2) ? 'COUNT(*)' : `${draws.pick(functions)}(v)`;
        return sql`${call} AS a${String(index)}`;
      }),
    );
    const inner = sql`SELECT ${key.name} AS k, ${value.name} AS v, ${by.name} AS b FROM people`;
    return { piece: sql`SELECT * FROM (${inner}) PIVOT (${calls} FOR b IN (${values}))`, ordered: false };
  }

  #unpivot(): GeneratedQuery {
    const draws = this.#draws;
    const columns = this.#plainColumns();
    const first = draws.pick(columns);
    const [a = '', b = ''] = [first, draws.pick(columns.filter(({ type }) => type === first.type))].map(
      ({ name }) => name,
    );
    // A column of its own each: Google unpivots a column once, whatever its names.
    const inner = sql`SELECT n + 0 AS k, ${a} AS a, ${a === b ? `IFNULL(${b}, ${b})` : b} AS b FROM people`;
    const nulls = draws.pick(['', ' INCLUDE NULLS', ' EXCLUDE NULLS']);
    const labels = draws.pick(['a, b', "a AS 'uno', b AS 'dos'", 'a AS 1, b AS 2', 'b']);
    return {
      piece: sql`SELECT * FROM (${inner}) UNPIVOT${nulls} (v FOR name IN (${labels}))`,
      ordered: false,
    };
  }

  /** A subquery that names a column of the query around it. */
  #correlated(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const inner = this.#sources.table(draws.pick(['people', 'countries']));
    const both = { columns: [...from.columns, ...inner.columns], keys: [] };
    const on = draws.chance(0.6)
      ? sql`${alias(inner)}.pais = ${alias(from)}.pais`
      : this.#sources.condition(both);
    const type = draws.pick(SCALARS);
    const item = this.#sources.item(both, type);
    const key = inner.keys.join(', ');
    const arrays = from.columns.filter((column) => elementOf(column.type) !== undefined);
    const array = draws.pick(arrays);
    const element = {
      columns: [{ name: 'x', type: elementOf(array.type) ?? '' }, ...from.columns],
      keys: [],
    };
    const call = draws.pick(['COUNT(*)', `MAX(${key})`, `COUNT(DISTINCT ${key})`]);
    const subquery = draws.pick<() => Piece>([
      () => sql`(SELECT ${item} FROM ${inner.piece} WHERE ${on} ORDER BY ${key} LIMIT 1)`,
      () => sql`(SELECT ${call} FROM ${inner.piece} WHERE ${on})`,
      () => sql`EXISTS (SELECT 1 FROM ${inner.piece} WHERE ${on})`,
      () => sql`ARRAY(SELECT ${key} FROM ${inner.piece} WHERE ${on} ORDER BY ${key})`,
      () =>
        sql`(${draws.pick(from.keys)} ${draws.pick(['', 'NOT '])}IN (SELECT ${key} FROM ${inner.piece} WHERE ${on}))`,
      () => sql`(SELECT COUNT(*) FROM UNNEST(${array.name}) AS x WHERE ${this.#sources.condition(element)})`,
      () => sql`(SELECT MAX(x) FROM UNNEST(${array.name}) AS x)`,
      () =>
        sql`ARRAY(SELECT x FROM UNNEST(${array.name}) AS x WITH OFFSET AS o WHERE ${this.#sources.condition(element)} ORDER BY o)`,
      () =>
        sql`(SELECT AS STRUCT ${key} AS k, COUNT(*) AS c FROM ${inner.piece} WHERE ${on} GROUP BY 1 ORDER BY 1 LIMIT 1)`,
    ])();
    const where = draws.chance(0.3) ? optional(sql` WHERE ${this.#sources.condition(from)}`) : '';
    return {
      piece: sql`SELECT ${from.keys[0] ?? ''} AS n, ${subquery} AS c FROM ${from.piece}${where} ORDER BY 1`,
      ordered: true,
    };
  }

  /** Arrays of structs, made and taken apart. */
  #nested(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const types = Array.from({ length: 2 }, () => draws.pick(SCALARS));
    const struct = sql`STRUCT(${list(types.map((type, index) => sql`${this.#sources.item(from, type)} AS f${String(index)}`))})`;
    const key = from.keys.join(', ');
    const group = draws.pick(from.columns.filter(({ type }) => ['STRING', 'BOOL', 'INT64'].includes(type)));
    const row = this.#sources.alias();
    const made = sql`ARRAY_AGG(${struct} ORDER BY ${key})`;
    return draws.pick<() => GeneratedQuery>([
      () => ({
        piece: sql`SELECT ${group.name} AS k, ${made} AS c FROM ${from.piece} GROUP BY 1 ORDER BY 1`,
        ordered: true,
      }),
      () => ({
        piece: sql`SELECT ${key} AS n, [${struct}, ${struct}] AS c, ${struct}.f0 AS d FROM ${from.piece} ORDER BY 1`,
        ordered: true,
      }),
      () => ({
        piece: sql`SELECT ${key} AS n, ${row}.f0, ${row}.f1 FROM ${from.piece}, UNNEST([${struct}]) AS ${row} ORDER BY 1`,
        ordered: true,
      }),
      () => ({
        piece: sql`SELECT k, ${row}.f1 AS c, o FROM (SELECT ${group.name} AS k, ${made} AS a FROM ${from.piece} GROUP BY 1), UNNEST(a) AS ${row} WITH OFFSET AS o`,
        ordered: false,
      }),
      () => ({
        piece: sql`SELECT k, ARRAY_LENGTH(a) AS l, a[SAFE_OFFSET(1)].f0 AS c, a[OFFSET(0)] AS d FROM (SELECT ${group.name} AS k, ${made} AS a FROM ${from.piece} GROUP BY 1) ORDER BY 1`,
        ordered: true,
      }),
      () => ({
        piece: sql`SELECT ${key} AS n, ARRAY(SELECT AS STRUCT ${row}, o FROM UNNEST(${alias(from)}.tags) AS ${row} WITH OFFSET AS o ORDER BY o) AS c FROM ${from.piece} ORDER BY 1`,
        ordered: true,
      }),
    ])();
  }

  #namedWindow(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const key = from.keys.join(', ');
    const columns = from.columns.filter(({ type }) => SCALARS.includes(type));
    const partition = draws.chance(0.6)
      ? optional(sql`PARTITION BY ${draws.pick(columns.filter(({ type }) => type !== 'FLOAT64')).name} `)
      : '';
    const order = sql`ORDER BY ${draws.pick(columns).name}${draws.pick(['', ' DESC', ' NULLS LAST'])}, ${key}`;
    const frame = draws.pick(['', 'ROWS 1 PRECEDING', 'ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING']);
    const column = draws.pick(columns);
    const calls = [
      sql`${draws.pick(WINDOWS)} OVER w`,
      sql`COUNT(${column.name}) OVER ${draws.pick(['w', `(w ${frame})`, 'v'])}`,
      sql`${draws.pick(['FIRST_VALUE', 'LAST_VALUE'])}(${column.name}) OVER (w ${frame})`,
      sql`${draws.pick(['LAG', 'LEAD'])}(${column.name}) OVER v`,
    ];
    const items = list(calls.map((call, index) => sql`${call} AS c${String(index)}`));
    return {
      piece: sql`SELECT ${key}, ${items} FROM ${from.piece} WINDOW w AS (${partition}${order}), v AS w ORDER BY 1`,
      ordered: true,
    };
  }

  #qualified(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table(draws.pick(['people', 'countries']));
    const key = from.keys.join(', ');
    const columns = from.columns.filter(({ type }) => SCALARS.includes(type));
    const where = draws.pick([sql``, sql` WHERE TRUE`, sql` WHERE ${this.#sources.condition(from)}`]);
    const partition = draws.pick(columns.filter(({ type }) => type !== 'FLOAT64')).name;
    const rank = sql`${draws.pick(WINDOWS)} OVER (PARTITION BY ${partition} ORDER BY ${key}${draws.pick(['', ' DESC'])})`;
    const call = draws.pick([rank, rank, sql`COUNT(*) OVER (PARTITION BY ${partition})`]);
    const item = this.#sources.item(from, draws.pick(SCALARS));
    const named = draws.chance(0.4);
    const test = sql` ${draws.pick(['= 1', '> 1', '<= 2', 'IN (1, 3)', 'BETWEEN 1 AND 2'])}`;
    const select = sql`SELECT ${key} AS n, ${item} AS c${named ? sql`, ${call} AS r` : ''} FROM ${from.piece}${optional(where)}`;
    return {
      piece: sql`${select} QUALIFY ${named ? 'r' : call}${test} ORDER BY 1`,
      ordered: true,
    };
  }

  /** RANGE frames, which count values and not rows. */
  #ranges(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const columns = from.columns.filter(({ type }) => SCALARS.includes(type));
    const by = draws.pick(columns.filter(({ type }) => ['INT64', 'FLOAT64', 'NUMERIC'].includes(type)));
    const order = `${by.name}${draws.pick(['', ' DESC', ' ASC NULLS LAST'])}`;
    const column = draws.pick(columns);
    const call = draws.pick([
      `COUNT(${column.name})`,
      `MAX(${column.name})`,
      `MIN(${column.name})`,
      'COUNT(*)',
    ]);
    const partition = draws.chance(0.3) ? optional(sql`PARTITION BY ${from.columns[4]?.name ?? ''} `) : '';
    const frame = `RANGE BETWEEN ${draws.pick(RANGES)}`;
    return {
      piece: sql`SELECT ${from.keys[0] ?? ''}, ${call} OVER (${partition}ORDER BY ${order} ${frame}) AS c FROM ${from.piece} ORDER BY 1`,
      ordered: true,
    };
  }

  /** SELECT * with EXCEPT and REPLACE, of tables, joins and structs. */
  #stars(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const name = draws.pick(this.#plainColumns()).name;
    const item = this.#sources.item(from, draws.pick(SCALARS));
    const star = draws.pick<() => Piece>([
      () => sql`* EXCEPT (${name})`,
      () => sql`* REPLACE (${item} AS ${name})`,
      () => sql`${alias(from)}.* EXCEPT (foto, ${name === 'foto' ? 'tags' : name})`,
      () => sql`${alias(from)}.casa.*`,
      () => sql`n, STRUCT(${item} AS a, ${name} AS b).*`,
      () => sql`* EXCEPT (tags, puntos, casa) REPLACE (${item} AS ${name})`,
    ])();
    return { piece: sql`SELECT ${star} FROM ${from.piece}`, ordered: false };
  }

  /** Structs compared, grouped, and chosen. */
  #structs(): GeneratedQuery {
    const draws = this.#draws;
    const from = this.#sources.table('people');
    const types = [draws.pick(SCALARS), draws.pick(SCALARS)];
    const fields = () => list(types.map((type) => this.#sources.item(from, type)));
    const named = () =>
      list(types.map((type, index) => sql`${this.#sources.item(from, type)} AS f${String(index)}`));
    const expression = draws.pick<() => Piece>([
      () => sql`(${fields()}) ${draws.pick(['=', '!='])} (${fields()})`,
      () => sql`(${fields()}) ${draws.pick(['', 'NOT '])}IN ((${fields()}), (${fields()}))`,
      () => sql`IF(${this.#sources.condition(from)}, STRUCT(${named()}), NULL)`,
      () => sql`COALESCE(NULL, STRUCT(${named()})).f1`,
      () => sql`STRUCT(${named()})[${draws.pick(['0', '1', 'OFFSET(1)', 'ORDINAL(1)', '2'])}]`,
      () => sql`(SELECT COUNT(DISTINCT (x, ${this.#sources.item(from, 'STRING')})) FROM UNNEST(tags) AS x)`,
      () => sql`STRUCT(STRUCT(${named()}) AS s, ${draws.pick(from.columns).name} AS v).s.f0`,
      () => sql`STRUCT<a ${types[0] ?? ''}, b ${types[1] ?? ''}>(${fields()})`,
      () => sql`CASE WHEN ${this.#sources.condition(from)} THEN (${fields()}) ELSE (${fields()}) END`,
      () => sql`TO_JSON_STRING(STRUCT(${named()}))`,
      () => sql`FORMAT('%T', STRUCT(${named()}))`,
    ])();
    return {
      piece: sql`SELECT ${from.keys[0] ?? ''} AS n, ${typed('', expression)} AS c FROM ${from.piece} ORDER BY 1`,
      ordered: true,
    };
  }

  /** The scalar columns of the people, without an alias. */
  #plainColumns(): Column[] {
    const { columns } = this.#sources.table('people');
    return columns
      .filter(({ type }) => SCALARS.includes(type))
      .map(({ name, type }) => ({ name: name.split('.').at(-1) ?? '', type }));
  }
}
