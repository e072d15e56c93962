import type { Chaos } from '../chaos.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Delivery, DeliveryQueue, Failure } from '../pubsub/delivery-queue.ts';
import { reasonOf } from '../pubsub/reason.ts';
import { type Backoff, NO_BACKOFF } from '../pubsub/retry-policy.ts';
import type { RowError, TableField, Warehouse } from '../warehouse.ts';
import { type Destination, type DestinationError, destinationErrorOf } from './destination.ts';
import { type Row, RowRefused } from './rows.ts';

/** Limits of one append. Google does not document its batches; the Storage Write API accepts 10 MB. */
const BATCH = { messages: 5_000, bytes: 8 * 1024 * 1024 };
/** How often a subscription in an error state checks its table again. */
const RECHECK_MS = 1_000;
/** Different reasons of failures that are told before a success. */
const MAX_FAILURES = 20;

/** A message and its row. */
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
  /** Backoff after failures that the message did not cause. */
  readonly backoff: Backoff;
  /** With a dead-letter topic, a message that does not fit the table is redelivered without backoff. */
  readonly hasDeadLetterTopic: boolean;
  /** Throws DestinationError. */
  columns(): Promise<readonly TableField[]>;
  /** Throws RowRefused. */
  rowOf(delivery: Delivery, columns: readonly TableField[]): Row;
  /** Called when the subscription enters an error state (`error`) or leaves it (undefined). */
  stateChanged(error: DestinationError | undefined): void;
  /** Called when writing fails for a new reason. */
  failed(reason: string): void;
}

/**
 * Writes a subscription's messages to its table in batches. Acknowledges a message only after its row is committed.
 * https://docs.cloud.google.com/pubsub/docs/bigquery
 */
export class BigQueryDelivery {
  readonly #options: DeliveryOptions;
  readonly #stopWaking: () => void;
  #error: DestinationError | undefined;
  #recheck: Timer | undefined;
  /** Reasons that were told since the last success. */
  readonly #failures = new Set<string>();
  #running: Promise<void> | undefined;
  #wakened = false;
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#stopWaking = options.queue.onWake(() => this.#wake());
    this.#wake();
  }

  /** ACTIVE, or the error state in which nothing is written. */
  get state(): 'ACTIVE' | DestinationError['state'] {
    return this.#error?.state ?? 'ACTIVE';
  }

  /** Resolves once the batch in progress is written; no other batch is started. */
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

  /** Empties the queue, and repeats that after a wake-up in the meantime, so that no message is left behind. */
  async #run(): Promise<void> {
    // After one turn of the event loop, messages that arrived together form one batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#wakened && !this.#closed && !this.#recheck) {
      this.#wakened = false;
      try {
        while (!this.#closed && (await this.#deliverBatch()));
      } catch (error) {
        // A write of the queue itself failed, as on a full disk. The queue resets and wakes this delivery at once.
        this.#failed(error);
        this.#pause();
      }
    }
    // Set in the same turn as the last check of #wakened, so a later wake-up starts a new run.
    this.#running = undefined;
  }

  /** False when the queue is empty or the subscription enters an error state. */
  async #deliverBatch(): Promise<boolean> {
    const { queue } = this.#options;
    const deliveries = queue.take(BATCH, { released() {} }, Number.POSITIVE_INFINITY);
    if (deliveries.length === 0) return false;
    try {
      await this.#write(deliveries, await this.#options.columns());
      this.#failures.clear();
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
      // Fails these before the append, whose error would otherwise become their reason.
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

  /** With a dead-letter topic, Google redelivers a message that does not fit the table without backoff. */
  #refused({ message, attempt }: Delivery, reason: string): Failure {
    const backoff = this.#options.hasDeadLetterTopic ? NO_BACKOFF : this.#options.backoff;
    return { id: message.id, attempt, reason, backoff };
  }

  /** Whether more batches may follow. */
  async #undelivered(deliveries: readonly Delivery[], error: unknown): Promise<boolean> {
    const { queue, destination, backoff } = this.#options;
    const ids = deliveries.map(({ message }) => message.id);
    const destinationError = destinationErrorOf(error, destination.table);
    if (destinationError) {
      this.#enter(destinationError);
      // In an error state messages stay in the backlog. No delivery attempt is counted, so none is dead-lettered.
      queue.giveBack(ids);
      return false;
    }
    const reason = this.#failed(error);
    await queue.fail(deliveries.map(({ message: { id }, attempt }) => ({ id, attempt, reason, backoff })));
    return true;
  }

  #failed(error: unknown): string {
    const reason = reasonOf(error);
    if (!this.#failures.has(reason) && this.#failures.size < MAX_FAILURES) {
      this.#failures.add(reason);
      this.#options.failed(reason);
    }
    return reason;
  }

  #pause(): void {
    this.#recheck = this.#options.clock.setTimeout(() => {
      this.#recheck = undefined;
      this.#wake();
    }, RECHECK_MS);
  }

  #enter(error: DestinationError): void {
    if (this.#error?.message !== error.message) this.#options.stateChanged(error);
    this.#error = error;
    this.#recheck = this.#options.clock.setTimeout(() => void this.#checkAgain(), RECHECK_MS);
  }

  async #checkAgain(): Promise<void> {
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
