import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { checkTag } from '@records/infra/tools/canary/tag-check.ts';
import { LocalStack } from '../src/local-stack.ts';
import { clientsOf, getUntil, publish } from './clients.ts';

// What docs/operating.md says of a restore, as far as the local cloud has it.

const SUBSCRIPTION = 'records-to-bigquery';

let stack: LocalStack;
let pubsub: PubSub;

beforeAll(async () => {
  stack = await LocalStack.create();
  pubsub = clientsOf(stack).pubsub;
}, 120_000);

afterAll(async () => {
  await pubsub?.close();
  await stack?.close();
});

it('the API passes the check that a new revision must pass before it takes requests, with and without records', async () => {
  const tag = { url: stack.outputs.apiUrl, idToken: undefined };
  expect(await checkTag(tag)).toContain('there is no record yet to look up');
  const record = { id: 'operating-check', nombre: 'Ñusta', apellido: 'Díaz', pais: 'Perú' };
  await publish(pubsub, stack.outputs.topic, record);
  await getUntil(`${stack.outputs.apiUrl}/records/${record.id}`, 200);
  const isListed = async () =>
    (await (await fetch(`${stack.outputs.apiUrl}/records?limit=1`)).text()).includes(record.id);
  while (!(await isListed())) await new Promise((resolve) => setImmediate(resolve));
  expect(await checkTag(tag)).toContain('a record is the same in the list and by its id');
}, 120_000);

it('taking the grant on the table stops the writes and loses nothing, and giving it back delivers what waited', async () => {
  const { iam } = stack.cloud;
  const grant = iam.grants().find(({ role }) => role === 'roles/bigquery.dataEditor');
  if (!grant) throw new Error('the program grants nothing on the table');
  const record = { id: 'operating-waits', nombre: 'Inés', apellido: 'Ávila', pais: 'Chile' };

  iam.revoke(grant);
  await publish(pubsub, stack.outputs.topic, record);
  await stateOf(SUBSCRIPTION, 'RESOURCE_ERROR');
  const meanwhile = await fetch(`${stack.outputs.apiUrl}/records/${record.id}`);
  expect(meanwhile.status).toBe(404);

  iam.grant(grant);
  const response = await getUntil(`${stack.outputs.apiUrl}/records/${record.id}`, 200);
  expect(await response.json()).toEqual(record);
  await stateOf(SUBSCRIPTION, 'ACTIVE');
}, 120_000);

/** Asks until the subscription is in that state; the test's own timeout ends the wait. */
async function stateOf(subscription: string, state: string): Promise<void> {
  for (;;) {
    const [metadata] = await pubsub.subscription(subscription).getMetadata();
    if (metadata.state === state) return;
  }
}
