import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
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
