import type { Target } from '@records/stack';
import { Leases } from '@records/stack/leases';

/** Pulls of one look, of up to 1,000 dead letters each. */
const PULLS = 10;
/** How long an empty subscription is asked for more, in milliseconds. */
const WAIT_MS = 1_000;

/** https://docs.cloud.google.com/pubsub/docs/handling-failures */
const REASON = 'CloudPubSubDeadLetterSourceDeliveryErrorMessage';

/** The attribute that names the run of a message. */
export const RUN = 'e2e';

/** Removes the dead letter of a run and answers its reason; undefined while there is none. All others stay. */
export async function takeDeadLetter(
  target: Target,
  subscription: string,
  run: string,
): Promise<string | undefined> {
  await using leases = new Leases(target, subscription, WAIT_MS);
  for (let pull = 0; pull < PULLS; pull++) {
    const leased = await leases.pull();
    if (leased.length === 0) break;
    const own = leased.filter(({ message }) => message.attributes?.[RUN] === run);
    if (own.length === 0) continue;
    await leases.remove(own.map(({ ackId }) => ackId));
    return own[0]?.message.attributes?.[REASON] ?? '';
  }
  return undefined;
}
