import type { Clock } from '../clock.ts';
import type { Delivery, DeliveryQueue } from './delivery-queue.ts';
import { RESPONSE_MAX_BYTES } from './limits.ts';
import { reasonOf } from './reason.ts';
import type { Backoff } from './retry-policy.ts';

/** Requests in progress at once. Google's window grows with successes. */
const WINDOW = 100;
/** Statuses that acknowledge a message. https://docs.cloud.google.com/pubsub/docs/push#receive_push */
const ACKNOWLEDGED = [102, 200, 201, 202, 204];
/** The name of Google's caller: https://developers.google.com/search/docs/crawling-indexing/apis-user-agent */
const HEADERS = {
  accept: 'application/json',
  'content-type': 'application/json',
  'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
};

interface PushOptions {
  readonly clock: Clock;
  readonly queue: Pick<DeliveryQueue, 'takeAnswered' | 'acknowledge' | 'fail' | 'giveBack' | 'onWake'>;
  readonly subscription: string;
  readonly endpoint: string;
  readonly ackDeadlineSeconds: number;
  readonly backoff: Backoff;
  readonly hasDeadLetterTopic: boolean;
  attributesOf(delivery: Delivery): Readonly<Record<string, string>>;
  /** Called when a push fails for a new reason. */
  failed(reason: string): void;
}

/** Posts the messages of a subscription to its endpoint, one in each request. https://docs.cloud.google.com/pubsub/docs/push */
export class PushDelivery {
  readonly state = 'ACTIVE';
  readonly #options: PushOptions;
  readonly #stopWaking: () => void;
  readonly #closing = new AbortController();
  readonly #inProgress = new Set<Promise<void>>();
  #failure: string | undefined;

  constructor(options: PushOptions) {
    this.#options = options;
    this.#stopWaking = options.queue.onWake(() => this.#fill());
    this.#fill();
  }

  /** Resolves when no request is in progress. Messages without an answer are available again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stopWaking();
    await Promise.all(this.#inProgress);
  }

  #fill(): void {
    const { queue, ackDeadlineSeconds } = this.#options;
    if (this.#closing.signal.aborted) return;
    const limit = { messages: WINDOW - this.#inProgress.size, bytes: RESPONSE_MAX_BYTES };
    let deliveries: readonly Delivery[];
    try {
      // The lease ends with the request, which has the ack deadline as its timeout.
      deliveries = queue.takeAnswered(limit, { released() {} }, Number.POSITIVE_INFINITY);
    } catch (error) {
      // The store failed. The queue resets, and then wakes this delivery.
      this.#options.failed(reasonOf(error));
      return;
    }
    for (const delivery of deliveries) {
      const push = this.#push(delivery, ackDeadlineSeconds * 1e3).finally(() => {
        this.#inProgress.delete(push);
        this.#fill();
      });
      this.#inProgress.add(push);
    }
  }

  async #push(delivery: Delivery, timeoutMs: number): Promise<void> {
    const { queue, backoff } = this.#options;
    const { message, attempt } = delivery;
    const reason = await this.#post(delivery, timeoutMs);
    try {
      if (reason === undefined) await queue.acknowledge([message.id]);
      else if (this.#closing.signal.aborted) queue.giveBack([message.id]);
      else await queue.fail([{ id: message.id, attempt, reason, backoff }]);
    } catch (error) {
      // A write of the queue itself failed. The queue resets, and delivers the message again.
      this.#options.failed(reasonOf(error));
    }
  }

  /** Why the endpoint did not acknowledge the message; undefined when it did. */
  async #post(delivery: Delivery, timeoutMs: number): Promise<string | undefined> {
    const { clock, endpoint } = this.#options;
    const late = new AbortController();
    const timer = clock.setTimeout(
      () => late.abort(new Error('no answer within the ack deadline')),
      timeoutMs,
    );
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: HEADERS,
        body: JSON.stringify(this.#wrapped(delivery)),
        redirect: 'manual',
        signal: AbortSignal.any([late.signal, this.#closing.signal]),
      });
      await response.body?.cancel();
      if (!ACKNOWLEDGED.includes(response.status)) throw new Error(`status ${response.status}`);
      this.#failure = undefined;
      return undefined;
    } catch (error) {
      const reason = `${endpoint} did not acknowledge: ${reasonOf(error)}`;
      if (reason !== this.#failure && !this.#closing.signal.aborted) this.#options.failed(reason);
      this.#failure = reason;
      return reason;
    } finally {
      timer.cancel();
    }
  }

  /** https://docs.cloud.google.com/pubsub/docs/payload-unwrapping#wrapped_messages */
  #wrapped(delivery: Delivery): object {
    const { subscription, hasDeadLetterTopic, attributesOf } = this.#options;
    const { id, publishTime, data, orderingKey } = delivery.message;
    const attributes = attributesOf(delivery);
    const time = new Date(publishTime).toISOString();
    return {
      message: {
        ...(Object.keys(attributes).length > 0 && { attributes }),
        ...(data.byteLength > 0 && { data: Buffer.from(data).toString('base64') }),
        messageId: String(id),
        message_id: String(id),
        ...(orderingKey !== null && { orderingKey }),
        publishTime: time,
        publish_time: time,
      },
      subscription,
      ...(hasDeadLetterTopic && { deliveryAttempt: delivery.attempt }),
    };
  }
}
