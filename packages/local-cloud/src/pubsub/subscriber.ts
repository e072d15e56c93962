import type { Clock } from '../clock.ts';
import { CloudError } from '../errors.ts';
import { type AckedDelivery, accept, ackIdOf, invalidAckIds, parseAckId } from './ack-id.ts';
import { type Delivery, type Limit, sizeOf } from './delivery-queue.ts';
import { ACK_IDS_MAX_BYTES, PULL_WAIT_MS, RESPONSE_MAX_BYTES, RESPONSE_MAX_MESSAGES } from './limits.ts';
import { type ReceivedMessage, timestampOf } from './resources.ts';
import type { SubscriptionState } from './state.ts';
import type { MessageTable } from './store/message-table.ts';
import {
  checkModifiedDeadline,
  type Receiver,
  StreamingPull,
  type StreamingPullPeer,
  type StreamingPullRequest,
} from './streaming-pull.ts';
import type { SubscriptionConfig } from './subscription-config.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface PullRequest {
  readonly subscription?: string | null;
  readonly maxMessages?: number | null;
  readonly returnImmediately?: boolean | null;
}

export interface AckRequest {
  readonly subscription?: string | null;
  readonly ackIds?: readonly string[] | null;
}

/** Holds leases of unary pulls, which have no flow control. */
const UNCOUNTED: Receiver = { leased() {}, released() {} };

/** Delivers messages to subscriber clients and takes their acknowledgements. */
export class Subscriber {
  readonly #clock: Clock;
  readonly #messages: MessageTable;
  readonly #subscriptions: Subscriptions;

  constructor(options: { clock: Clock; messages: MessageTable; subscriptions: Subscriptions }) {
    this.#clock = options.clock;
    this.#messages = options.messages;
    this.#subscriptions = options.subscriptions;
  }

  async pull({ subscription: name, maxMessages, returnImmediately }: PullRequest, signal?: AbortSignal) {
    const subscription = this.#pullable(name);
    const messages = maxMessages ?? 0;
    if (messages <= 0) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Invalid max_messages: ${messages}. It must be greater than 0.`,
      );
    }
    const limit = { messages: Math.min(messages, RESPONSE_MAX_MESSAGES), bytes: RESPONSE_MAX_BYTES };
    const leaseMs = subscription.config.ackDeadlineSeconds * 1e3;
    const received = this.#receive(
      subscription,
      UNCOUNTED,
      subscription.queue.take(limit, UNCOUNTED, leaseMs),
    );
    if (received.length > 0 || returnImmediately) return received;
    const take = () =>
      this.#receive(subscription, UNCOUNTED, subscription.queue.takeAnswered(limit, UNCOUNTED, leaseMs));
    return this.#wait(subscription, take, signal);
  }

  async acknowledge({ subscription, ackIds }: AckRequest): Promise<void> {
    const { key, config, queue } = this.#subscriptions.findAttached(subscription);
    const { accepted, refused } = accept(queue, deliveriesOf(key, ackIds));
    await queue.acknowledge(accepted.map(({ id }) => id));
    refuse(key, config, refused);
  }

  async modifyAckDeadline(request: AckRequest & { ackDeadlineSeconds?: number | null }): Promise<void> {
    const { key, config, queue } = this.#subscriptions.findAttached(request.subscription);
    const seconds = checkModifiedDeadline(request.ackDeadlineSeconds ?? 0);
    const { accepted, refused } = accept(queue, deliveriesOf(key, request.ackIds));
    if (seconds === 0) await queue.fail(accepted);
    else queue.extend(accepted, seconds * 1e3);
    refuse(key, config, refused);
  }

  streamingPull(first: StreamingPullRequest, peer: StreamingPullPeer): StreamingPull {
    const subscription = this.#pullable(first.subscription);
    const receive = (limit: Limit, stream: Receiver, leaseMs: number) =>
      this.#receive(subscription, stream, subscription.queue.takeAnswered(limit, stream, leaseMs));
    return new StreamingPull({ subscription, first, peer, receive });
  }

  #pullable(name: string | null | undefined): SubscriptionState {
    const subscription = this.#subscriptions.findAttached(name);
    const { bigqueryConfig, pushConfig } = subscription.config;
    if (!bigqueryConfig && !pushConfig) return subscription;
    const destination = bigqueryConfig ? 'BigQuery' : pushConfig?.pushEndpoint;
    throw new CloudError(
      'FAILED_PRECONDITION',
      `${name} delivers to ${destination} and cannot be pulled from.`,
      {
        hint: 'to read the messages, create a second subscription on the topic',
      },
    );
  }

  #receive(
    { key, config, queue: { seeks } }: SubscriptionState,
    receiver: Receiver,
    deliveries: readonly Delivery[],
  ): ReceivedMessage[] {
    return deliveries.map(({ message, attempt }) => {
      receiver.leased(sizeOf(message));
      return {
        ackId: ackIdOf(key, { id: message.id, attempt, seeks }),
        message: {
          data: message.data,
          attributes: this.#messages.attributesOf(message),
          messageId: String(message.id),
          publishTime: timestampOf(message.publishTime),
          orderingKey: message.orderingKey ?? '',
        },
        deliveryAttempt: config.deadLetterPolicy ? attempt : 0,
      };
    });
  }

  /** Waits for messages; resolves with none after PULL_WAIT_MS. */
  #wait(
    { queue }: SubscriptionState,
    take: () => ReceivedMessage[],
    signal: AbortSignal | undefined,
  ): Promise<ReceivedMessage[]> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        // Stops first: another wake-up would lease messages that this pull cannot return.
        stopWaking();
        timer.cancel();
        signal?.removeEventListener('abort', giveUp);
        settle();
      };
      const giveUp = () => end(() => resolve([]));
      const stopWaking = queue.onWake(() => {
        const { closed } = queue;
        if (closed) return end(() => reject(closed));
        const messages = take();
        if (messages.length > 0) end(() => resolve(messages));
      });
      const timer = this.#clock.setTimeout(giveUp, PULL_WAIT_MS);
      signal?.addEventListener('abort', giveUp);
    });
  }
}

/** Only with exactly-once delivery does a client hear that its acknowledgement had no effect. */
function refuse(
  key: number,
  { enableExactlyOnceDelivery }: SubscriptionConfig,
  refused: readonly AckedDelivery[],
): void {
  if (!enableExactlyOnceDelivery || refused.length === 0) return;
  throw invalidAckIds(refused.map((delivery) => ackIdOf(key, delivery)));
}

function deliveriesOf(key: number, ackIds: readonly string[] | null | undefined): AckedDelivery[] {
  if (!ackIds?.length) throw new CloudError('INVALID_ARGUMENT', 'No ack ids specified.');
  if (ackIds.reduce((sum, { length }) => sum + length, 0) > ACK_IDS_MAX_BYTES) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Request payload size exceeds the limit: ${ACK_IDS_MAX_BYTES} bytes.`,
    );
  }
  return ackIds.map((ackId) => parseAckId(key, ackId));
}
