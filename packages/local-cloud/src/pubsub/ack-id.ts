import { CloudError } from '../errors.ts';
import type { DeliveryId } from './delivery-queue.ts';

/** The ack id of a delivery: the subscription's key, the message id and the delivery attempt. */
export function ackIdOf(subscriptionKey: number, { id, attempt }: DeliveryId): string {
  return `${subscriptionKey}-${id}-${attempt}`;
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
