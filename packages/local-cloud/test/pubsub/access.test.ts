import { v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEVELOPER } from '../../src/callers.ts';
import { LocalCloud } from '../../src/local-cloud.ts';
import { authorize } from '../../src/pubsub/wire/permissions.ts';
import { RPCS } from '../../src/pubsub/wire/protos.ts';

const PROJECT = 'records-local';
const EMAIL = `crm@${PROJECT}.iam.gserviceaccount.com`;
const TOPIC = `projects/${PROJECT}/topics/records`;
const SUBSCRIPTION = `projects/${PROJECT}/subscriptions/reader`;
const grantOf = (role: string, resource: string) => ({ role, resource, member: `serviceAccount:${EMAIL}` });

const warnings: string[] = [];
let cloud: LocalCloud;
let host: string;
let publisher: v1.PublisherClient;

beforeAll(async () => {
  cloud = await LocalCloud.create({
    projectId: PROJECT,
    location: 'southamerica-west1',
    onEvent: (event) => {
      if (event.type === 'log' && event.source === 'iam') warnings.push(event.message);
    },
  });
  host = cloud.environment.PUBSUB_EMULATOR_HOST ?? '';
  await cloud.pubsub.createTopic({ name: TOPIC });
  await cloud.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC });
  const [servicePath = '', port] = host.split(':');
  const sslCreds = credentials.createInsecure();
  publisher = new v1.PublisherClient({ projectId: PROJECT, servicePath, port: Number(port), sslCreds });
});

afterAll(async () => {
  await publisher?.close();
  await cloud?.close();
});

const headers = () => ({ authorization: `Bearer ${cloud.accessTokenFor(EMAIL)}` });

async function rest(path: string, body: object, method = 'POST'): Promise<[number, string]> {
  const response = await fetch(`http://${host}/v1/${path}`, {
    method,
    headers: headers(),
    body: JSON.stringify(body),
  });
  return [response.status, await response.text()];
}

process.env.METADATA_SERVER_DETECTION = 'none';

const messages = [{ data: Buffer.from('hola').toString('base64') }];

describe('a service account', () => {
  it('publishes and pulls with a grant; without one, the refusal names the missing role', async () => {
    const [status, refusal] = await rest(`${TOPIC}:publish`, { messages });
    expect([status, refusal]).toEqual([403, expect.stringContaining('User not authorized')]);
    expect(warnings).toEqual([
      `serviceAccount:${EMAIL} lacks pubsub.topics.publish on ${TOPIC}: grant roles/pubsub.publisher on ${TOPIC}, or above it, to serviceAccount:${EMAIL}`,
    ]);
    cloud.iam.grant(grantOf('roles/pubsub.publisher', TOPIC));
    expect((await rest(`${TOPIC}:publish`, { messages }))[0]).toBe(200);

    expect((await rest(`${SUBSCRIPTION}:pull`, { maxMessages: 1 }))[0]).toBe(403);
    cloud.iam.grant(grantOf('roles/pubsub.subscriber', SUBSCRIPTION));
    expect((await rest(`${SUBSCRIPTION}:pull`, { maxMessages: 1 }))[1]).toContain(messages[0]?.data);
  });

  it('needs the grant over gRPC, too', async () => {
    cloud.iam.revoke(grantOf('roles/pubsub.publisher', TOPIC));
    const call = { retry: null, otherArgs: { headers: headers() } };
    await expect(publisher.publish({ topic: TOPIC, messages }, call)).rejects.toMatchObject({ code: 7 });
  });

  it('gets tokens from a metadata server of its own', async () => {
    const metadataHost = await cloud.metadataHostFor(EMAIL);
    expect(await cloud.metadataHostFor(EMAIL)).toBe(metadataHost);
    expect(await cloud.metadataHostFor(`other@${PROJECT}.iam.gserviceaccount.com`)).not.toBe(metadataHost);
    const url = `http://${metadataHost}/computeMetadata/v1/instance/service-accounts/default/token`;
    const response = await fetch(url, { headers: { 'Metadata-Flavor': 'Google' } });
    const { access_token } = (await response.json()) as { access_token: string };
    const call = { retry: null, otherArgs: { headers: { authorization: `Bearer ${access_token}` } } };
    await expect(publisher.publish({ topic: TOPIC, messages }, call)).rejects.toMatchObject({
      code: 7,
      details: expect.stringContaining(`grant roles/pubsub.publisher on ${TOPIC}`),
    });
  });

  it('administers what it is granted, and only asks without leaving a trace', async () => {
    const grant = grantOf('roles/pubsub.editor', `projects/${PROJECT}`);
    const topic = `projects/${PROJECT}/topics/mine`;
    const [status, refusal] = await rest(topic, {}, 'PUT');
    expect([status, refusal]).toEqual([403, expect.stringContaining('grant roles/pubsub.editor')]);
    cloud.iam.grant(grant);
    expect((await rest(topic, {}, 'PUT'))[0]).toBe(200);
    expect((await rest(`projects/${PROJECT}/subscriptions/mine`, { topic }, 'PUT'))[0]).toBe(200);
    expect((await rest(`${topic}:setIamPolicy`, { policy: {} }))[0]).toBe(403);
    const refusals = warnings.length;
    const permissions = ['pubsub.topics.delete', 'pubsub.topics.setIamPolicy'];
    expect(await rest(`${topic}:testIamPermissions`, { permissions })).toEqual([
      200,
      '{"permissions":["pubsub.topics.delete"]}',
    ]);
    expect([warnings.length, cloud.iam.usesOf(grant)]).toEqual([
      refusals,
      ['pubsub.subscriptions.create', 'pubsub.topics.attachSubscription', 'pubsub.topics.create'],
    ]);
    cloud.iam.revoke(grant);
  });

  it('finds every RPC in the table of permissions', () => {
    const account = { ...DEVELOPER, member: `serviceAccount:${EMAIL}` };
    const named = { resource: TOPIC };
    for (const { name } of RPCS) expect(() => authorize(account, name, named)).not.toThrow();
  });
});

it('a caller without a token of this cloud is the developer', async () => {
  const [response] = await publisher.publish({ topic: TOPIC, messages });
  expect(response.messageIds).toHaveLength(1);
});
