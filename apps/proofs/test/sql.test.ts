import { describe, expect, it } from '@jest/globals';
import { functionSignatures } from '@records/local-cloud';
import { Draws } from '@records/seeder';
import type { Answer } from '../src/sql/answer.ts';
import { judge } from '../src/sql/compare.ts';
import { explanationOf } from '../src/sql/differences.ts';
import { Grammar } from '../src/sql/grammar.ts';
import { list, shrink, sql, textOf, typed } from '../src/sql/piece.ts';
import { writtenQuestions } from '../src/sql/questions.ts';
import { decimalOf, typeOf, valueFrom } from '../src/sql/zetasql-values.ts';

const TABLES = new Map([
  [
    'people',
    [
      { name: 'n', type: 'INT64' },
      { name: 'nombre', type: 'STRING' },
      { name: 'pais', type: 'STRING' },
      { name: 'tags', type: 'ARRAY<STRING>' },
    ],
  ],
  [
    'countries',
    [
      { name: 'k', type: 'INT64' },
      { name: 'pais', type: 'STRING' },
    ],
  ],
]);

const grammar = (seed: number) => new Grammar(new Draws(seed), TABLES, functionSignatures());
const queries = (seed: number, positions: readonly number[]) => {
  const generator = grammar(seed);
  return positions.map((position) => textOf(generator.query(position).piece));
};

describe('generated queries', () => {
  it('are the same for the same seed, whatever was generated before', () => {
    expect(queries(7, [0, 1, 2, 3])).toEqual([...queries(7, [0, 1]), ...queries(7, [2, 3])]);
    expect(queries(7, [0, 1, 2, 3])).not.toEqual(queries(8, [0, 1, 2, 3]));
  });

  it('ask each signature of the table of functions by itself', () => {
    const generator = grammar(1);
    const asked = new Set(
      Array.from({ length: 8_000 }, (_, position) => JSON.stringify(generator.query(position).signature)),
    );
    const missing = generator.signatures.filter((signature) => !asked.has(JSON.stringify(signature)));
    expect(missing).toEqual([]);
  });
});

describe('generated statements', () => {
  it('leave rows that one query reads without them', () => {
    const generator = grammar(1);
    const all = Array.from({ length: 3_000 }, (_, position) => generator.query(position));
    const scripts = all.flatMap(({ piece, script }) => (script ? [[textOf(script), textOf(piece)]] : []));
    const kinds = scripts.map(([script]) => /; (UPDATE|DELETE|INSERT|MERGE) /.exec(script ?? '')?.[1]);
    expect(new Set(kinds)).toEqual(new Set(['UPDATE', 'DELETE', 'INSERT', 'MERGE']));
    expect(scripts.every(([, query]) => /^SELECT (?!.*; )/.test(query ?? ''))).toBe(true);
  });
});

describe('written queries', () => {
  it('are read from their files, and keep their order where they end with it', () => {
    const questions = writtenQuestions().map(({ piece, ordered }) => [textOf(piece), ordered] as const);
    expect(questions.length).toBeGreaterThan(150);
    expect(questions.every(([query]) => /^(?:SELECT|WITH)\b/.test(query))).toBe(true);
    expect(questions.find(([query]) => query.endsWith('ORDER BY c DESC, pais'))?.[1]).toBe(true);
    expect(questions.find(([query]) => query.endsWith('FROM people AS p ORDER BY n)'))?.[1]).not.toBe(true);
  });
});

