import type { Target } from '@records/stack';
import { Leases } from '@records/stack/leases';
import type { Histories } from './histories.ts';

/** The longest time without another dead letter. */
const STALL_MS = 120_000;
const PULL_WAIT_MS = 5_000;
const REASON = 'CloudPubSubDeadLetterSourceDeliveryErrorMessage';

/** Reads so many dead letters. Throws when no more of them come. */
export async function readDeadLetters(target: Target, count: number, histories: Histories): Promise<void> {
  await using leases = new Leases(target, target.deadLetterSubscription ?? '', PULL_WAIT_MS);
  const read = new Set<string>();
  let since = performance.now();
  while (read.size < count) {
    const leased = await leases.pull();
    for (const { message } of leased) {
      const id = message.messageId ?? '';
      // Delivery is at least once.
      if (read.has(id)) continue;
      read.add(id);
      since = performance.now();
      histories.addDeadLetter(Buffer.from(message.data ?? '').toString(), message.attributes?.[REASON]);
    }
    await leases.remove(leased.map(({ ackId }) => ackId));
    if (performance.now() - since > STALL_MS)
      throw new Error(`${read.size} of ${count} dead letters came, and no more for ${STALL_MS / 1_000} s`);
  }
}
