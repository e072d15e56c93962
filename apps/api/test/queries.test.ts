import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildTestApi, type TestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { oneRow } from './support/replies.ts';

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

const parameter = (name: string, type: string, value: string) => ({
  name,
  parameterType: { type },
  parameterValue: { value },
});

describe('a query to BigQuery', () => {
  it('is the same text whatever the caller says, which travels in typed parameters', async () => {
    for (const url of ['/records/a', '/records/~._-', '/records?limit=7&offset=3', '/records?limit=1000']) {
      await api.app.inject({ url });
    }
    const [first, second, third, fourth] = front.bodies;
    expect(first?.query).toBe(second?.query);
    expect(third?.query).toBe(fourth?.query);
    expect(second?.queryParameters).toEqual([parameter('id', 'STRING', '~._-')]);
    expect(third?.queryParameters).toEqual([
      parameter('limit', 'INT64', '7'),
      parameter('offset', 'INT64', '3'),
    ]);
  });

  it('says where it runs, for whom, and how long it may take', async () => {
    await api.app.inject({ url: '/records' });
    await api.app.inject({ url: '/records/a' });
    expect(front.bodies).toMatchObject([
      { labels: { service: 'records-api', query: 'page' }, jobCreationMode: 'JOB_CREATION_REQUIRED' },
      { labels: { service: 'records-api', query: 'record' }, jobCreationMode: 'JOB_CREATION_OPTIONAL' },
    ]);
    for (const body of front.bodies) {
      expect(body).toMatchObject({
        location: 'southamerica-west1',
        useLegacySql: false,
        parameterMode: 'NAMED',
        timeoutMs: 8_000,
      });
    }
  });

  it('keeps its request id when it is sent again, so that it is not billed twice, and has another for each request', async () => {
    front.fault = (call) => (call === 1 ? 'reset' : oneRow);
    await api.app.inject({ url: '/records/a' });
    await api.app.inject({ url: '/records/a' });
    const [first, again, other] = front.bodies.map(({ requestId }) => requestId);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('leaves less time to each further attempt', async () => {
    front.fault = (call) => (call < 3 ? 'reset' : oneRow);
    await api.app.inject({ url: '/records/a' });
    expect(front.bodies.map(({ timeoutMs }) => timeoutMs)).toEqual([8_000, 7_900, 7_700]);
  });

  it('is only tried dry to find out whether the instance is ready', async () => {
    expect((await api.app.inject({ url: '/health/ready' })).statusCode).toBe(200);
    expect(front.bodies).toMatchObject([{ dryRun: true, query: expect.stringContaining('FROM') }]);
  });

  it('is read page by page when BigQuery cuts the rows up', async () => {
    const page = (id: string, pageToken?: string) => ({
      status: 200,
      body: JSON.stringify({
        jobComplete: true,
        jobReference: { jobId: 'job-1', location: 'southamerica-west1' },
        schema: { fields: [] },
        rows: [{ f: [{ v: id }, { v: 'Ana' }, { v: 'Ruiz' }, { v: 'Perú' }, { v: '2' }] }],
        pageToken,
      }),
    });
    front.fault = (call) => (call === 1 ? page('a', 'more') : page('b'));
    const response = await api.app.inject({ url: '/records' });
    expect(response.json().map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
    expect(front.calls[1]).toBe('GET /bigquery/v2/projects/records-test/queries/job-1');
  });

  it('with rows larger than a response may be is given up, not held in memory', async () => {
    const body = JSON.stringify({
      jobComplete: true,
      jobReference: { jobId: 'job-1', location: 'southamerica-west1' },
      schema: { fields: [] },
      rows: [{ f: [{ v: 'x'.repeat(9_000_000) }, { v: '' }, { v: '' }, { v: '' }, { v: '9' }] }],
      pageToken: 'more',
    });
    front.fault = () => ({ status: 200, body });
    const response = await api.app.inject({ url: '/records' });
    expect(response.statusCode).toBe(500);
    expect(front.calls).toHaveLength(4);
    expect(api.lines.find(({ severity }) => severity === 'ERROR')).toMatchObject({
      reason: 'responseTooLarge',
    });
  });
});
