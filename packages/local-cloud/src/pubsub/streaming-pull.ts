import { CloudError } from '../errors.ts';
import { accept, ackIdOf, parseAckId } from './ack-id.ts';
import type { Limit } from './delivery-queue.ts';
import type { Holder } from './leases.ts';
import {
  ACK_DEADLINE_SECONDS,
  RESPONSE_MAX_BYTES,
  RESPONSE_MAX_MESSAGES,
  STREAM_DEFAULT_MAX_BYTES,
  STREAM_DEFAULT_MAX_MESSAGES,
} from './limits.ts';
import type { ReceivedMessage } from './resources.ts';
import type { SubscriptionState } from './state.ts';
import { checkAckDeadline } from './subscription-config.ts';

export interface StreamingPullRequest {
  readonly subscription?: string | null;
  readonly ackIds?: readonly string[] | null;
  readonly modifyDeadlineSeconds?: readonly number[] | null;
  readonly modifyDeadlineAckIds?: readonly string[] | null;
  readonly streamAckDeadlineSeconds?: number | null;
  readonly clientId?: string | null;
  /** Flow control; 0 or less means no limit. */
  readonly maxOutstandingMessages?: number | string | null;
  readonly maxOutstandingBytes?: number | string | null;
  readonly protocolVersion?: number | string | null;
}

/** What happened to the acknowledgements of a request; sent for exactly-once delivery. */
interface Confirmation {
  readonly ackIds: readonly string[];
  readonly invalidAckIds: readonly string[];
}

export interface StreamingPullResponse {
  readonly acknowledgeConfirmation?: Confirmation;
  readonly modifyAckDeadlineConfirmation?: Confirmation;
  readonly receivedMessages: readonly ReceivedMessage[];
  /** In every response: clients take an absent one for "not ordered". */
  readonly subscriptionProperties: { exactlyOnceDeliveryEnabled: boolean; messageOrderingEnabled: boolean };
}

export interface StreamingPullPeer {
  /** False when the peer's buffer is full: nothing more is sent until `drained`. */
  send(response: StreamingPullResponse): boolean;
  /** Ends the stream with an error. */
  fail(error: unknown): void;
}

/** A holder of leases that counts its outstanding messages. */
export interface Receiver extends Holder {
  /** Called when a delivery of this size becomes outstanding. */
  leased(bytes: number): void;
}

interface StreamingPullOptions {
  readonly subscription: SubscriptionState;
  readonly first: StreamingPullRequest;
  readonly peer: StreamingPullPeer;
  receive(limit: Limit, receiver: Receiver, leaseMs: number): ReceivedMessage[];
}

/** One StreamingPull call. Sends messages within the client's flow control. */
export class StreamingPull implements Receiver {
  readonly #options: StreamingPullOptions;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #stopWaking: () => void;
  #leaseSeconds: number;
  #outstandingMessages = 0;
  #outstandingBytes = 0;
  #writable = true;
  #scheduled = false;
  #pinged = false;
  #ended = false;

  constructor(options: StreamingPullOptions) {
    this.#options = options;
    const { first, subscription } = options;
    this.#leaseSeconds = checkAckDeadline(first.streamAckDeadlineSeconds ?? 0);
    this.#maxMessages = limitOf(first.maxOutstandingMessages, STREAM_DEFAULT_MAX_MESSAGES);
    this.#maxBytes = limitOf(first.maxOutstandingBytes, STREAM_DEFAULT_MAX_BYTES);
    this.#stopWaking = subscription.queue.onWake(() => this.#schedule());
    this.#schedule();
  }

