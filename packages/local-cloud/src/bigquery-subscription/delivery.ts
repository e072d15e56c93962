import type { Chaos } from '../chaos.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Delivery, DeliveryQueue, Failure } from '../pubsub/delivery-queue.ts';
import { reasonOf } from '../pubsub/reason.ts';
import type { Backoff } from '../pubsub/retry-policy.ts';
import type { RowError, TableField, Warehouse } from '../warehouse.ts';
import { type Destination, type DestinationError, destinationErrorOf } from './destination.ts';
import { type Row, RowRefused } from './rows.ts';

/** Messages and bytes of one append. Google batches by its own judgement; the Storage Write API takes 10 MB. */
const BATCH = { messages: 5_000, bytes: 8 * 1024 * 1024 };
/** How often a table that could not be written to is looked at again. */
const RECHECK_MS = 1_000;

/** A message that has a row. */
interface Writable {
  readonly delivery: Delivery;
  readonly row: Row;
}

interface DeliveryOptions {
  readonly clock: Clock;
  readonly chaos: Pick<Chaos, 'append'>;
  readonly queue: Pick<DeliveryQueue, 'take' | 'acknowledge' | 'fail' | 'giveBack' | 'onWake'>;
  readonly warehouse: Pick<Warehouse, 'appendRows'>;
  readonly destination: Pick<Destination, 'table'>;
  /** Of failures that are not the message's fault. */
  readonly backoff: Backoff;
  /** With a dead-letter topic a message that does not fit is tried again at once. */
  readonly hasDeadLetterTopic: boolean;
  /** Throws DestinationError. */
  columns(): Promise<readonly TableField[]>;
  /** Throws RowRefused. */
  rowOf(delivery: Delivery, columns: readonly TableField[]): Row;
  /** The subscription enters or leaves an error state. */
  stateChanged(error: DestinationError | undefined): void;
  /** Writing fails for another reason than before. */
  failed(reason: string): void;
}

/**
 * Writes a subscription's messages to its table, in batches. A message is acknowledged only after its row is committed.
 * https://docs.cloud.google.com/pubsub/docs/bigquery
 */
export class BigQueryDelivery {
  readonly #options: DeliveryOptions;
  readonly #stopWaking: () => void;
  #error: DestinationError | undefined;
  #recheck: Timer | undefined;
  #failure: string | undefined;
  #running: Promise<void> | undefined;
  #wakened = false;
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#stopWaking = options.queue.onWake(() => this.#wake());
    this.#wake();
  }

  /** ACTIVE, or why nothing is written. */
  get state(): 'ACTIVE' | DestinationError['state'] {
    return this.#error?.state ?? 'ACTIVE';
  }

  /** Stops after the batch that is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWaking();
    this.#recheck?.cancel();
    await this.#running;
  }

  #wake(): void {
    this.#wakened = true;
    this.#running ??= this.#run();
  }

  /** Empties the queue. A wake-up meanwhile makes it look again, so that no message is left behind. */
  async #run(): Promise<void> {
    // A turn of the event loop, so that what arrives together is written together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#wakened && !this.#closed && !this.#recheck) {
      this.#wakened = false;
      try {
        while (!this.#closed && (await this.#deliverBatch()));
      } catch (error) {
        // The queue's own writes failed; it wakes this again when it has started over.
        this.#failed(error);
      }
    }
    // In the same turn as the last look at #wakened: a later wake-up starts a new run.
    this.#running = undefined;
  }

  /** False when there is nothing to deliver, or nowhere to. */
  async #deliverBatch(): Promise<boolean> {
    const { queue } = this.#options;
    const deliveries = queue.take(BATCH, { released() {} }, Number.POSITIVE_INFINITY);
    if (deliveries.length === 0) return false;
    try {
      await this.#write(deliveries, await this.#options.columns());
      this.#failure = undefined;
      return true;
    } catch (error) {
      return await this.#undelivered(deliveries, error);
    }
  }

  async #write(deliveries: readonly Delivery[], columns: readonly TableField[]): Promise<void> {
    const { queue } = this.#options;
    let good: Writable[] = [];
    let bad: Failure[] = [];
    for (const delivery of deliveries) {
      try {
        good.push({ delivery, row: this.#options.rowOf(delivery, columns) });
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error;
        bad.push(this.#refused(delivery, error.message));
      }
    }
    for (;;) {
      // Before the others are written: should that fail, it is not the reason for these.
      if (bad.length > 0) await queue.fail(bad);
      if (good.length === 0) return;
      const errors = await this.#append(good);
      if (errors.length === 0) break;
      const reasons = new Map(errors.map((error) => [error.index, error.message]));
      bad = good.flatMap(({ delivery }, index) => {
        const reason = reasons.get(index);
        return reason === undefined ? [] : [this.#refused(delivery, reason)];
      });
      good = good.filter((_, index) => !reasons.has(index));
    }
    await queue.acknowledge(good.map(({ delivery }) => delivery.message.id));
  }

  #append(good: readonly Writable[]): Promise<readonly RowError[]> {
    const { clock, chaos, warehouse, destination } = this.#options;
    const attempt = good.reduce((highest, { delivery }) => Math.max(highest, delivery.attempt), 1);
    const rows = good.map(({ row }) => row);
    return chaos.append(attempt, clock, () => warehouse.appendRows(destination.table, rows));
  }

  /** A message that does not fit the table: with a dead-letter topic Google does not back off from it. */
  #refused({ message, attempt }: Delivery, reason: string): Failure {
    const backoff = this.#options.hasDeadLetterTopic ? { minimumMs: 0, maximumMs: 0 } : this.#options.backoff;
    return { id: message.id, attempt, reason, backoff };
  }

  async #undelivered(deliveries: readonly Delivery[], error: unknown): Promise<boolean> {
    const { queue, destination, backoff } = this.#options;
    const ids = deliveries.map(({ message }) => message.id);
    const destinationError = destinationErrorOf(error, destination.table);
    if (destinationError) {
      this.#enter(destinationError);
      // In an error state messages wait in the backlog: not counted, not dead-lettered.
      queue.giveBack(ids);
      return false;
    }
    const reason = this.#failed(error);
    await queue.fail(deliveries.map(({ message: { id }, attempt }) => ({ id, attempt, reason, backoff })));
    return true;
  }

  #failed(error: unknown): string {
    const reason = reasonOf(error);
    if (reason !== this.#failure) this.#options.failed(reason);
    this.#failure = reason;
    return reason;
  }

  #enter(error: DestinationError): void {
    if (this.#error?.message !== error.message) this.#options.stateChanged(error);
    this.#error = error;
    this.#recheck = this.#options.clock.setTimeout(() => void this.#lookAgain(), RECHECK_MS);
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#options.columns();
    } catch (error) {
      const destinationError = destinationErrorOf(error, this.#options.destination.table);
      if (!destinationError) this.#failed(error);
      if (!this.#closed) this.#enter(destinationError ?? (this.#error as DestinationError));
      return;
    }
    this.#error = undefined;
    this.#recheck = undefined;
    this.#options.stateChanged(undefined);
    this.#wake();
  }
}
