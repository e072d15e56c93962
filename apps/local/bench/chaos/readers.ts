import { setTimeout as delay } from 'node:timers/promises';
import type { RecordRow } from '@records/records-schema';
import type { Target } from '@records/stack';
import { Leases } from '@records/stack/leases';
import type { Histories } from './histories.ts';

/** Longest time in which no other dead letter comes. */
const STALL_MS = 120_000;
/** How long one pull waits for letters. */
const WAIT_MS = 5_000;
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
export async function readDeadLetters(target: Target, count: number, histories: Histories): Promise<void> {
  await using leases = new Leases(target, target.deadLetterSubscription ?? '', WAIT_MS);
  const read = new Set<string>();
  let since = performance.now();
  while (read.size < count) {
    const letters = await leases.pull();
    for (const { message } of letters) {
      const id = message.messageId ?? '';
      // At least once: a letter that comes again is the same letter.
      if (read.has(id)) continue;
      read.add(id);
      since = performance.now();
      histories.bury(Buffer.from(message.data ?? '').toString(), message.attributes?.[REASON]);
    }
    await leases.remove(letters.map(({ ackId }) => ackId));
    if (performance.now() - since > STALL_MS)
      throw new Error(`${read.size} of ${count} dead letters came, and no more for ${STALL_MS / 1_000} s`);
  }
}
