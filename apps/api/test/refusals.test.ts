import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { expectProblem } from './support/problem.ts';

let front: BigQueryFront;
let app: FastifyInstance;

beforeAll(async () => {
  front = await BigQueryFront.listen();
  ({ app } = await buildTestApi({ bigQueryUrl: front.url }));
});

afterAll(async () => {
  // Nothing in this file may reach the warehouse.
  expect(front.calls).toEqual([]);
});

const get = (url: string) => app.inject({ url });

describe('limit and offset', () => {
  it.each([
    '0',
    '1001',
    '-1',
    '1.5',
    '1e2',
    '%2B1',
    '+1',
    '0x10',
    '007',
    '',
    'ten',
    'NaN',
    '٣',
    ' 5',
    '5 ',
    '9'.repeat(400),
  ])('refuses the limit %j with rule and value', async (limit) => {
    const body = expectProblem(await get(`/records?limit=${encodeURI(limit)}`), 'invalid-parameters');
    expect(body.detail).toBe(
      'limit must be an integer from 1 to 1000, in decimal digits without sign or leading zeros.',
    );
    expect(body.errors).toEqual([
      { in: 'query', name: 'limit', value: expect.any(String), detail: expect.stringContaining('1 to 1000') },
    ]);
  });

  it.each(['-1', '0.5', '100000001', '9007199254740993', '1e3', '', '01'])(
    'refuses the offset %j',
    async (offset) => {
      const body = expectProblem(await get(`/records?offset=${offset}`), 'invalid-parameters');
      expect(body.errors).toEqual([
        { in: 'query', name: 'offset', value: offset, detail: expect.stringContaining('0 to 100000000') },
      ]);
    },
  );

  it.each(['', 'x', '0f3a9c5e7b21', '0f3a9c5e7b21-tp0ce8-0x0', "0f3a9c5e7b21-tp0ce8-0' OR 1", '../jobs/x'])(
    'refuses the snapshot %j and explains where to get one',
    async (snapshot) => {
      const body = expectProblem(
        await get(`/records?snapshot=${encodeURIComponent(snapshot)}`),
        'invalid-parameters',
      );
      expect(body.errors).toMatchObject([{ name: 'snapshot', detail: expect.stringContaining('`Link`') }]);
    },
  );

  it('refuses a snapshot of another table, of the future or of the past without calling the warehouse', async () => {
    for (const snapshot of ['0f3a9c5e7b21-tp0ce8-0', '000000000000-zzzzzzzz-0', '000000000000-1-zz']) {
      expectProblem(await get(`/records?snapshot=${snapshot}`), 'snapshot-expired');
    }
  });

  it('refuses a repeated parameter', async () => {
    const body = expectProblem(await get('/records?limit=5&limit=5'), 'invalid-parameters');
    expect(body.errors).toEqual([{ in: 'query', name: 'limit', value: '5,5', detail: 'must be given once' }]);
  });

  it.each([
    ['limt', 'did you mean limit?'],
    ['Limit', 'did you mean limit?'],
    ['ofset', 'did you mean offset?'],
    ['limits', 'did you mean limit?'],
    ['iflimt', 'which takes limit, offset, snapshot, nombre, apellido and pais'],
    ['page', 'which takes limit, offset, snapshot, nombre, apellido and pais'],
    ['limit[]', 'did you mean limit?'],
    ['__proto__', 'which takes limit, offset, snapshot, nombre, apellido and pais'],
    ['constructor', 'which takes limit, offset, snapshot, nombre, apellido and pais'],
  ])('refuses the unknown parameter %j by name with the advice %s', async (name, advice) => {
    const body = expectProblem(await get(`/records?${name}=1`), 'invalid-parameters');
    expect(body.errors).toEqual([
      { in: 'query', name, detail: expect.stringMatching(/^is not a parameter of this operation[;,] /) },
    ]);
    expect(body.detail).toContain(advice);
    expect(body.detail).toMatch(/\w[.?]$/);
  });

  it('reports every mistake at once', async () => {
    const body = expectProblem(await get('/records?limit=0&offset=x&sort=id'), 'invalid-parameters');
    expect(body.errors).toMatchObject([{ name: 'sort' }, { name: 'limit' }, { name: 'offset' }]);
  });

  it('names at most ten unknown parameters', async () => {
    const query = Array.from({ length: 300 }, (_, index) => `p${index}=`).join('&');
    const body = expectProblem(await get(`/records?${query}`), 'invalid-parameters');
    expect(body.errors).toHaveLength(10);
  });

  it('are refused for a single record, which takes no parameters', async () => {
    const body = expectProblem(await get('/records/a?fields=id'), 'invalid-parameters');
    expect(body.detail).toBe('fields is not a parameter of this operation, which takes none.');
  });
});

