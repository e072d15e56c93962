import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow } from './support/replies.ts';
import { openTestTable } from './support/table.ts';

let front: BigQueryFront;
let api: TestApi;

beforeAll(async () => {
  front = await BigQueryFront.listen();
});

beforeEach(async () => {
  front.reset();
  front.fault = () => oneRow;
  api = await buildTestApi({ bigQueryUrl: front.url, timing: new FakeTiming() });
});

const ids = (...values: string[]) => ({
  name: 'ids',
  parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
  parameterValue: { arrayValues: values.map((value) => ({ value })) },
});

describe('a query for records', () => {
  it('has a constant text, with the input of callers in typed parameters', async () => {
    for (const url of ['/records/a', '/records/~._-']) await api.app.inject({ url });
    const [first, second] = front.bodies;
    expect(first?.query).toBe(second?.query);
    expect(second?.queryParameters).toEqual([ids('~._-')]);
  });

  it('carries location, labels and timeout', async () => {
    await api.app.inject({ url: '/records/a' });
    expect(front.bodies).toMatchObject([
      {
        labels: { service: 'records-api', query: 'records' },
        jobCreationMode: 'JOB_CREATION_OPTIONAL',
        location: 'southamerica-west1',
        useLegacySql: false,
        parameterMode: 'NAMED',
        timeoutMs: 8_000,
      },
    ]);
  });

  it('keeps its request id in retries, so that it is billed once, and has another id in each request', async () => {
    front.fault = (call) => (call === 1 ? 'reset' : oneRow);
    await api.app.inject({ url: '/records/a' });
    await api.app.inject({ url: '/records/b' });
    const [first, again, other] = front.bodies.map(({ requestId }) => requestId);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('has less time in each further attempt', async () => {
    front.fault = (call) => (call < 3 ? 'reset' : oneRow);
    await api.app.inject({ url: '/records/a' });
    expect(front.bodies.map(({ timeoutMs }) => timeoutMs)).toEqual([8_000, 7_900, 7_700]);
  });

  it('is read page by page when BigQuery splits the rows', async () => {
    const page = (id: string, pageToken?: string) => ({
      status: 200,
      body: JSON.stringify({
        jobComplete: true,
        jobReference: { jobId: 'job-1', location: 'southamerica-west1' },
        schema: { fields: [] },
        rows: [{ f: [{ v: id }, { v: 'Ana' }, { v: 'Ruiz' }, { v: 'Perú' }] }],
        pageToken,
      }),
    });
    front.fault = (call) => (call === 1 ? page('a', 'more') : page('b'));
    const response = await api.app.inject({ url: '/records/b' });
    expect(response.json()).toMatchObject({ id: 'b' });
    expect(front.calls[1]).toBe('GET /bigquery/v2/projects/records-test/queries/job-1');
  });

  it('with endless pages stops at its deadline and reads no more of them', async () => {
    const timing = new FakeTiming();
    const { app } = await buildTestApi({ bigQueryUrl: front.url, timing });
    front.fault = () => {
      timing.advance(1_000);
      return {
        status: 200,
        body: JSON.stringify({ jobComplete: true, schema: { fields: [] }, rows: [], pageToken: 'more' }),
      };
    };
    const response = await app.inject({ url: '/records/a' });
    expectProblem(response, 'warehouse-timeout');
    // Waits for calls in flight.
    await app.close();
    expect(front.calls).toHaveLength(8);
  });

  it('with more rows than a response may hold is aborted instead of held in memory', async () => {
    const body = JSON.stringify({
      jobComplete: true,
      jobReference: { jobId: 'job-1', location: 'southamerica-west1' },
      schema: { fields: [] },
      rows: [{ f: [{ v: 'x'.repeat(9_000_000) }, { v: '' }, { v: '' }, { v: '' }] }],
      pageToken: 'more',
    });
    front.fault = () => ({ status: 200, body });
    const response = await api.app.inject({ url: '/records/a' });
    expect(response.statusCode).toBe(500);
    expect(front.calls).toHaveLength(4);
    expect(api.lines.find(({ severity }) => severity === 'ERROR')).toMatchObject({
      reason: 'responseTooLarge',
    });
  });
});

it('checks readiness with a dry run of the snapshot query', async () => {
  expect((await api.app.inject({ url: '/health/ready' })).statusCode).toBe(200);
  expect(front.bodies).toMatchObject([{ dryRun: true, query: expect.stringContaining('ORDER BY id') }]);
});

describe('the job of a list', () => {
  it('is named after table and window, writes into the scratch dataset, and carries labels and limits of bytes and time', async () => {
    const table = await openTestTable();
    const timing = new FakeTiming();
    const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing });
    const response = await app.inject({ url: '/records' });
    const seconds = (timing.date() / 1000).toString(36);
    const [, snapshot] = /snapshot=([^>]+)/.exec(String(response.headers.link)) ?? [];
    expect(snapshot).toMatch(new RegExp(`^[0-9a-f]{12}-${seconds}-0$`));
    expect(table.front.bodies).toEqual([
      {
        jobReference: { jobId: `records-list-${snapshot}`, location: 'southamerica-west1' },
        configuration: {
          labels: { service: 'records-api', query: 'snapshot' },
          jobTimeoutMs: '120000',
          query: {
            query: expect.stringMatching(
              /^SELECT r\.id, IF\(.* > 16384, NULL, r\.nombre\) AS nombre, .* FROM `records-test\.records\.records` AS r QUALIFY ROW_NUMBER\(\) OVER \(PARTITION BY r\.id ORDER BY r\.nombre, r\.apellido, r\.pais\) = 1 ORDER BY id$/,
            ),
            useLegacySql: false,
            destinationTable: {
              projectId: 'records-test',
              datasetId: 'scratch',
              tableId: `list_${snapshot?.replaceAll('-', '_')}`,
            },
            writeDisposition: 'WRITE_EMPTY',
            maximumBytesBilled: String(120 * 1024 * 1024),
          },
        },
      },
    ]);
  });
});
