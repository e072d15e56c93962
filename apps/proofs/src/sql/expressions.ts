import type { FunctionSignature as Signature } from '@records/local-cloud';
import type { Draws } from '@records/seeder';
import type { Column } from './answer.ts';
import { ARGUMENTS, INTERVAL_PARTS, ORDERED, partsOf, UNPREDICTABLE } from './functions.ts';
import { LITERALS, SCALARS } from './literals.ts';
import { list, type Piece, sql, typed } from './piece.ts';

/** What an expression may name. */
export interface Surroundings {
  readonly columns: readonly Column[];
  /** Columns that together no two rows share; none when rows may be equal. */
  readonly keys: readonly string[];
}

const NOTHING: Surroundings = { columns: [], keys: [] };
const COMPARABLE = SCALARS;
const NUMBERS = ['INT64', 'FLOAT64', 'NUMERIC'];
const MODES = ['OFFSET', 'ORDINAL', 'SAFE_OFFSET', 'SAFE_ORDINAL'];
const DATE_PARTS = [
  'YEAR',
  'ISOYEAR',
  'QUARTER',
  'MONTH',
  'ISOWEEK',
  'WEEK',
  'DAY',
  'DAYOFYEAR',
  'DAYOFWEEK',
  'HOUR',
  'MINUTE',
  'SECOND',
  'MILLISECOND',
  'MICROSECOND',
  'DATE',
  'TIME',
];
const FRAMES = [
  'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
  'ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
  'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
  'ROWS 2 PRECEDING',
  'ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING',
  'ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING',
];

/** Expressions of GoogleSQL. A sequence of draws gives the same ones each time. */
export class Expressions {
  readonly #draws: Draws;
  readonly #signatures: readonly Signature[];
  readonly #scalars: readonly Signature[];

  constructor(draws: Draws, signatures: readonly Signature[]) {
    this.#draws = draws;
    this.#signatures = signatures.filter(({ name }) => !UNPREDICTABLE.test(name));
    this.#scalars = this.#signatures.filter(({ kind }) => kind === 'scalar');
  }

  get signatures(): readonly Signature[] {
    return this.#signatures;
  }

  /** A column, a literal or NULL. */
  leaf(type: string, around: Surroundings = NOTHING): Piece {
    const draws = this.#draws;
    const columns = around.columns.filter((column) => column.type === type);
    if (columns.length > 0 && draws.chance(0.6)) return typed(type, draws.pick(columns).name);
    if (draws.chance(0.06)) return typed(type, 'NULL');
    const element = elementOf(type);
    if (element !== undefined) return typed(type, this.#array(element, around));
    const literals = LITERALS[type];
    if (literals) return typed(type, draws.pick(literals));
    const maker = this.#scalars.filter(
      ({ result, parameters }) => result === type && !parameters.includes(type),
    );
    return maker.length > 0 ? this.call(draws.pick(maker), around, 0) : typed(type, `CAST(NULL AS ${type})`);
  }

  expression(type: string, around: Surroundings, depth: number): Piece {
    const draws = this.#draws;
    if (depth <= 0 || draws.chance(0.15)) return this.leaf(type, around);
    if (draws.chance(0.4)) {
      const fitting = this.#scalars.filter(({ result }) => bindingOf(result, type) !== undefined);
      if (fitting.length > 0) return this.call(draws.pick(fitting), around, depth - 1, type);
    }
    return typed(type, this.operator(type, around, depth - 1));
  }

  /** A call of one signature. */
  call(signature: Signature, around: Surroundings, depth: number, wanted?: string): Piece {
    const draws = this.#draws;
    const { name, parameters, optional, repeated, result } = signature;
    const generic = (wanted && bindingOf(result, wanted)) || draws.pick(SCALARS);
    const left = draws.chance(0.5) ? Math.floor(draws.below(optional + 1)) : 0;
    const more = repeated ? Math.floor(draws.below(3)) : 0;
    const all = [
      ...parameters.slice(0, parameters.length - left),
      ...Array.from({ length: more }, () => parameters.at(-1) ?? ''),
    ];
    const args = all.map((parameter, index) =>
      this.#argument(name, parameter, index, generic, around, depth),
    );
    return typed(concrete(result, generic), sql`${name}(${list(args)})`);
  }

