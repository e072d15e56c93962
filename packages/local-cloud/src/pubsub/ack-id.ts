import { CloudError } from '../errors.ts';
import type { DeliveryId, DeliveryQueue } from './delivery-queue.ts';

/** A delivery as its client names it. */
export interface AckedDelivery extends DeliveryId {
  /** The number of seeks before it. */
  readonly seeks: number;
}

/** The ack id of a delivery: the subscription's key, the message id, the delivery attempt and the seeks before it. */
export function ackIdOf(subscriptionKey: number, { id, attempt, seeks }: AckedDelivery): string {
  return `${subscriptionKey}-${id}-${attempt}-${seeks}`;
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
export function parseAckId(subscriptionKey: number, ackId: string): AckedDelivery {
  const parts = /^\d+-\d+-\d+-\d+$/.test(ackId) ? ackId.split('-').map(Number) : [];
  const [key, id, attempt, seeks] = parts;
  if (key !== subscriptionKey || id === undefined || attempt === undefined || seeks === undefined) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `You have passed an invalid ack ID to the service (ack_id=${ackId.slice(0, 200)}).`,
    );
  }
  return { id, attempt, seeks };
}

/** Tells the deliveries that can be acknowledged from those whose ack id has expired. */
export function accept<T extends AckedDelivery>(
  queue: Pick<DeliveryQueue, 'accepts'>,
  deliveries: readonly T[],
): { accepted: T[]; refused: T[] } {
  const { accepted = [], refused = [] } = Object.groupBy(deliveries, (delivery) =>
    queue.accepts(delivery) ? 'accepted' : 'refused',
  );
  return { accepted, refused };
}
