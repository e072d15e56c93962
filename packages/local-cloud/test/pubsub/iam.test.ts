import { describe, expect, it } from '@jest/globals';
import { AGENT, errorOf, Harness, subscriptionName, textsOf, topicName } from './harness.ts';

const PUBLISHER = 'roles/pubsub.publisher';
const READER = 'user:ana@example.com';

async function rest(harness: Harness, method: string, path: string, body?: object) {
  const response = await fetch(`http://${harness.server.host}/v1/projects/local/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return [response.status, await response.json()] as [number, Record<string, unknown>];
}

describe('an IAM policy', () => {
  it('is read, set and read again over gRPC', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const { iam } = harness.client.topic('records');
    const [empty] = await iam.getPolicy();
    expect(empty).toMatchObject({ version: 0, bindings: [] });
    const bindings = [{ role: PUBLISHER, members: [READER], condition: null }];
    const [set] = await iam.setPolicy({ ...empty, bindings });
    expect(set.bindings).toEqual(bindings);
    expect((await iam.getPolicy())[0]).toEqual(set);
  });

  it('is served over REST for each kind of resource', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    await harness.client.createSchema('record', 'AVRO', '{"type":"record","name":"R","fields":[]}');
    await harness.client.subscription('reader').createSnapshot('before');
    for (const name of ['topics/records', 'subscriptions/reader', 'snapshots/before', 'schemas/record']) {
      const [, { etag }] = await rest(
        harness,
        'GET',
        `${name}:getIamPolicy?options.requestedPolicyVersion=3`,
      );
      const policy = { version: 3, etag, bindings: [{ role: 'roles/pubsub.viewer', members: [READER] }] };
      const [status, answer] = await rest(harness, 'POST', `${name}:setIamPolicy`, { policy });
      expect([status, answer.bindings]).toEqual([200, policy.bindings]);
      expect(await rest(harness, 'GET', `${name}:getIamPolicy`)).toEqual([200, answer]);
      expect(await rest(harness, 'POST', `${name}:setIamPolicy`, { policy })).toEqual([
        409,
        { error: expect.objectContaining({ status: 'ABORTED' }) },
      ]);
    }
    expect((await rest(harness, 'GET', 'topics/missing:getIamPolicy'))[0]).toBe(404);
  });

  it.each([
    ['a role that does not exist', { role: 'roles/pubsub.reader', members: [READER] }, 3],
    ['a member without a kind', { role: PUBLISHER, members: ['ana@example.com'] }, 3],
    ['a condition', { role: PUBLISHER, members: [READER], condition: { expression: 'false' } }, 12],
  ])('with %s is refused whole', async (_, binding, code) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const { iam } = harness.client.topic('records');
    const good = { role: PUBLISHER, members: [READER] };
    expect(await errorOf(iam.setPolicy({ bindings: [good, binding] } as never))).toMatchObject({ code });
    expect((await iam.getPolicy())[0].bindings).toEqual([]);
  });

  it('lets the service agent forward dead letters, for a client alone', async () => {
    await using harness = await Harness.start();
    await harness.topicWith({}, 'dead', 'graveyard');
    await harness.topicWith({
      deadLetterPolicy: { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 },
    });
    await harness.client.topic('dead').iam.setPolicy({ bindings: [{ role: PUBLISHER, members: [AGENT] }] });
    const bindings = [{ role: 'roles/pubsub.subscriber', members: [AGENT] }];
    await harness.client.subscription('reader').iam.setPolicy({ bindings });
    await harness.publish(['poison']);
    for (let attempt = 1; attempt <= 5; attempt++) await harness.modify(await harness.pull(), 0);
    expect(textsOf(await harness.pull('graveyard'))).toEqual(['poison']);
  });

  it('tells which of the permissions the caller has', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const permissions = ['pubsub.subscriptions.get', 'pubsub.subscriptions.consume'];
    const [answer] = await harness.client.subscription('reader').iam.testPermissions(permissions);
    expect(Object.values(answer)).toEqual([true, true]);
    const request = { resource: subscriptionName('reader'), permissions };
    const access = { holds: (permission: string) => permission.endsWith('get') };
    expect(await harness.pubsub.testIamPermissions(request, access)).toEqual({
      permissions: ['pubsub.subscriptions.get'],
    });
    const wild = harness.client.topic('records').iam.testPermissions('pubsub.topics.*');
    expect(await errorOf(wild)).toMatchObject({ code: 3 });
  });
});
