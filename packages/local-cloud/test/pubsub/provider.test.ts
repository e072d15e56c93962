import { expect, it } from '@jest/globals';
import { AGENT } from './harness.ts';
import { Pipeline } from './pipeline.ts';

const REGIONS = { allowedPersistenceRegions: ['southamerica-west1'] };
const labels = { 'goog-pulumi-provisioned': 'true' };
const name = (path: string) => `projects/local/${path}`;

/** What Google's Pulumi provider sends for a stack like ours: null for what the program leaves out. */
const CREATED: readonly [string, string, object][] = [
  [
    'POST',
    'schemas?schemaId=people',
    {
      name: 'people',
      type: 'AVRO',
      definition:
        '{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"nombre","type":"string"},{"name":"apellido","type":"string"},{"name":"pais","type":"string"}]}',
    },
  ],
  ['PUT', 'topics/buried', { labels, messageStoragePolicy: REGIONS, kmsKeyName: '' }],
  [
    'PUT',
    'topics/people',
    {
      labels,
      messageRetentionDuration: '604800s',
      messageStoragePolicy: REGIONS,
      schemaSettings: { schema: name('schemas/people'), encoding: 'JSON' },
    },
  ],
  [
    'PUT',
    'subscriptions/buried',
    {
      topic: name('topics/buried'),
      labels,
      ackDeadlineSeconds: 60,
      messageRetentionDuration: '2678400s',
      deadLetterPolicy: null,
      retryPolicy: null,
      expirationPolicy: {},
      pushConfig: null,
    },
  ],
  [
    'PUT',
    'subscriptions/people',
    {
      topic: name('topics/people'),
      labels,
      bigqueryConfig: { table: 'local.records.records', useTopicSchema: true },
      deadLetterPolicy: { deadLetterTopic: name('topics/buried'), maxDeliveryAttempts: 5 },
      retryPolicy: null,
      expirationPolicy: {},
      messageRetentionDuration: '604800s',
    },
  ],
  [
    'PUT',
    'subscriptions/once',
    {
      topic: name('topics/people'),
      enableExactlyOnceDelivery: true,
      enableMessageOrdering: true,
      filter: 'attributes.a = "b"',
      retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
    },
  ],
];
const PATHS = [
  'schemas/people',
  'topics/buried',
  'topics/people',
  'subscriptions/buried',
  'subscriptions/people',
  'subscriptions/once',
];

it('gives a Pulumi provider what it sent, in every read, and takes an IAM policy that was read before', async () => {
  await using pipeline = await Pipeline.prepare();
  const { host } = pipeline.harness.server;
  const send = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const separator = path.includes('?') ? '&' : '?';
    const response = await fetch(`http://${host}/v1/${name(path)}${separator}alt=json`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    expect([path, response.status, answer.error]).toEqual([path, 200, undefined]);
    return answer;
  };
  for (const [method, path, body] of CREATED) await send(method, path, body);
  for (const path of ['topics/buried', 'subscriptions/people']) {
    const { etag, bindings = [] } = await send(
      'GET',
      `${path}:getIamPolicy?options.requestedPolicyVersion=3`,
    );
    const role = path.startsWith('topics') ? 'roles/pubsub.publisher' : 'roles/pubsub.subscriber';
    const added = [...(bindings as object[]), { role, members: [AGENT] }];
    await send('POST', `${path}:setIamPolicy`, { policy: { etag, version: 3, bindings: added } });
  }
  const reads = () => Promise.all(PATHS.map((path) => send('GET', path)));
  const first = await reads();
  expect(await reads()).toEqual(first);
  for (const [index, [, , { name: _, kmsKeyName: __, ...sent }]] of (
    CREATED as readonly [string, string, Record<string, unknown>][]
  ).entries()) {
    const stated = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
    expect(first[index]).toMatchObject(stated);
  }
  for (const path of PATHS.toReversed()) await send('DELETE', path);
});
