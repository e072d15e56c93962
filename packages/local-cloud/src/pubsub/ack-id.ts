import { CloudError } from '../errors.ts';
import type { DeliveryId, DeliveryQueue } from './delivery-queue.ts';

/** The ack id of a delivery: the subscription's key, the message id and the delivery attempt. */
export function ackIdOf(subscriptionKey: number, { id, attempt }: DeliveryId): string {
  return `${subscriptionKey}-${id}-${attempt}`;
}

/** The error for acknowledgements that had no effect, as client libraries read it. */
export function invalidAckIds(ackIds: readonly string[]): CloudError {
  const metadata = Object.fromEntries(ackIds.map((ackId) => [ackId, 'PERMANENT_FAILURE_INVALID_ACK_ID']));
  return new CloudError(
    'INVALID_ARGUMENT',
    'Some acknowledgement ids in the request were invalid: they have expired.',
    {
      hint: 'their messages are delivered again; set a longer ack deadline, or extend it',
      info: { reason: 'INVALID_ACK_ID', domain: 'pubsub.googleapis.com', metadata },
    },
  );
}

/** Throws INVALID_ARGUMENT for an ack id that is not of this subscription. */
export function parseAckId(subscriptionKey: number, ackId: string): DeliveryId {
  const [key, id, attempt] = /^\d+-\d+-\d+$/.test(ackId) ? ackId.split('-').map(Number) : [];
  if (key !== subscriptionKey || id === undefined || attempt === undefined) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `You have passed an invalid ack ID to the service (ack_id=${ackId.slice(0, 200)}).`,
    );
  }
  return { id, attempt };
}

/** Tells the deliveries that can be acknowledged from those whose ack id has expired. */
export function accept<T extends DeliveryId>(
  queue: Pick<DeliveryQueue, 'accepts'>,
  deliveries: readonly T[],
): { accepted: T[]; refused: T[] } {
  const { accepted = [], refused = [] } = Object.groupBy(deliveries, (delivery) =>
    queue.accepts(delivery) ? 'accepted' : 'refused',
  );
  return { accepted, refused };
}
