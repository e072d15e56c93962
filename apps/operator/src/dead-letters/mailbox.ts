import { v1 } from '@google-cloud/pubsub';
import { credentials } from '@grpc/grpc-js';
import { SeederError, type Target } from '@records/seeder/target';
import { PassThroughClient } from 'google-auth-library';
import { type DeadLetter, letterOf, type replayOf } from './letter.ts';

/** Messages of one pull; Pub/Sub gives up to 1,000. https://docs.cloud.google.com/pubsub/quotas */
const PULL_MESSAGES = 1_000;
/** Seconds for which the letters are this command's: the longest that Pub/Sub allows. */
const LEASE_SECONDS = 600;
/** Ack ids of one request, within its 512 KiB. */
const ACK_IDS = 1_000;

/** A letter that nobody else gets until it is put back, removed, or its lease ends. */
export interface LeasedLetter extends DeadLetter {
  readonly ackId: string;
}

/** The dead-letter subscription, and the topic that its messages came from. */
export class Mailbox implements AsyncDisposable {
  readonly #subscription: string;
  readonly #topic: string;
  readonly #subscriber: v1.SubscriberClient;
  readonly #publisher: v1.PublisherClient;
  readonly #waitMs: number;
  /** Leased and not yet removed. */
  readonly #open = new Set<string>();

  /** `waitMs`: how long an empty subscription is asked for more before it counts as empty. */
  constructor(target: Target, waitMs: number) {
    if (target.deadLetterSubscription === undefined) {
      throw new SeederError('the stack names no dead-letter subscription', {
        wayOut: 'deploy the current program of infra/ to that stack',
      });
    }
    this.#subscription = target.deadLetterSubscription;
    this.#topic = target.topic;
    this.#waitMs = waitMs;
    const options = clientOptions(target);
    this.#subscriber = new v1.SubscriberClient(options);
    this.#publisher = new v1.PublisherClient(options);
  }

  /** Leases letters, at most `limit`, each once, batch by batch. */
  async *letters(limit: number): AsyncGenerator<readonly LeasedLetter[]> {
    const seen = new Set<string>();
    while (seen.size < limit) {
      const batch = await this.#pull(Math.min(PULL_MESSAGES, limit - seen.size));
      if (batch.length === 0) return;
      // A lease that ended meanwhile brings a letter again: then everything was seen.
      const fresh = batch.filter(({ id }) => !seen.has(id));
      for (const { id } of batch) seen.add(id);
      if (fresh.length === 0) return;
      yield fresh;
    }
  }

  /** Publishes a letter's message again and only then removes the letter: a crash between the two repeats it, and loses nothing. */
  async replay(letter: LeasedLetter, message: ReturnType<typeof replayOf>): Promise<void> {
    await this.#publisher.publish({ topic: this.#topic, messages: [message] });
    await this.remove([letter]);
  }

  async remove(letters: readonly LeasedLetter[]): Promise<void> {
    for (const ackIds of chunks(letters.map(({ ackId }) => ackId))) {
      await this.#subscriber.acknowledge({ subscription: this.#subscription, ackIds });
      for (const ackId of ackIds) this.#open.delete(ackId);
    }
  }

  /** Puts back what was not removed, at once, for whoever looks next. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#setDeadline([...this.#open], 0);
    } finally {
      await Promise.all([this.#subscriber.close(), this.#publisher.close()]);
    }
  }

  async #pull(maxMessages: number): Promise<LeasedLetter[]> {
    const received = (await this.#ask(maxMessages, true)) ?? (await this.#ask(maxMessages, false)) ?? [];
    const letters = received.map(({ ackId, message }) => ({
      ...letterOf(message ?? {}),
      ackId: ackId ?? '',
    }));
    for (const { ackId } of letters) this.#open.add(ackId);
    await this.#setDeadline(
      letters.map(({ ackId }) => ackId),
      LEASE_SECONDS,
    );
    return letters;
  }

  /** Undefined when there was nothing. At Google an immediate answer may be empty although there is something. */
  async #ask(maxMessages: number, returnImmediately: boolean) {
    try {
      const [{ receivedMessages }] = await this.#subscriber.pull(
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
      await this.#subscriber.modifyAckDeadline({
        subscription: this.#subscription,
        ackIds: chunk,
        ackDeadlineSeconds,
      });
    }
  }
}

function clientOptions({ projectId, environment }: Target) {
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

/** https://grpc.io/docs/guides/status-codes */
const DEADLINE_EXCEEDED = 4;

function isDeadlineExceeded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === DEADLINE_EXCEEDED;
}
