import type { LocalStack } from '@records/local';
import { problemsOf, seedRecords } from '@records/seeder';
import { bigqueryClient } from '@records/stack/clients';
import { until } from '../shared/waiting.ts';

/** The topic's schema accepts it; the table rejects it, because it lacks the column. */
const POISON = { id: 'grants-poison', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile', edad: '41' };

/**
 * Uses each way through the system once: a record from its publisher to both routes of the API, a message that becomes a
 * dead letter, a question of an analyst, and the probe. Throws on an unexpected answer, or when `signal` aborts.
 */
export async function exercise(stack: LocalStack, signal: AbortSignal): Promise<void> {
  const list = `${stack.outputs.apiUrl}/records?limit=1`;
  const before = await momentOf(list, signal);
  const problems = problemsOf(await seedRecords({ count: 1, seed: 1, target: stack.seedTarget, signal }));
  if (problems.length > 0) throw new Error(`the seeder failed: ${problems.join('\n')}`);
  await expectOk(`${stack.outputs.apiUrl}/health/ready`, signal);
  // Before the API makes a new list, it asks BigQuery whether the table has changed.
  await until('newer list', async () => (await momentOf(list, signal)) !== before);
  const [record] = (await expectOk(list, signal)) as { id: string }[];
  await expectOk(`${stack.outputs.apiUrl}/records/${encodeURIComponent(record?.id ?? '')}`, signal);
  await deadLetter(stack, signal);
  const { seedTarget: target } = stack;
  await bigqueryClient(target, target.analyst).query('SELECT COUNT(*) FROM records_analytics.records');
  const { succeeded, lines } = await stack.runProbe();
  if (!succeeded) throw new Error(`the probe failed: ${lines.join('\n')}`);
}

/** When the API made the list that it serves. */
async function momentOf(list: string, signal: AbortSignal): Promise<string | null> {
  const { headers } = await fetch(list, { signal });
  return headers.get('last-modified');
}

async function expectOk(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal });
  const body = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(body)}`);
  return body;
}

async function deadLetter({ cloud, outputs }: LocalStack, signal: AbortSignal): Promise<void> {
  const { topic, deadLetterSubscription: subscription } = outputs;
  await cloud.pubsub.publish({ topic, messages: [{ data: Buffer.from(JSON.stringify(POISON)) }] });
  for (;;) {
    signal.throwIfAborted();
    const { receivedMessages } = await cloud.pubsub.pull({ subscription, maxMessages: 1 }, signal);
    const ackIds = (receivedMessages ?? []).map(({ ackId }) => ackId);
    if (ackIds.length === 0) continue;
    await cloud.pubsub.acknowledge({ subscription, ackIds });
    return;
  }
}
