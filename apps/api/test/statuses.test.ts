import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront, type Fault, googleError } from './support/bigquery-front.ts';
import { Contract } from './support/contract.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { pathFor, promises, situationFor } from './support/situations.ts';
import { openTestTable, type TestTable } from './support/table.ts';
import { ask } from './support/wire.ts';

const row = { id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

let table: TestTable;
let healthy: FastifyInstance;
let contract: Contract;

beforeAll(async () => {
  table = await openTestTable();
  await table.append([row]);
  ({ app: healthy } = await buildTestApi({ bigQueryUrl: table.front.url }));
  contract = new Contract((await healthy.inject({ url: '/openapi.json' })).json());
});

/** An API whose warehouse fails in this way. */
async function before(fault: Fault, timing = new FakeTiming()): Promise<FastifyInstance> {
  const front = await BigQueryFront.listen();
  front.fault = () => fault;
  const { app } = await buildTestApi({ bigQueryUrl: front.url, timing });
  return app;
}

/** Ends every wait as soon as nothing else is pending. */
class ImpatientTiming extends FakeTiming {
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal) setImmediate(() => this.advance(ms));
    return super.sleep(ms, signal);
  }
}

interface Trouble {
  readonly app: () => Promise<FastifyInstance>;
  /** Whether to send the request once before. */
  readonly first?: boolean;
}

/** The statuses that a healthy warehouse and a single request never give. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  429: {
    app: async () => {
      const { app } = await buildTestApi({
        bigQueryUrl: table.front.url,
        variables: { ANONYMOUS_REQUESTS_PER_MINUTE: '1' },
      });
      return app;
    },
    first: true,
  },
  500: { app: () => before(googleError(403, 'accessDenied')) },
  503: { app: () => before(googleError(503, 'backendError')) },
  504: { app: () => before('hang', new ImpatientTiming()) },
};

/** Before Fastify, Node's parser refuses what is too large. */
async function askOnTheWire(app: FastifyInstance, path: string) {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' });
  return await ask(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`);
}

/** Why the status did not occur as documented; undefined when it did. */
async function unkept(path: string, status: string): Promise<string | undefined> {
  const trouble = TROUBLES[status];
  const { search = '', headers = {}, body: payload } = situationFor(path, status);
  const request = { url: pathFor(path, status, row.id) + search, headers, ...(payload && { payload }) };
  const app = (await trouble?.app()) ?? healthy;
  if (trouble?.first) await app.inject(request);
  const answer = status === '431' ? await askOnTheWire(app, request.url) : await app.inject(request);
  if (String(answer.statusCode) !== status) return `${path} ${status}: got ${answer.statusCode}`;
  const undescribed = contract.undescribed(path, {
    method: 'GET',
    status: answer.statusCode,
    type: String(answer.headers['content-type'] ?? ''),
    headers: answer.headers,
    body: answer.body,
  });
  return undescribed && `${path} ${status}: ${undescribed}`;
}

describe('every documented status', () => {
  it('occurs as documented', async () => {
    const missing: (string | undefined)[] = [];
    for (const { path, status } of promises(contract.document)) missing.push(await unkept(path, status));
    expect(missing.filter((what) => what !== undefined)).toEqual([]);
  });

  it('is reported when it does not occur', async () => {
    expect(await unkept('/countries', '410')).toBe('/countries 410: got 400');
    expect(await unkept('/records', '418')).toBe('/records 418: got 200');
  });
});
