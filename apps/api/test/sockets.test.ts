import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { PROBLEMS, type ProblemName } from '../src/problems/catalogue.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';

let front: BigQueryFront;
let app: FastifyInstance;
let port: number;

beforeAll(async () => {
  front = await BigQueryFront.listen();
  ({ app } = await buildTestApi({ bigQueryUrl: front.url, requestTimeoutMs: 20 }));
  port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
});

afterAll(async () => {
  expect(front.calls).toEqual([]);
});

/** Sends raw bytes and reads until the server closes the connection; sends `later` when the first answer begins. */
function send(bytes: string, later?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (data) => {
      if (answer === '' && later !== undefined) socket.write(later);
      answer += data;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}

function expectRawProblem(answer: string, name: ProblemName): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const { status, title } = PROBLEMS[name];
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/problem\+json\r$/im);
  expect(head).toMatch(/^connection: close/im);
  expect(head).toMatch(/^date: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT\r?$/im);
  expect(JSON.parse(body)).toMatchObject({ type: `/problems#${name}`, title, status });
}

describe('on the wire', () => {
  it.each<[string, string, ProblemName]>([
    ['bytes that are not HTTP', 'hello\r\n\r\n', 'malformed-request'],
    ['an unknown method', 'FETCH /records HTTP/1.1\r\nHost: a\r\n\r\n', 'malformed-request'],
    ['a method in small letters', 'get /records HTTP/1.1\r\nHost: a\r\n\r\n', 'malformed-request'],
    ['CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n', 'method-not-allowed'],
    ['a header without a name', 'GET /records HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n', 'malformed-request'],
    [
      'a length that contradicts itself',
      'GET /records HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'malformed-request',
    ],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'malformed-request'],
    ['no Host', 'GET /records HTTP/1.1\r\nConnection: close\r\n\r\n', 'malformed-request'],
    [
      'two Host headers',
      'GET /records HTTP/1.1\r\nHost: a\r\nConnection: close\r\nHost: b\r\n\r\n',
      'malformed-request',
    ],
    [
      'the same Host twice',
      'GET /records HTTP/1.1\r\nHost: a\r\nConnection: close\r\nHost: a\r\n\r\n',
      'malformed-request',
    ],
    ...['a b', 'a/b', 'http://a', '', 'a:b', 'u@a', '[::1', 'a:80:80', 'é'].map(
      (host): [string, string, ProblemName] => [
        `the Host "${host}"`,
        `GET /records HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        'malformed-request',
      ],
    ),
    [
      'a length beside chunks',
      'POST /records HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'malformed-request',
    ],
    ['a folded header', 'GET /records HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n', 'malformed-request'],
    ['a space after a name', 'GET /records HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n', 'malformed-request'],
    ['a space in the URL', 'GET /records/a b HTTP/1.1\r\nHost: a\r\n\r\n', 'malformed-request'],
    [
      'too many header bytes',
      `GET /records HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'headers-too-large',
    ],
    ['half a request', 'GET /records HTTP/1.1\r\nHost: a\r\n', 'request-timeout'],
    [
      'another expectation',
      'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: a-miracle\r\n\r\n',
      'expectation-failed',
    ],
    [
      'a body in chunks on GET',
      'GET /records HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'unexpected-content',
    ],
  ])('answers %s with a problem and closes the connection', async (_what, bytes, problem) => {
    expectRawProblem(await send(bytes), problem);
  });

  it('says which methods there are to one that HTTP does not know', async () => {
    expect(await send('FETCH / HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('Send GET or HEAD.');
    expect(await send('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^allow: GET, HEAD\r$/m);
  });

  it('outlives a client that resets its CONNECT', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', () => socket.resetAndDestroy());
      });
      socket.on('close', () => resolve());
    });
    expect(await send('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain(
      'alive',
    );
  });

  it('answers bytes that are not HTTP after a first request with a problem', async () => {
    const answer = await send('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n', 'nonsense\r\n\r\n');
    const second = answer.slice(answer.lastIndexOf('HTTP/1.1'));
    expect(answer).toContain('{"status":"alive"}');
    expectRawProblem(second, 'malformed-request');
  });

  it('accepts the absolute form of a URL, as sent to a proxy', async () => {
    const answer = await send(
      'GET http://a.example/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain('{"status":"alive"}');
  });

  it('gives the 304 of a HEAD no length', async () => {
    const answer = await send(
      'HEAD /docs HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 304 /);
    expect(answer).not.toMatch(/^content-length/im);
  });

  it.each(['a', 'a.example:8080', '127.0.0.1:1', '[::1]:80', 'a_b:'])('accepts the Host %s', async (host) => {
    expect(await send(`GET /health/live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toContain(
      'alive',
    );
  });

  it('answers HEAD like GET, without the body', async () => {
    const answer = await send('HEAD /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^content-length: 18\r$/im);
    expect(answer).toMatch(/\r\n\r\n$/);
  });
});