describe('a difference', () => {
  const table = (...rows: (string | number | null)[][]): Answer => ({
    columns: [{ name: 'c', type: 'FLOAT64' }],
    rows,
  });

  it.each<[string, Answer, Answer, boolean]>([
    ['same', table([1], [2]), table([2], [1]), false],
    ['wrong', table([1], [2]), table([2], [1]), true],
    ['same', table([0.1 + 0.2]), table([0.3]), true],
    ['wrong', table([0.300001]), table([0.3]), true],
    ['wrong', table([null]), table([0]), true],
    ['same', table([Number.NaN]), table([Number.NaN]), true],
    ['wrong', { columns: [{ name: 'c', type: 'INT64' }], rows: [] }, table(), true],
    ['wrong', { columns: [{ name: 'd', type: 'FLOAT64' }], rows: [] }, table(), true],
    ['same', { error: 'division by zero' }, { error: 'Division by zero' }, true],
    ['accepts what Google refuses', { error: 'division by zero' }, table(), true],
    ['blames the user', table(), { error: 'No matching signature' }, true],
    ['refused by name', table(), { error: 'Function F is not supported by the local BigQuery' }, true],
    ['server error', table(), { error: 'internal', isServerError: true }, true],
    ['server error', table(), undefined, true],
    ['not judged', undefined, table(), true],
  ])('is judged: %s', (verdict, google, ours, ordered) => {
    expect(judge(google, ours, ordered)).toBe(verdict);
  });

  it.each<[string, string | number, string | number, string | undefined]>([
    [
      'SELECT AVG(x) OVER ()',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      'AVG of an infinity is that infinity or NaN',
    ],
    ['SELECT AVG(x) OVER ()', Number.NaN, 1, undefined],
    ['SELECT SUM(x) OVER ()', Number.NaN, Number.POSITIVE_INFINITY, undefined],
    [
      'SELECT CONCAT(COS(x))',
      '-0.51319373778697031',
      '-0.51319373778697019',
      'the last digits of a sine or logarithm depend on the library of mathematics',
    ],
    ['SELECT CONCAT(COS(x))', '-0.51319373778697031', '-0.51319373', undefined],
    ['SELECT CONCAT(x)', '-0.51319373778697031', '-0.51319373778697019', undefined],
    [
      'SELECT COVAR_POP(x, y)',
      0,
      -2,
      'a covariance of 0 depends on the order in which products with 1e15 are added',
    ],
    ['SELECT COVAR_POP(x, y)', 1, -2, undefined],
    ['SELECT SUM(x)', 0, -2, undefined],
  ])('of %s is explained by the written list, or by nothing', (query, google, ours, reason) => {
    expect(explanationOf({ query, ordered: true, google: table([google]), ours: table([ours]) })).toBe(
      reason,
    );
  });

  it.each<[string, string, string | number, string | undefined]>([
    ['CORR', 'Floating point error in function: CSC(0.0)', Number.NaN, 'the evaluator ends CORR'],
    ['CORR', 'division by zero: 1.0 / 0.0', 0.5, undefined],
    ['CORR', 'No matching signature for function CORR', Number.NaN, undefined],
    ['SUM', 'division by zero: 1.0 / 0.0', Number.NaN, undefined],
    ['LOGICAL_OR', 'division by zero: 1.0 / 0.0', 'true', 'the evaluator ends LOGICAL_AND'],
    ['LOGICAL_OR', 'division by zero: 1.0 / 0.0', 'false', undefined],
    ['LOGICAL_AND', 'division by zero: 1.0 / 0.0', 'false', 'the evaluator ends LOGICAL_AND'],
    ['LOGICAL_AND', 'No matching signature for LOGICAL_AND at [1:8]', 'false', undefined],
  ])('of %s, "%s" where Google answers %p is explained, or not', (name, error, value, reason) => {
    const query = `SELECT ${name}(x, y)`;
    const found = explanationOf({ query, ordered: true, google: table([value]), ours: { error } });
    expect(found?.slice(0, reason?.length)).toBe(reason);
  });

  it.each<[string, string, string, (string | null)[][], RegExp | undefined]>([
    ['Array cannot have a null element', 'c', 'ARRAY<INT64>', [['1', null]], /no array with a NULL element/],
    ['Array cannot have a null element', 'c', 'ARRAY<INT64>', [['1', '2']], undefined],
    ['Array cannot have a null element', 'c', 'STRUCT<a INT64>', [[null]], undefined],
    ['Duplicate column names in the result', 'C', 'STRING', [['a']], /no two columns of one name/],
    ['Duplicate column names in the result', 'd', 'STRING', [['a']], undefined],
  ])('of ours, "%s", is explained only by what Google answers', (error, name, type, row, reason) => {
    const columns = [
      { name: 'c', type: 'STRING' },
      { name, type },
    ];
    const google = { columns: name === 'c' ? columns.slice(1) : columns, rows: [row] };
    const found = explanationOf({ query: 'SELECT 1', ordered: true, google, ours: { error } });
    expect(found ?? '').toMatch(reason ?? /^$/);
  });

  it('of the last digits explains no other order of rows', () => {
    const found = (ordered: boolean) =>
      explanationOf({ query: 'SELECT COS(x)', ordered, google: table([0.5], [1]), ours: table([1], [0.5]) });
    expect(found(true)).toBeUndefined();
    expect(found(false)).toMatch(/last digits of a sine/);
  });

  it('is made small while it holds', async () => {
    const one = typed('INT64', '1');
    const call = typed('STRING', sql`UPPER(${typed('STRING', "'ñandú'")})`);
    const query = sql`SELECT ${list([one, call, typed('INT64', sql`(${one} + ${one})`)])} FROM people`;
    const plain = (type: string) => (type === 'STRING' ? ["''"] : ['0']);
    const holds = async (text: string) => text.includes('UPPER');
    expect(textOf(await shrink(query, plain, 100, holds))).toBe("SELECT 0, UPPER('') FROM people");
  });
});

