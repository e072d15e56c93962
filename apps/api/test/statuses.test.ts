import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront, type Fault, googleError } from './support/bigquery-front.ts';
import { Contract } from './support/contract.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable, type TestTable } from './support/table.ts';

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

/** An API before a warehouse that fails in this way. */
async function before(fault: Fault, timing = new FakeTiming()): Promise<FastifyInstance> {
  const front = await BigQueryFront.listen();
  front.fault = () => fault;
  const { app } = await buildTestApi({ bigQueryUrl: front.url, timing });
  return app;
}

/** Whatever is waited for is over as soon as nothing else happens. */
class ImpatientTiming extends FakeTiming {
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal) setImmediate(() => this.advance(ms));
    return super.sleep(ms, signal);
  }
}

interface Situation {
  readonly app?: () => Promise<FastifyInstance>;
  /** Sent first, to be answered by whatever. */
  readonly first?: boolean;
  readonly request?: Omit<InjectOptions, 'url'> & { readonly search?: string };
}

/** How each status comes about, for any operation. */
const SITUATIONS: Readonly<Record<string, Situation>> = {
  200: {},
  304: { request: { headers: { 'if-none-match': '*' } } },
  400: { request: { payload: 'a body' } },
  401: { request: { headers: { 'x-api-key': 'nobodys' } } },
  404: {},
  406: { request: { headers: { accept: 'image/png' } } },
  410: { request: { search: '?snapshot=000000000000-tp0ce8-0' } },
  414: { request: { search: `?limit=${'9'.repeat(5_000)}` } },
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

/** What stands for the parameters of a path, so that there is such a thing, or for 404 that there is none. */
function urlOf(path: string, status: string): string {
  return path.replace('{id}', status === '404' ? 'nobody' : row.id);
}

describe('every status that the document promises', () => {
  it('comes about, as the document describes it', async () => {
    const missing: string[] = [];
    for (const [path, { get }] of Object.entries(contract.document.paths)) {
      for (const status of Object.keys(get?.responses ?? {})) {
        const situation = SITUATIONS[status];
        const { search = '', ...request } = situation?.request ?? {};
        const app = (await situation?.app?.()) ?? healthy;
        const url = urlOf(path, status) + search;
        if (situation?.first) await app.inject({ url, ...request });
        const answer = await app.inject({ url, ...request });
        const { statusCode, headers, body } = answer;
        const undescribed = contract.undescribed(path, {
          method: 'GET',
          status: statusCode,
          type: String(headers['content-type'] ?? ''),
          headers,
          body,
        });
        if (String(statusCode) !== status || undescribed) {
          missing.push(`${path} ${status}: got ${statusCode} ${undescribed ?? ''}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });
});
