import { CloudError } from '../errors.ts';
import { parseAckId } from './ack-id.ts';
import type { Limit } from './delivery-queue.ts';
import type { Holder } from './leases.ts';
import {
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
  /** Zero or less: no limit of the client's. */
  readonly maxOutstandingMessages?: number | string | null;
  readonly maxOutstandingBytes?: number | string | null;
  readonly protocolVersion?: number | string | null;
}

export interface StreamingPullResponse {
  readonly receivedMessages: readonly ReceivedMessage[];
  /** In the first response of a stream. */
  readonly subscriptionProperties?: { exactlyOnceDeliveryEnabled: boolean; messageOrderingEnabled: boolean };
}

export interface StreamingPullPeer {
  /** False when the peer is behind: nothing more is sent until `drained`. */
  send(response: StreamingPullResponse): boolean;
  /** The stream is over. */
  fail(error: unknown): void;
}

/** Who messages are leased to, and what it counts as outstanding. */
export interface Receiver extends Holder {
  leased(bytes: number): void;
}

interface StreamingPullOptions {
  readonly subscription: SubscriptionState;
  readonly first: StreamingPullRequest;
  readonly peer: StreamingPullPeer;
  receive(limit: Limit, receiver: Receiver, leaseMs: number): ReceivedMessage[];
}

/** One StreamingPull call: sends messages as the client's flow control allows. */
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
  #introduced = false;
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

  /** Acknowledgements and deadlines that the client sends on the stream. Throws INVALID_ARGUMENT. */
  async receive(request: StreamingPullRequest): Promise<void> {
    const { subscription } = this.#options;
    if (request.subscription && request !== this.#options.first) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        'subscription may only be set in the first request of a stream.',
      );
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
        `modify_deadline_ack_ids has ${ackIds.length} items and modify_deadline_seconds has ${seconds.length}; they go in pairs.`,
      );
    }
    const modified = ackIds.map((ackId, index) => ({
      ...parseAckId(subscription.key, ackId),
      seconds: checkModifiedDeadline(seconds[index] ?? 0),
    }));
    for (const delivery of modified) {
      if (delivery.seconds > 0) subscription.queue.extend([delivery], delivery.seconds * 1e3);
    }
    await Promise.all([
      acked.length > 0 && subscription.queue.acknowledge(acked.map(({ id }) => id)),
      subscription.queue.fail(modified.filter(({ seconds }) => seconds === 0)),
    ]);
  }

  /** The peer can take more. */
  drained(): void {
    this.#writable = true;
    this.#schedule();
  }

  /** A delivery made on this stream is no longer outstanding. */
  released(bytes: number): void {
    this.#outstandingMessages--;
    this.#outstandingBytes -= bytes;
    this.#schedule();
  }

  /** Its leases stay until they are acknowledged or end. */
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
    this.#writable = peer.send({ receivedMessages, ...this.#introduction() });
    // One response per turn of the event loop: several streams of a subscription share it evenly.
    this.#schedule();
  }

  /** Counts a delivery that is about to be sent. */
  leased(bytes: number): void {
    this.#outstandingMessages++;
    this.#outstandingBytes += bytes;
  }

  #introduction(): Partial<StreamingPullResponse> {
    if (this.#introduced) return {};
    this.#introduced = true;
    const { enableMessageOrdering } = this.#options.subscription.config;
    return {
      subscriptionProperties: {
        exactlyOnceDeliveryEnabled: false,
        messageOrderingEnabled: enableMessageOrdering,
      },
    };
  }
}

/** Seconds for which one delivery's lease is changed; 0 gives it back. */
export function checkModifiedDeadline(seconds: number): number {
  // Google's documented minimum of 10 is for a subscription's deadline; one lease may be shorter.
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= 600) return seconds;
  throw new CloudError(
    'INVALID_ARGUMENT',
    `Invalid ack deadline given: ${seconds}. It must be between 0 and 600 seconds.`,
  );
}

function limitOf(value: number | string | null | undefined, fallback: number): number {
  const limit = Number(value ?? 0);
  return limit > 0 ? limit : fallback;
}
