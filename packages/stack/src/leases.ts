import { type protos, v1 } from '@google-cloud/pubsub';
import { pubsubOptions } from './clients.ts';
import type { Target } from './target.ts';

/** Messages of one pull; Pub/Sub gives up to 1,000. https://docs.cloud.google.com/pubsub/quotas */
export const PULL_MESSAGES = 1_000;
/** The longest lease that Pub/Sub allows. */
const LEASE_SECONDS = 600;
/** Ack ids of one request, which may hold 512 KiB. */
const ACK_IDS = 1_000;
/** https://grpc.io/docs/guides/status-codes */
const DEADLINE_EXCEEDED = 4;

type PulledMessage = protos.google.pubsub.v1.IPubsubMessage;

/** A message that no other subscriber gets until it is put back or removed, or its lease ends. */
export interface Leased {
  readonly ackId: string;
  readonly message: PulledMessage;
}

/**
 * Leases messages of a subscription and puts back those that it does not remove. It keeps only the ack id of a leased
 * message, about 250 bytes.
 */
export class Leases implements AsyncDisposable {
  readonly #subscription: string;
  readonly #client: v1.SubscriberClient;
  readonly #waitMs: number;
  readonly #open = new Set<string>();

  /** `waitMs`: how long a pull waits for messages before the subscription counts as empty; 0, for a local cloud, not at all. */
  constructor(target: Target, subscription: string, waitMs: number) {
    this.#subscription = subscription;
    this.#waitMs = waitMs;
    this.#client = new v1.SubscriberClient(pubsubOptions(target));
  }

  /** Leases up to 1,000 messages; none when the subscription is empty. Throws the client's errors. */
  async pull(maxMessages = PULL_MESSAGES): Promise<Leased[]> {
    const present = await this.#pull(maxMessages, true);
    // A pull whose deadline passes may have leased messages that nobody gets.
    const received = present ?? (this.#waitMs === 0 ? [] : ((await this.#pull(maxMessages, false)) ?? []));
    const leased = received.map(({ ackId, message }) => ({ ackId: ackId ?? '', message: message ?? {} }));
    for (const { ackId } of leased) this.#open.add(ackId);
    await this.#setDeadline(
      leased.map(({ ackId }) => ackId),
      LEASE_SECONDS,
    );
    return leased;
  }

  async remove(ackIds: readonly string[]): Promise<void> {
    for (const chunk of chunks(ackIds)) {
      await this.#client.acknowledge({ subscription: this.#subscription, ackIds: chunk });
      for (const ackId of chunk) this.#open.delete(ackId);
    }
  }

  /** Puts back every message that was not removed, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#setDeadline([...this.#open], 0);
    } finally {
      await this.#client.close();
    }
  }

  /** Undefined for an empty answer. At Google an immediate answer may be empty although there are messages. */
  async #pull(maxMessages: number, returnImmediately: boolean) {
    try {
      const [{ receivedMessages }] = await this.#client.pull(
        { subscription: this.#subscription, maxMessages, returnImmediately },
        returnImmediately ? {} : { timeout: this.#waitMs, retry: null },
      );
      return receivedMessages?.length ? receivedMessages : undefined;
    } catch (error) {
      if (!returnImmediately && isDeadlineExceeded(error)) return undefined;
      throw error;
    }
  }

  async #setDeadline(ackIds: readonly string[], ackDeadlineSeconds: number): Promise<void> {
    for (const chunk of chunks(ackIds)) {
      await this.#client.modifyAckDeadline({
        subscription: this.#subscription,
        ackIds: chunk,
        ackDeadlineSeconds,
      });
    }
  }
}

function chunks(ackIds: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ackIds.length / ACK_IDS) }, (_, index) =>
    ackIds.slice(index * ACK_IDS, (index + 1) * ACK_IDS),
  );
}

function isDeadlineExceeded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === DEADLINE_EXCEEDED;
}
