import { beforeAll, describe, expect, it } from '@jest/globals';
import { validSamples } from '@records/records-schema';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { buildTestApi } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { linksOf } from './support/links.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable, type TestTable } from './support/table.ts';

/** By code point, as BigQuery does; JavaScript's order differs beyond the basic plane. */
const byId = (a: { id: string }, b: { id: string }) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));

const people = validSamples.map(({ value }, index) => ({ ...value, id: `sample-${index}` }));
const ids = [
  ...validSamples.map(({ value }) => value),
  ...Array.from({ length: 30 }, (_, n) => ({
    id: `n${(n * 7919) % 101}`,
    nombre: 'Ana',
    apellido: 'Pérez',
    pais: 'Chile',
  })),
];
/** Stored without the encoder. */
const unchecked = [
  'a/b',
  'ñandú',
  '../x',
  '"quoted"',
  "o'clock",
  '',
  ' ',
  '\u{1f469}',
  'x'.repeat(300),
  'line\nbreak',
].map((id) => ({ id, nombre: '', apellido: 'A\u0000B', pais: 'x'.repeat(1_000) }));
const all = new Map([...people, ...ids, ...unchecked].map((row) => [row.id, row]));
const list = [...all.values()].sort(byId);

const timing = new FakeTiming();
let table: TestTable;
let app: FastifyInstance;

beforeAll(async () => {
  table = await openTestTable();
  // Repeated, as delivery at least once does, and with other values before and after, which must not win.
  const other = (row: (typeof list)[number]) => ({ ...row, nombre: `${row.nombre}\u{10ffff}` });
  await table.append(list.slice(0, 30).map(other));
  await table.append([...list, ...list.slice(5, 15)]);
  await table.append(list.slice(20, 40).map(other));
  ({ app } = await buildTestApi({ bigQueryUrl: table.front.url, timing }));
});

const get = (url: string): Promise<LightMyRequestResponse> => app.inject({ url });

describe('GET /records', () => {
  it('lists every record once, ordered by id, as published', async () => {
    const response = await get('/records?limit=1000');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual(list);
    expect(response.headers['x-total-count']).toBe(String(list.length));
  });

  it('has the first 100 records by default', async () => {
    const response = await get('/records');
    expect(response.json()).toEqual(list.slice(0, 100));
    expect(linksOf(String(response.headers.link)).first).toMatchObject({ limit: 100, offset: 0 });
  });

  it.each([1, 7, 10, list.length, 1000])(
    'can be walked by next, %d at a time, without gap or repetition',
    async (limit) => {
      const walked: unknown[] = [];
      let url: string | undefined = `/records?limit=${limit}`;
      while (url) {
        const response: LightMyRequestResponse = await get(url);
        expect(response.headers['x-total-count']).toBe(String(list.length));
        walked.push(...response.json());
        url = /<([^>]+)>; rel="next"/.exec(String(response.headers.link))?.[1];
      }
      expect(walked).toEqual(list);
    },
  );

  it('is empty past the end, with the total and a link to the last page', async () => {
    const response = await get('/records?limit=10&offset=100000000');
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe('[]');
    expect(response.headers['x-total-count']).toBe(String(list.length));
    expect(linksOf(String(response.headers.link))).not.toHaveProperty('next');
    expect(linksOf(String(response.headers.link)).prev?.offset).toBeLessThan(list.length);
  });

  it('answers HEAD as GET, without the body', async () => {
    const [head, full] = [
      await app.inject({ method: 'HEAD', url: '/records?limit=2' }),
      await get('/records?limit=2'),
    ];
    const { 'x-request-id': _head, ratelimit: _headLimit, date: _headDate, ...headHeaders } = head.headers;
    const { 'x-request-id': _full, ratelimit: _fullLimit, date: _fullDate, ...fullHeaders } = full.headers;
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    expect(headHeaders).toEqual(fullHeaders);
    expect(headHeaders['content-length']).toBe(String(Buffer.byteLength(full.body)));
  });
});

