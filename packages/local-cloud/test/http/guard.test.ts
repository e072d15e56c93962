import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalCloud } from '../../src/local-cloud.ts';

const EMAIL = 'crm@records-local.iam.gserviceaccount.com';

let cloud: LocalCloud;
const urls: Record<string, string> = {};

beforeAll(async () => {
  cloud = await LocalCloud.create({ projectId: 'records-local', location: 'southamerica-west1' });
  const { PUBSUB_EMULATOR_HOST, BIGQUERY_EMULATOR_HOST } = cloud.environment;
  const metadata = await cloud.metadataHostFor(EMAIL);
  urls['Pub/Sub'] = `http://${PUBSUB_EMULATOR_HOST}/v1/projects/records-local/topics`;
  urls.BigQuery = `${BIGQUERY_EMULATOR_HOST}/projects/records-local/datasets`;
  urls['the metadata server'] = `http://${metadata}/computeMetadata/v1/project/project-id`;
  urls['the metrics server'] = cloud.metricsUrl;
});

afterAll(() => cloud?.close());

/** Not by fetch, which sets some of the headers itself. */
function statusOf(url: string, headers: Record<string, string>, method = 'GET'): Promise<[number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
  const call = request(url, { method, headers: { 'metadata-flavor': 'Google', ...headers } }, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk));
    response.on('end', () => resolve([response.statusCode ?? 0, text]));
  });
  call.on('error', reject).end(method === 'GET' ? undefined : '{}');
  return promise;
}

describe.each(['Pub/Sub', 'BigQuery', 'the metadata server', 'the metrics server'])('%s', (server) => {
  it.each([
    ['a name that a stranger gave this machine', { host: 'rebound.example:80' }],
    ['a name that begins like this machine', { host: '127.0.0.1.example' }],
    ['a page of another site', { origin: 'https://example.com' }],
    ['a page of another site that begins like this machine', { origin: 'http://localhost.example.com' }],
    ['a page without an origin', { origin: 'null' }],
    ['an image on a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses %s', async (_, headers) => {
    const [status, text] = await statusOf(urls[server] ?? '', headers);
    expect([status, text]).toEqual([403, expect.stringContaining('Refused: the request ')]);
  });

  it.each([
    ['programs', {}],
    ['programs that call it localhost', { host: 'localhost:9050' }],
    ['IPv6', { host: '[::1]:9050' }],
    ['a page of this machine', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('serves %s', async (_, headers) => {
    expect((await statusOf(urls[server] ?? '', headers))[0]).toBe(200);
  });

  it('refuses a form and text of any page', async () => {
    for (const type of [
      'text/plain;charset=UTF-8',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
    ]) {
      const headers = { origin: 'http://localhost:3000', 'content-type': type };
      expect(await statusOf(urls[server] ?? '', headers, 'POST')).toEqual([
        403,
        expect.stringContaining('send application/json'),
      ]);
    }
  });
});