describe("the evaluator's values", () => {
  const value = (kind: string, fields: object) => valueFrom({ type_kind: `TYPE_${kind}` }, fields);

  it('are read as the REST API of BigQuery writes them', () => {
    const bits = (2024n << 26n) | (2n << 22n) | (29n << 17n) | (23n << 12n) | (59n << 6n) | 58n;
    expect([
      value('DATE', { date_value: 19_782 }),
      value('TIMESTAMP', { timestamp_value: { seconds: '-1', nanos: 999_999_000 } }),
      value('DATETIME', { datetime_value: { bit_field_datetime_seconds: String(bits), nanos: 5_000 } }),
      value('TIME', { time_value: String((((8n << 12n) | (15n << 6n) | 30n) << 30n) | 500_000_000n) }),
      value('INT64', { int64_value: '9007199254740993' }),
      value('BYTES', { bytes_value: Buffer.from('ñ') }),
      value('STRING', {}),
    ]).toEqual([
      '2024-02-29',
      '-1',
      '2024-02-29T23:59:58.000005',
      '08:15:30.500000',
      '9007199254740993',
      'w7E=',
      null,
    ]);
  });

  it('of RANGE have bounds, or none', () => {
    const bounds = (kind: string, range_value: object) => {
      const range = { type_kind: 'TYPE_RANGE', range_type: { element_type: { type_kind: `TYPE_${kind}` } } };
      return [typeOf(range), valueFrom(range, { range_value }), valueFrom(range, {})];
    };
    expect([
      bounds('DATE', { start: { date_value: 19_782 }, end: {} }),
      bounds('TIMESTAMP', { start: {}, end: { timestamp_value: { seconds: '1' } } }),
    ]).toEqual([
      ['RANGE<DATE>', '[2024-02-29, UNBOUNDED)', null],
      ['RANGE<TIMESTAMP>', '[UNBOUNDED, 1000000)', null],
    ]);
  });

  it('of NUMERIC are units in two’s complement, the least byte first', () => {
    expect(
      [Buffer.from([0]), Buffer.from([0xff]), Buffer.from([0x00, 0xca, 0x9a, 0x3b])].map((bytes) =>
        decimalOf(bytes, 9),
      ),
    ).toEqual(['0', '-0.000000001', '1']);
  });

  it('have the names of types, and of fields without a name', () => {
    const field = { field_type: { type_kind: 'TYPE_DOUBLE' } };
    const struct = {
      type_kind: 'TYPE_STRUCT',
      struct_type: { field: [field, { ...field, field_name: 'a' }] },
    };
    const type = { type_kind: 'TYPE_ARRAY', array_type: { element_type: struct } };
    expect(typeOf(type)).toBe('ARRAY<STRUCT<_field_1 FLOAT64, a FLOAT64>>');
  });
});