  /** Handles a request of the client: acknowledgements and changes of ack deadlines. Throws INVALID_ARGUMENT. */
  async receive(request: StreamingPullRequest): Promise<void> {
    const { subscription } = this.#options;
    if (request.subscription && request !== this.#options.first) {
      throw new CloudError('INVALID_ARGUMENT', 'Set subscription only in the first request of a stream.');
    }
    if (request.streamAckDeadlineSeconds) {
      this.#leaseSeconds = checkAckDeadline(request.streamAckDeadlineSeconds);
    }
    const acked = (request.ackIds ?? []).map((ackId) => parseAckId(subscription.key, ackId));
    const ackIds = request.modifyDeadlineAckIds ?? [];
    const seconds = request.modifyDeadlineSeconds ?? [];
    if (ackIds.length !== seconds.length) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `modify_deadline_ack_ids has ${ackIds.length} items and modify_deadline_seconds has ${seconds.length}; both must have the same length.`,
      );
    }
    const modified = ackIds.map((ackId, index) => ({
      ...parseAckId(subscription.key, ackId),
      seconds: checkModifiedDeadline(seconds[index] ?? 0),
    }));
    const { queue } = subscription;
    const acks = accept(queue, acked);
    const changes = accept(queue, modified);
    for (const delivery of changes.accepted) {
      if (delivery.seconds > 0) queue.extend([delivery], delivery.seconds * 1e3);
    }
    this.#answerPing(request);
    await Promise.all([
      acks.accepted.length > 0 && queue.acknowledge(acks.accepted.map(({ id }) => id)),
      queue.fail(changes.accepted.filter(({ seconds }) => seconds === 0)),
    ]);
    if (subscription.config.enableExactlyOnceDelivery && acked.length + modified.length > 0 && !this.#ended) {
      this.#send([], {
        ...(acked.length > 0 && { acknowledgeConfirmation: this.#confirmation(acks) }),
        ...(modified.length > 0 && { modifyAckDeadlineConfirmation: this.#confirmation(changes) }),
      });
    }
  }

  /** Answers a keep-alive ping, which is a request without content. Go's client drops a stream that does not answer. */
  #answerPing(request: StreamingPullRequest): void {
    const { first } = this.#options;
    if (request === first || !(Number(first.protocolVersion ?? 0) >= 1)) return;
    this.#pinged ||= !request.ackIds?.length && !request.modifyDeadlineAckIds?.length;
    if (this.#pinged) this.#schedule();
  }

  /** The peer's buffer has room again. */
  drained(): void {
    this.#writable = true;
    this.#schedule();
  }

  released(bytes: number): void {
    this.#outstandingMessages--;
    this.#outstandingBytes -= bytes;
    this.#schedule();
  }

  /** Ends the stream. Its leases remain until their acknowledgement or ack deadline. */
  close(): void {
    this.#ended = true;
    this.#stopWaking();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#ended) return;
    const { subscription, peer } = this.#options;
    if (subscription.queue.closed) {
      this.close();
      peer.fail(subscription.queue.closed);
      return;
    }
    if (!this.#writable) return;
    if (this.#pinged) this.#send([]);
    const messages = Math.min(this.#maxMessages - this.#outstandingMessages, RESPONSE_MAX_MESSAGES);
    const bytes = Math.min(this.#maxBytes - this.#outstandingBytes, RESPONSE_MAX_BYTES);
    if (!this.#writable || messages <= 0 || bytes <= 0) return;
    const leaseSeconds = this.#leaseSeconds || subscription.config.ackDeadlineSeconds;
    let receivedMessages: ReceivedMessage[];
    try {
      receivedMessages = this.#options.receive({ messages, bytes }, this, leaseSeconds * 1e3);
    } catch (error) {
      this.close();
      peer.fail(error);
      return;
    }
    if (receivedMessages.length === 0) return;
    this.#send(receivedMessages);
    // One response per turn of the event loop, so that streams share a subscription evenly.
    this.#schedule();
  }

  leased(bytes: number): void {
    this.#outstandingMessages++;
    this.#outstandingBytes += bytes;
  }

  #confirmation({ accepted, refused }: ReturnType<typeof accept>): Confirmation {
    const { key } = this.#options.subscription;
    return {
      ackIds: accepted.map((delivery) => ackIdOf(key, delivery)),
      invalidAckIds: refused.map((delivery) => ackIdOf(key, delivery)),
    };
  }

  #send(
    receivedMessages: readonly ReceivedMessage[],
    confirmations: Pick<
      StreamingPullResponse,
      'acknowledgeConfirmation' | 'modifyAckDeadlineConfirmation'
    > = {},
  ): void {
    const { peer, subscription } = this.#options;
    this.#pinged = false;
    this.#writable = peer.send({
      receivedMessages,
      ...confirmations,
      subscriptionProperties: {
        exactlyOnceDeliveryEnabled: subscription.config.enableExactlyOnceDelivery ?? false,
        messageOrderingEnabled: subscription.config.enableMessageOrdering,
      },
    });
  }
}

/** Checks the new ack deadline of one lease in seconds; 0 is a negative acknowledgement. */
export function checkModifiedDeadline(seconds: number): number {
  // The documented minimum of 10 seconds holds for subscriptions, not for a single lease.
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= ACK_DEADLINE_SECONDS.max) return seconds;
  throw new CloudError(
    'INVALID_ARGUMENT',
    `Invalid ack deadline given: ${seconds}. It must be between 0 and ${ACK_DEADLINE_SECONDS.max} seconds.`,
  );
}

function limitOf(value: number | string | null | undefined, fallback: number): number {
  const limit = Number(value ?? 0);
  return limit > 0 ? limit : fallback;
}