describe('GET /records/:id', () => {
  it.each(list.filter(({ id }) => /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}$/.test(id)).slice(0, 40))(
    'returns $id as it is in the list',
    async (row) => {
      const response = await get(`/records/${row.id}`);
      expect(response.statusCode).toBe(200);
      expect(response.json()).toEqual(row);
      const [listed] = (await get(`/records?limit=1&offset=${list.indexOf(row)}`)).json();
      expect(listed).toEqual(response.json());
    },
  );

  it('takes an id with needless escapes', async () => {
    expect((await get('/records/%6e%30')).json()).toMatchObject({ id: 'n0' });
  });

  it.each(['nobody', 'N0', 'n', 'constructor', '__proto__', '-', '~'])('answers 404 for %j', async (id) => {
    const body = expectProblem(await get(`/records/${id}`), 'record-not-found');
    expect(body.detail).toBe(`No record has the id "${id}".`);
  });

  it('answers HEAD for an existing and a missing record', async () => {
    expect((await app.inject({ method: 'HEAD', url: '/records/n0' })).statusCode).toBe(200);
    const missing = await app.inject({ method: 'HEAD', url: '/records/nobody' });
    expect([missing.statusCode, missing.body]).toEqual([404, '']);
  });

  it('finds a record as soon as it is stored, or after the cached 404 expires', async () => {
    const asked = await get('/records/later');
    expectProblem(asked, 'record-not-found');
    const later = { id: 'later', nombre: 'Inés', apellido: 'Ruiz', pais: 'Perú' };
    await table.append([later]);
    expectProblem(await get('/records/later'), 'record-not-found');
    timing.advance(60_000);
    expect((await get('/records/later')).json()).toEqual(later);
    const sooner = { ...later, id: 'sooner' };
    await table.append([sooner]);
    expect((await get('/records/sooner')).json()).toEqual(sooner);
  });
});

describe('an empty table', () => {
  it('is an empty list', async () => {
    const empty = await openTestTable();
    const { app } = await buildTestApi({ bigQueryUrl: empty.front.url });
    const response = await app.inject({ url: '/records' });
    expect([response.body, response.headers['x-total-count']]).toEqual(['[]', '0']);
    const { first, last, ...others } = linksOf(String(response.headers.link));
    expect([first, last]).toMatchObject(Array(2).fill({ limit: 100, offset: 0 }));
    expect(others).toEqual({});
  });
});

describe('readiness', () => {
  it('holds for the real table, without reading it', async () => {
    expect((await get('/health/ready')).json()).toEqual({ status: 'ready' });
  });

  it.each([
    ['a missing table', 'records-test.records.other', 'notFound'],
    ['a missing dataset', 'records-test.other.records', 'notFound'],
  ])('fails for %s, with the reason in the log', async (_what, name, reason) => {
    const { app, lines } = await buildTestApi({ bigQueryUrl: table.front.url, table: name });
    expectProblem(await app.inject({ url: '/health/ready' }), 'not-ready');
    expect(lines).toContainEqual(expect.objectContaining({ severity: 'WARNING', reason }));
    expectProblem(await app.inject({ url: '/records' }), 'internal-error');
  });

  it('fails for a table that lacks a column, which the log names', async () => {
    await table.bigQuery.insertTable('records', {
      tableReference: { tableId: 'short' },
      schema: {
        fields: ['id', 'nombre', 'pais'].map((name) => ({ name, type: 'STRING', mode: 'REQUIRED' })),
      },
    });
    const { app, lines } = await buildTestApi({
      bigQueryUrl: table.front.url,
      table: 'records-test.records.short',
    });
    expectProblem(await app.inject({ url: '/health/ready' }), 'not-ready');
    expect(lines.find(({ severity }) => severity === 'WARNING')?.message).toContain('apellido');
  });
});
