import { v1 } from '@google-cloud/pubsub';
import { UserError } from '@records/cli';
import { pubsubOptions } from '../clients.ts';
import { type Leased, Leases, PULL_MESSAGES } from '../leases.ts';
import type { Target } from '../target.ts';
import { type DeadLetter, deadLetterOf, type replayOf } from './dead-letter.ts';

/** A dead letter that no other subscriber gets until it is put back or removed, or its lease ends. */
export interface LeasedDeadLetter extends DeadLetter, Pick<Leased, 'ackId'> {}

/** The dead-letter subscription, and the topic of its messages. */
export class Mailbox implements AsyncDisposable {
  readonly #topic: string;
  readonly #leases: Leases;
  readonly #publisher: v1.PublisherClient;

  /** `waitMs`: how long a pull waits for messages before the subscription counts as empty. */
  constructor(target: Target, waitMs: number) {
    if (target.deadLetterSubscription === undefined) {
      throw new UserError('the stack names no dead-letter subscription', {
        hint: 'deploy the current program of infra/ to that stack',
      });
    }
    this.#topic = target.topic;
    this.#leases = new Leases(target, target.deadLetterSubscription, waitMs);
    this.#publisher = new v1.PublisherClient(pubsubOptions(target));
  }

  /** Leases dead letters, at most `limit`, each once, batch by batch. */
  async *lease(limit: number): AsyncGenerator<readonly LeasedDeadLetter[]> {
    const seen = new Set<string>();
    while (seen.size < limit) {
      const pulled = await this.#leases.pull(Math.min(PULL_MESSAGES, limit - seen.size));
      const batch = pulled.map(({ ackId, message }) => ({ ...deadLetterOf(message), ackId }));
      if (batch.length === 0) return;
      // A lease that ended meanwhile delivers a dead letter again: then all were seen.
      const fresh = batch.filter(({ id }) => !seen.has(id));
      for (const { id } of batch) seen.add(id);
      if (fresh.length === 0) return;
      yield fresh;
    }
  }

  /** Publishes the message again and only then removes the dead letter: a crash in between repeats it and loses nothing. */
  async replay(deadLetter: LeasedDeadLetter, message: ReturnType<typeof replayOf>): Promise<void> {
    await this.#publisher.publish({ topic: this.#topic, messages: [message] });
    await this.remove([deadLetter]);
  }

  async remove(deadLetters: readonly LeasedDeadLetter[]): Promise<void> {
    await this.#leases.remove(deadLetters.map(({ ackId }) => ackId));
  }

  /** Puts back every dead letter that was not removed, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#leases[Symbol.asyncDispose]();
    } finally {
      await this.#publisher.close();
    }
  }
}