  #argument(
    name: string,
    parameter: string,
    index: number,
    generic: string,
    around: Surroundings,
    depth: number,
  ): Piece {
    const draws = this.#draws;
    const given = ARGUMENTS[name]?.[index];
    if (given && (/_ARRAY$/.test(name) || draws.chance(0.9))) return { parts: [draws.pick(given)] };
    if (parameter === 'PART') return { parts: [draws.pick(partsOf(name))] };
    if (parameter === 'STEP')
      return sql`INTERVAL ${this.expression('INT64', around, depth)} ${draws.pick(INTERVAL_PARTS)}`;
    const type =
      draws.chance(0.02) || parameter === 'ANY' ? draws.pick(SCALARS) : concrete(parameter, generic);
    return this.expression(type, around, depth);
  }

  /** An expression of the type without a function of the table at its root. */
  operator(type: string, around: Surroundings, depth: number): Piece {
    const draws = this.#draws;
    const of = (other: string) => this.expression(other, around, depth);
    const forms: (() => Piece)[] = [
      () => sql`IF(${of('BOOL')}, ${of(type)}, ${of(type)})`,
      () => sql`CASE WHEN ${of('BOOL')} THEN ${of(type)} ELSE ${of(type)} END`,
      () => sql`CASE ${of('INT64')} WHEN ${of('INT64')} THEN ${of(type)} END`,
      () => sql`COALESCE(${of(type)}, ${of(type)})`,
      () => sql`${this.#array(type, around)}[${draws.pick(MODES)}(${this.leaf('INT64')})]`,
      () => sql`(SELECT ${of(type)})`,
    ];
    if (LITERALS[type]) forms.push(() => sql`NULLIF(${of(type)}, ${of(type)})`);
    if (LITERALS[type])
      forms.push(
        () => this.#cast(type, around, depth),
        () => this.#cast(type, around, depth),
      );
    if (NUMBERS.includes(type)) {
      const number = () => of(draws.chance(0.8) ? type : draws.pick(NUMBERS));
      for (let n = 0; n < 4; n += 1)
        forms.push(() => sql`(${number()} ${draws.pick(['+', '-', '*', '/'])} ${number()})`);
      forms.push(() => sql`(-${number()})`);
    }
    if (type === 'INT64') {
      forms.push(
        () => sql`(${of('INT64')} ${draws.pick(['&', '|', '^', '<<', '>>'])} ${of('INT64')})`,
        () => sql`(~${of('INT64')})`,
      );
      const moment = draws.pick(['DATE', 'DATETIME', 'TIMESTAMP', 'TIME']);
      for (let n = 0; n < 3; n += 1)
        forms.push(() => sql`EXTRACT(${draws.pick(DATE_PARTS)} FROM ${of(moment)})`);
    }
    if (type === 'STRING' || type === 'BYTES') forms.push(() => sql`(${of(type)} || ${of(type)})`);
    if (type === 'BOOL') for (let n = 0; n < 3; n += 1) forms.push(() => this.condition(around, depth));
    return draws.pick(forms)();
  }

  condition(around: Surroundings, depth: number): Piece {
    const draws = this.#draws;
    const type = draws.pick(COMPARABLE);
    const of = (other: string = type) => this.expression(other, around, depth);
    const not = draws.chance(0.3) ? 'NOT ' : '';
    return typed(
      'BOOL',
      draws.pick<() => Piece>([
        () => sql`(${of()} ${draws.pick(['=', '!=', '<>', '<', '<=', '>', '>='])} ${of()})`,
        () => sql`(${of('STRING')} ${not}LIKE ${of('STRING')})`,
        () => sql`(${of()} ${not}IN (${list([of(), of(), of()])}))`,
        () => sql`(${of()} ${not}IN UNNEST(${this.#array(type, around)}))`,
        () => sql`(${of()} ${not}BETWEEN ${of()} AND ${of()})`,
        () => sql`(${of()} IS ${not}NULL)`,
        () => sql`(${of()} IS ${not}DISTINCT FROM ${of()})`,
        () => sql`(${of('BOOL')} IS ${not}${draws.pick(['TRUE', 'FALSE'])})`,
        () => sql`(${of('BOOL')} ${draws.pick(['AND', 'OR'])} ${of('BOOL')})`,
        () => sql`(NOT ${of('BOOL')})`,
      ])(),
    );
  }

  #array(element: string, around: Surroundings): Piece {
    const draws = this.#draws;
    if (elementOf(element) !== undefined) return { parts: ['[]'] };
    const length = Math.floor(draws.below(4));
    if (length === 0) return { parts: [`ARRAY<${element}>[]`] };
    return sql`[${list(Array.from({ length }, () => this.leaf(element, around)))}]`;
  }

  #cast(type: string, around: Surroundings, depth: number): Piece {
    const from = this.#draws.pick(this.#draws.chance(0.4) ? ['STRING'] : SCALARS);
    const safe = this.#draws.chance(0.5) ? 'SAFE_' : '';
    return sql`${safe}CAST(${this.expression(from, around, depth)} AS ${type})`;
  }

  /** A call of an aggregate function. Where the order of rows matters it is given. */
  aggregate(signature: Signature, around: Surroundings, depth: number): Piece {
    const draws = this.#draws;
    const { name } = signature;
    if (name === 'COUNT' && signature.parameters.length === 0) return typed('INT64', 'COUNT(*)');
    const call = this.call(signature, around, depth);
    const inner = call.parts.find((part) => typeof part === 'object');
    if (inner === undefined) return call;
    const isOrdered = ORDERED.test(name);
    const limit =
      /^(?:STRING|ARRAY)_AGG$/.test(name) && draws.chance(0.2) ? ` LIMIT ${draws.pick(['0', '1', '2'])}` : '';
    const agg = isOrdered && !name.endsWith('_BY') ? ` ORDER BY ${around.keys.join(', ')}${limit}` : '';
    if (name.endsWith('_BY'))
      return {
        ...call,
        parts: [name, '(', { parts: [this.leaf(draws.pick(SCALARS), around)] }, `, ${around.keys[0]})`],
      };
    if (!isOrdered && draws.chance(0.2)) return { ...call, parts: [name, '(DISTINCT ', inner, ')'] };
    const nulls = name === 'ARRAY_AGG' ? ' IGNORE NULLS' : '';
    return { ...call, parts: [name, '(', inner, `${nulls}${agg})`] };
  }

  /** A call of a window function, or of an aggregate function over a window. */
  window(signature: Signature, around: Surroundings): Piece {
    const draws = this.#draws;
    const call =
      signature.kind === 'aggregate' && signature.parameters.length === 0
        ? typed('INT64', 'COUNT(*)')
        : this.call(signature, around, 0);
    const columns = around.columns.filter(({ type }) => LITERALS[type]);
    const order = draws.chance(0.5)
      ? `${draws.pick(columns).name}${draws.pick(['', ' DESC', ' ASC NULLS LAST', ' DESC NULLS FIRST'])}, `
      : '';
    const isTotal = ORDERED.test(signature.name) || draws.chance(0.7);
    const by = isTotal
      ? `ORDER BY ${order}${around.keys.join(', ')}`
      : draws.chance(0.7)
        ? `ORDER BY ${draws.pick(columns).name}`
        : '';
    const framed = signature.kind === 'aggregate' || /_VALUE$/.test(signature.name);
    const frame = isTotal && framed && draws.chance(0.5) ? ` ${draws.pick(FRAMES)}` : '';
    const partition = draws.chance(0.5)
      ? `PARTITION BY ${draws.pick(columns.filter(({ type }) => type !== 'FLOAT64')).name} `
      : '';
    return typed(
      call.type ?? '',
      sql`${{ parts: call.parts }} OVER (${{ parts: [partition], optional: true }}${by}${{ parts: [frame], optional: true }})`,
    );
  }
}

export function elementOf(type: string): string | undefined {
  return /^ARRAY<(.*)>$/.exec(type)?.[1];
}

/** What `T` is when the pattern means the type; undefined when it cannot. Any type when there is no `T`. */
function bindingOf(pattern: string, type: string): string | undefined {
  if (pattern === type) return 'STRING';
  if (pattern === 'T') return type;
  return pattern === 'ARRAY<T>' ? elementOf(type) : undefined;
}

function concrete(pattern: string, generic: string): string {
  if (pattern === 'T') return generic;
  return pattern === 'ARRAY<T>' ? `ARRAY<${elementOf(generic) ?? generic}>` : pattern;
}
