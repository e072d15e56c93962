import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront, googleError } from './support/bigquery-front.ts';

let front: BigQueryFront;
let api: TestApi;

beforeAll(async () => {
  front = await BigQueryFront.listen();
});

beforeEach(async () => {
  front.reset();
  api = await buildTestApi({ bigQueryUrl: front.url });
});

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the log', () => {
  it('has one line per request in the format of Cloud Logging, with its trace', async () => {
    const response = await api.app.inject({
      url: '/records?limit=0',
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    expect(api.lines).toEqual([
      {
        severity: 'INFO',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        requestId: response.headers['x-request-id'],
        'logging.googleapis.com/trace': `projects/records-test/traces/${trace}`,
        'logging.googleapis.com/spanId': '00f067aa0ba902b7',
        'logging.googleapis.com/trace_sampled': true,
        httpRequest: {
          requestMethod: 'GET',
          requestUrl: '/records',
          status: 400,
          latency: expect.stringMatching(/^\d+\.\d{6}s$/),
          responseSize: response.headers['content-length'],
        },
        message: 'GET /records 400',
      },
    ]);
  });

  it('never contains the id of a record, a query, an address or a user agent', async () => {
    front.fault = () => googleError(403, 'accessDenied');
    for (const url of [
      '/records/quetzal-1',
      '/records/%zz-quetzal',
      '/quetzal',
      '/records?limit=quetzal',
      '/records/qüetzal',
    ]) {
      await api.app.inject({ url, headers: { 'user-agent': 'quetzal', 'x-forwarded-for': '203.0.113.9' } });
    }
    const log = JSON.stringify(api.lines);
    expect(log).not.toMatch(/quetzal|etzal|203\.0\.113\.9/);
    expect(log).toContain('GET /records/:id 500');
    expect(log).toContain('GET (no route) 404');
    expect(log).toContain('GET (no route) 400');
  });

  it('has successful requests at level debug, since Cloud Run logs them too', async () => {
    await api.app.inject({ url: '/openapi.json' });
    expect(api.lines).toMatchObject([{ severity: 'DEBUG', message: 'GET /openapi.json 200' }]);
  });

  it('has health checks at level debug', async () => {
    await api.app.inject({ url: '/health/live' });
    expect(api.lines).toMatchObject([{ severity: 'DEBUG', message: 'GET /health/live 200' }]);
  });

  it("gives the reason of a warehouse error, with a stack trace for Error Reporting and without the Google client's request", async () => {
    front.fault = () => googleError(403, 'accessDenied', 'Permission bigquery.tables.getData denied');
    await api.app.inject({ url: '/records' });
    const line = api.lines.find(({ severity }) => severity === 'ERROR');
    expect(line).toMatchObject({
      message: 'GET /records failed: internal-error',
      reason: 'accessDenied',
      err: {
        type: 'WarehouseError',
        message: expect.stringContaining('getData denied'),
        cause: { code: 403 },
      },
      stack_trace: expect.stringMatching(/^WarehouseError: .+\n {4}at /s),
    });
    expect(Object.keys(line?.err ?? {})).toEqual(['type', 'message', 'cause']);
    expect(JSON.stringify(line)).not.toMatch(/authorization|\[object/);
  });

  it('has no line below its level', async () => {
    const quiet = await buildTestApi({ bigQueryUrl: front.url, logLevel: 'error' });
    await quiet.app.inject({ url: '/records?limit=0' });
    expect(quiet.lines).toEqual([]);
  });
});
