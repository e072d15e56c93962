import { setTimeout as delay } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import type { RecordRow } from '@records/records-schema';
import { PassThroughClient } from 'google-auth-library';
import type { Histories } from './histories.ts';
import type { StackReady } from './stack-process.ts';

/** Longest time for all dead letters to come. */
const STALL_MS = 120_000;
const REASON = 'CloudPubSubDeadLetterSourceDeliveryErrorMessage';

/** Every record that the API shows, by `Link: rel="next"`. */
export async function* recordsOf(apiUrl: string): AsyncGenerator<RecordRow> {
  let url: URL | undefined = new URL(`${apiUrl}/records?limit=1000`);
  while (url) {
    const response: Response = await fetch(url);
    if (response.status === 429) {
      await response.body?.cancel();
      await delay(Number(response.headers.get('retry-after') ?? 1) * 1_000);
      continue;
    }
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    yield* (await response.json()) as RecordRow[];
    const next: string | undefined = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    url = next === undefined ? undefined : new URL(next, url);
  }
}

/** Reads so many dead letters. Throws when they do not come. */
export async function readDeadLetters(stack: StackReady, count: number, histories: Histories): Promise<void> {
  if (count === 0) return;
  const pubsub = new PubSub({
    projectId: stack.project,
    apiEndpoint: stack.pubsub,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  });
  const subscription = pubsub.subscription(stack.deadLetterSubscription);
  const read = new Set<string>();
  try {
    await new Promise<void>((resolve, reject) => {
      const stalled = setTimeout(
        () => reject(new Error(`${read.size} of ${count} dead letters came in ${STALL_MS / 1_000} s`)),
        STALL_MS,
      );
      const end = (settle: () => void) => {
        clearTimeout(stalled);
        settle();
      };
      subscription.on('error', (error) => end(() => reject(error)));
      subscription.on('message', (message) => {
        message.ack();
        // At least once: a letter that comes again is the same letter.
        if (read.has(message.id)) return;
        read.add(message.id);
        histories.bury(message.data.toString(), message.attributes[REASON]);
        if (read.size === count) end(resolve);
      });
    });
  } finally {
    await subscription.close();
    await pubsub.close();
  }
}