describe('an invalid id', () => {
  it.each([
    "a'b",
    'a"b',
    '`',
    "1' OR '1'='1",
    'a/b',
    '.hidden',
    '@id',
    'ñ',
    '👩‍🚀',
    'a b',
    'a\n',
    '\u0000',
    '%zz',
    'x'.repeat(129),
  ])('is refused without calling the warehouse: %j', async (id) => {
    const body = expectProblem(await get(`/records/${encodeURIComponent(id)}`), 'invalid-parameters');
    expect(body.errors).toMatchObject([
      { in: 'path', name: 'id', detail: expect.stringContaining('1 to 128') },
    ]);
  });

  it('of 10,000 characters is refused as too long a URI', async () => {
    expectProblem(await get(`/records/${'x'.repeat(10_000)}`), 'uri-too-long');
    expectProblem(await get(`/records?limit=${'1'.repeat(10_000)}`), 'uri-too-long');
    expectProblem(await get(`/${'x'.repeat(10_000)}`), 'uri-too-long');
  });

  it.each(['/records/%zz', '/records/%', '/records/%c3%28', '/%zz', '/records/%ff'])(
    'is refused for its malformed escape: %j',
    async (url) => {
      expectProblem(await get(url), 'malformed-request');
    },
  );
});

describe('bytes that are not UTF-8', () => {
  const paths = ['/records', '/records.csv', '/records.ndjson', '/countries', '/records/a', '/docs'];
  // A latin-1 ú, half an é, an overlong slash, half a surrogate pair, beyond Unicode, and no escape at all.
  const values = ['Per%FA', 'Per%C3', '%C0%AF', '%ED%A0%80', '%F5%80%80%80', '%zz', '100%', '%c'];

  it.each(paths.flatMap((path) => values.map((value) => `${path}?pais=${value}`)))(
    'in a parameter are refused, and the problem says so: %s',
    async (url) => {
      expect(expectProblem(await get(url), 'malformed-request').detail).toContain('UTF-8');
    },
  );

  it('in the name of a parameter are refused', async () => {
    expectProblem(await get('/records?pa%FAs=Chile'), 'malformed-request');
  });

  it.each(values)('in a path are refused: %s', async (value) => {
    expect(expectProblem(await get(`/records/${value}`), 'malformed-request').detail).toContain('UTF-8');
  });
});

describe('an unknown path', () => {
  it.each([
    '/record',
    '/Records',
    '/records/a/b',
    '/records/../etc/passwd',
    '/records/%2e%2e/x',
    '//records',
    '/health',
    '/healthz',
  ])('is not found: %j', async (url) => {
    const body = expectProblem(await get(url), 'route-not-found');
    expect(body.detail).toContain('/openapi.json');
  });

  it.each(['/records/', '/docs/', '/health/live/'])('with a trailing slash is explained: %j', async (url) => {
    expect(expectProblem(await get(url), 'route-not-found').detail).toContain('no slash at the end');
  });

  it.each(['POST', 'PROPFIND', 'OPTIONS'] as const)('is not found for %s', async (method) => {
    expectProblem(
      await app.inject({ method: method as 'POST', url: '/nothing', body: '{' }),
      'route-not-found',
    );
  });
});

describe('an unsupported method', () => {
  it.each([
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'QUERY',
    'PROPFIND',
    'SEARCH',
    'PURGE',
    'LINK',
  ])('is refused with Allow, whatever its body: %s', async (method) => {
    for (const url of [
      '/records',
      '/records/a',
      '/health/live',
      '/health/ready',
      '/openapi.json',
      '/docs',
      '/problems',
    ]) {
      const response = await app.inject({
        method: method as 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        payload: '{"half":',
      });
      expectProblem(response, 'method-not-allowed');
      expect(response.headers.allow).toBe('GET, HEAD');
    }
  });
});

describe('a body on GET', () => {
  it.each(['GET', 'HEAD'] as const)('is refused with %s, and the connection closed', async (method) => {
    const response = await app.inject({ method, url: '/records', payload: '{"limit":5}' });
    expect(response.statusCode).toBe(400);
    expect(response.headers.connection).toBe('close');
    if (method === 'GET') expectProblem(response, 'unexpected-content');
  });

  it('of length 0 is ignored', async () => {
    const response = await app.inject({ url: '/health/live', headers: { 'content-length': '0' } });
    expect(response.statusCode).toBe(200);
  });
});
