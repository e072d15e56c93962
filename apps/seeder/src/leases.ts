import { type protos, v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import type { Target } from './target/target.ts';

/** Messages of one pull; Pub/Sub gives up to 1,000. https://docs.cloud.google.com/pubsub/quotas */
export const PULL_MESSAGES = 1_000;
/** Seconds for which the messages are ours: the longest that Pub/Sub allows. */
const LEASE_SECONDS = 600;
/** Ack ids of one request, within its 512 KiB. */
const ACK_IDS = 1_000;
/** https://grpc.io/docs/guides/status-codes */
const DEADLINE_EXCEEDED = 4;

type PulledMessage = protos.google.pubsub.v1.IPubsubMessage;

/** A message that nobody else gets until it is put back, removed, or its lease ends. */
export interface Leased {
  readonly ackId: string;
  readonly message: PulledMessage;
}

/**
 * Looks into a subscription and leaves there what it does not remove. Of each open message it keeps the ack id only:
 * about 250 bytes.
 */
export class Leases implements AsyncDisposable {
  readonly #subscription: string;
  readonly #client: v1.SubscriberClient;
  readonly #waitMs: number;
  readonly #open = new Set<string>();

  /** `waitMs`: how long an empty subscription is asked for more before it counts as empty. */
  constructor(target: Target, subscription: string, waitMs: number) {
    this.#subscription = subscription;
    this.#waitMs = waitMs;
    this.#client = new v1.SubscriberClient(pubsubOptions(target));
  }

  /** Leases up to 1,000 messages; none when there is nothing. Throws the client's errors. */
  async pull(maxMessages = PULL_MESSAGES): Promise<Leased[]> {
    const received = (await this.#ask(maxMessages, true)) ?? (await this.#ask(maxMessages, false)) ?? [];
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

  /** Puts back what was not removed, at once, for whoever looks next. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#setDeadline([...this.#open], 0);
    } finally {
      await this.#client.close();
    }
  }

  /** Undefined when there was nothing. At Google an immediate answer may be empty although there is something. */
  async #ask(maxMessages: number, returnImmediately: boolean) {
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

/** The options with which one of Google's generated Pub/Sub clients reaches the target. */
export function pubsubOptions({ projectId, environment }: Target) {
  const host = environment.PUBSUB_EMULATOR_HOST;
  if (host === undefined) return { projectId };
  const { hostname, port } = new URL(`http://${host}`);
  return {
    projectId,
    servicePath: hostname,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    // A local cloud wants no credentials, and looking for some takes seconds where there are none.
    authClient: new PassThroughClient(),
  };
}

function chunks(ackIds: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ackIds.length / ACK_IDS) }, (_, index) =>
    ackIds.slice(index * ACK_IDS, (index + 1) * ACK_IDS),
  );
}

function isDeadlineExceeded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === DEADLINE_EXCEEDED;
}
