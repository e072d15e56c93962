import type { BigQuery } from '@google-cloud/bigquery';
import type { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll } from '@jest/globals';
import { clientsOf, LocalStack } from '@records/local';
import { seedRecords } from '@records/seeder';
import { OtlpReceiver } from './otlp-receiver.ts';

export let stack: LocalStack;
/** Google's clients, connected to the stack. */
export let pubsub: PubSub;
export let bigquery: BigQuery;
/** What the local cloud logs about missing grants. */
export const warnings: string[] = [];
/** Receives the traces of the API and the prober. */
export const receiver = new OtlpReceiver();

beforeAll(async () => {
  stack = await LocalStack.create({
    settings: { otlpEndpoint: await receiver.listen() },
    onEvent: (event) => {
      if (event.type === 'log' && event.source === 'iam') warnings.push(event.message);
    },
  });
  ({ pubsub, bigquery } = clientsOf(stack));
}, 120_000);

afterAll(async () => {
  await pubsub?.close();
  await stack?.close();
  receiver.close();
});

/** What `pnpm seed` does, without a process and without traces. */
export function seedHere(count: number): ReturnType<typeof seedRecords> {
  return seedRecords({ count, seed: 1, target: stack.seedTarget, signal: AbortSignal.timeout(60_000) });
}
