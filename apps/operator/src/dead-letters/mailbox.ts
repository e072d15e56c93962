import { v1 } from '@google-cloud/pubsub';
import { type Leased, Leases, PULL_MESSAGES, pubsubOptions } from '@records/seeder/leases';
import { SeederError, type Target } from '@records/seeder/target';
import { type DeadLetter, letterOf, type replayOf } from './letter.ts';

/** A letter that nobody else gets until it is put back, removed, or its lease ends. */
export interface LeasedLetter extends DeadLetter, Pick<Leased, 'ackId'> {}

/** The dead-letter subscription, and the topic that its messages came from. */
export class Mailbox implements AsyncDisposable {
  readonly #topic: string;
  readonly #leases: Leases;
  readonly #publisher: v1.PublisherClient;

  /** `waitMs`: how long an empty subscription is asked for more before it counts as empty. */
  constructor(target: Target, waitMs: number) {
    if (target.deadLetterSubscription === undefined) {
      throw new SeederError('the stack names no dead-letter subscription', {
        wayOut: 'deploy the current program of infra/ to that stack',
      });
    }
    this.#topic = target.topic;
    this.#leases = new Leases(target, target.deadLetterSubscription, waitMs);
    this.#publisher = new v1.PublisherClient(pubsubOptions(target));
  }

  /** Leases letters, at most `limit`, each once, batch by batch. */
  async *letters(limit: number): AsyncGenerator<readonly LeasedLetter[]> {
    const seen = new Set<string>();
    while (seen.size < limit) {
      const pulled = await this.#leases.pull(Math.min(PULL_MESSAGES, limit - seen.size));
      const batch = pulled.map(({ ackId, message }) => ({ ...letterOf(message), ackId }));
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
    await this.#leases.remove(letters.map(({ ackId }) => ackId));
  }

  /** Puts back what was not removed, at once, for whoever looks next. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#leases[Symbol.asyncDispose]();
    } finally {
      await this.#publisher.close();
    }
  }
}
