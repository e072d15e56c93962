import type { Chaos } from '../chaos.ts';
import type { Clock, Timer } from '../clock.ts';
import type { CloudError } from '../errors.ts';
import type { Followers } from './followers.ts';
import { type Holder, Leases } from './leases.ts';
import { RETRY_BACKOFF_SECONDS } from './limits.ts';
import { OrderingKeys } from './ordering.ts';
import { type Backoff, delayMs, NO_BACKOFF } from './retry-policy.ts';
import type { Database } from './store/database.ts';
import type { BacklogMessage, MessageTable } from './store/message-table.ts';

/** The settings of a subscription that affect delivery. */
export interface DeliveryPolicy {
  readonly ordered: boolean;
  readonly backoff: Backoff;
  readonly maxDeliveryAttempts: number | undefined;
  /** Milliseconds from publication after which a message is dropped. */
  readonly retentionMs: number;
  readonly retainAcked: boolean;
  /** Only the current delivery of a message can be acknowledged. */
  readonly exactlyOnce: boolean;
}

export interface Delivery {
  readonly message: BacklogMessage;
  /** Delivery attempt, counted from 1. */
  readonly attempt: number;
}

/** Identifies a delivery: the message id and the delivery attempt. */
export interface DeliveryId {
  readonly id: number;
  readonly attempt: number;
}

export interface Failure extends DeliveryId {
  /** Overrides the policy's backoff. */
  readonly backoff?: Backoff;
  /** Stored in the dead letter. */
  readonly reason?: string;
}

export interface Limit {
  readonly messages: number;
  readonly bytes: number;
}

interface QueueOptions {
  readonly key: number;
  /** Of the subscription. */
  readonly name: string;
  readonly clock: Clock;
  readonly chaos: Pick<Chaos, 'losesAcknowledgement' | 'holdsBackMs'>;
  readonly database: Database;
  readonly messages: MessageTable;
  readonly followers: Followers;
  readonly policy: DeliveryPolicy;
  /** Deletes those dequeued messages that no owner needs. Called inside a write. */
  collect(ids: readonly number[]): void;
  /** Forwards a dead letter; false when it must stay in the backlog. Called inside a write. */
  deadLetter(id: number, attempts: number, reason: string | undefined): boolean;
}

/** Messages that one scan of the backlog reads at most, so that it does not block the process for long. */
const SCAN_MAX = 10_000;
const LONGEST_WAIT_MS = RETRY_BACKOFF_SECONDS.max * 1_000;

/** Delivers the backlog of one subscription: leases, ordering, backoff and redelivery. Only leases are in memory. */
export class DeliveryQueue {
  readonly #options: QueueOptions;
  readonly #messages: MessageTable;
  readonly #leases = new Leases();
  readonly #ordering = new OrderingKeys();
  readonly #listeners = new Set<() => void>();
  #policy: DeliveryPolicy;
  /** The last message id scanned. Earlier messages are delivered only when their backoff ends. */
  #cursor = 0;
  #nextDue: number | undefined;
  /** The first message of each publish request that is not answered yet, in ascending order. */
  readonly #unanswered = new Set<number>();
  #seeks = 0;
  /** Counts calls of `take`. */
  #takes = 0;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed: CloudError | undefined;
  #acknowledged = 0;
  #deadLettered = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#messages = options.messages;
    this.#policy = options.policy;
    this.reset();
  }

  setPolicy(policy: DeliveryPolicy): void {
    const reordered = policy.ordered !== this.#policy.ordered;
    this.#policy = policy;
    if (reordered) this.reset();
  }

  /** Ends every lease and restarts from the oldest message. Leased messages are redelivered without counting an attempt. */
  reset(): void {
    for (const id of this.#leases.ids()) this.#leases.end(id);
    this.#ordering.clear();
    this.#cursor = 0;
    const { key, clock } = this.#options;
    // No wait is that long: the machine's clock was set back before this process started.
    this.#messages.endWaitsBeyond(key, clock.now() + LONGEST_WAIT_MS);
    this.#nextDue = this.#messages.nextDue(key);
    if (this.#policy.ordered) {
      for (const key of this.#messages.waitingKeys(this.#options.key)) this.#ordering.waits(key);
    }
    this.#schedule();
    this.wake();
  }

  /** Calls `listener` whenever messages may be available. Returns a function that removes the listener. */
  onWake(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Keeps messages from this one on out of `takeAnswered`. */
  hold(id: number): void {
    this.#unanswered.add(id);
  }

  /** The publisher of a held message has its answer. */
  announce(id: number): void {
    this.#unanswered.delete(id);
    this.wake();
  }

  /** Like `take`, for a client that listens: a publisher hears of its message first. */
  takeAnswered(limit: Limit, holder: Holder, leaseMs: number): Delivery[] {
    const [first = Number.POSITIVE_INFINITY] = this.#unanswered;
    return this.take(limit, holder, leaseMs, first);
  }

  /**
   * Leases messages before the id `end`, oldest first, until a limit is reached. The last message may exceed the byte limit.
   */
  take(limit: Limit, holder: Holder, leaseMs: number, end = Number.POSITIVE_INFINITY): Delivery[] {
    if (this.#closed || limit.messages <= 0) return [];
    const batch = new Batch(limit);
    this.#takes++;
    const lease = (message: BacklogMessage) => {
      const attempt = message.failures + 1;
      const orderingKey = this.#policy.ordered ? message.orderingKey : null;
      const { clock, followers, name } = this.#options;
      const deadline = clock.now() + leaseMs;
      followers.delivered(message.id, name, attempt);
      this.#leases.add(message.id, { attempt, bytes: sizeOf(message), orderingKey, holder }, deadline);
      if (orderingKey !== null) this.#ordering.delivered(orderingKey, message.id, this.#takes);
      batch.add(message);
    };
    this.#takeDue(batch, lease);
    this.#takeReadyKeys(batch, lease, end);
    this.#takeFresh(batch, lease, end);
    this.#schedule();
    // A message that became due during this call has no timer, and its taker may not call again by itself.
    if (!batch.full && this.#isDue(this.#options.clock.now())) setImmediate(() => this.wake());
    return batch.messages.map((message) => ({ message, attempt: message.failures + 1 }));
  }

  /** Seeks since this object was created. */
  get seeks(): number {
    return this.#seeks;
  }

  /** The backlog was replaced. A late acknowledgement of an earlier delivery must not take from it. */
  sought(): void {
    this.#seeks++;
    this.reset();
  }

  /** Whether an acknowledgement of the delivery, or a change of its deadline, has an effect. */
  accepts({ id, attempt, seeks }: DeliveryId & { readonly seeks: number }): boolean {
    if (seeks !== this.#seeks) return false;
    return !this.#policy.exactlyOnce || this.#leases.isCurrent(id, attempt, this.#options.clock.now());
  }

  /** Removes messages from the backlog. Accepts a late acknowledgement, when the lease has ended. */
  async acknowledge(acknowledged: readonly number[]): Promise<void> {
    const { database, key, name, collect, followers } = this.#options;
    const lost = this.#lostOf(acknowledged);
    const lostIds = new Set(lost.map(({ id }) => id));
    const ids = lost.length === 0 ? acknowledged : acknowledged.filter((id) => !lostIds.has(id));
    followers.acknowledged(ids, name);
    const failing = this.fail(lost);
    const write = database.write(() => {
      const gone = this.#messages.dequeue(key, ids);
      if (this.#policy.retainAcked) this.#messages.retain(key, gone);
      else collect(gone);
      return gone.length;
    });
    this.forget(ids);
    const [gone] = await Promise.all([write, failing]);
    this.#acknowledged += gone;
  }

  /** Acknowledgements that chaos loses. To the broker they are failed deliveries. */
  #lostOf(ids: readonly number[]): Failure[] {
    if (this.#policy.exactlyOnce) return [];
    return ids.flatMap((id) => {
      const attempt = this.#leases.get(id)?.attempt;
      if (attempt === undefined || !this.#options.chaos.losesAcknowledgement(id, attempt)) return [];
      return [{ id, attempt, backoff: NO_BACKOFF }];
    });
  }

  /** Counts failed deliveries, then backs off or forwards the message as a dead letter. Ignores deliveries without a lease. */
  async fail(failures: readonly Failure[]): Promise<void> {
    const current = failures.filter(({ id, attempt }) => this.#leases.get(id)?.attempt === attempt);
    if (current.length === 0) return;
    this.#options.followers.failed(current, this.#options.name);
    const write = this.#options.database.write(
      () => current.filter((failure) => this.#countFailure(failure)).length,
    );
    const failed = current.map(({ id }) => id);
    for (const id of failed) {
      const key = this.#leases.get(id)?.orderingKey ?? null;
      if (key === null) continue;
      this.#ordering.waits(key);
      this.#end(this.#ordering.after(key, id));
    }
    this.#end(failed);
    this.#nextDue = this.#messages.nextDue(this.#options.key);
    this.#schedule();
    const deadLettered = await write;
    this.#deadLettered += deadLettered;
    this.wake();
  }

  /** Sets the ack deadline of leases, counted from now. Ignores deliveries without a lease. */
  extend(deliveries: readonly DeliveryId[], ms: number): void {
    const deadline = this.#options.clock.now() + ms;
    for (const { id, attempt } of deliveries) {
      if (this.#leases.get(id)?.attempt === attempt) this.#leases.extend(id, deadline);
    }
    this.#schedule();
  }

  /** Ends leases without counting a delivery attempt. The messages are available again at once, in order. */
  giveBack(ids: readonly number[]): void {
    for (const id of ids) {
      const lease = this.#leases.get(id);
      if (!lease) continue;
      if (lease.orderingKey !== null) this.#ordering.waits(lease.orderingKey);
      else this.#cursor = Math.min(this.#cursor, id - 1);
    }
    this.#end(ids);
    this.wake();
  }

  /** Ends the leases of messages that have left the backlog. */
  forget(ids: readonly number[]): void {
    // An ordering key may have waited for a message without a lease.
    if (this.#policy.ordered && ids.some((id) => !this.#leases.has(id))) this.#ordering.recheck();
    this.#end(ids);
    if (this.#ordering.hasReady()) this.wake();
  }

  /** Messages acknowledged and dead-lettered since this object was created. */
  get counts(): { readonly acknowledged: number; readonly deadLettered: number } {
    return { acknowledged: this.#acknowledged, deadLettered: this.#deadLettered };
  }

  /** The error for waiting clients, once the queue is closed. */
  get closed(): CloudError | undefined {
    return this.#closed;
  }

  /** Ends every lease and delivers nothing more. */
  close(reason: CloudError): void {
    this.#closed = reason;
    this.#timer?.cancel();
    for (const id of this.#leases.ids()) this.#leases.end(id);
    this.wake();
    this.#listeners.clear();
  }

  #takeDue(batch: Batch, lease: (message: BacklogMessage) => void): void {
    const { key, clock, database } = this.#options;
    const now = clock.now();
    if (!this.#isDue(now)) return;
    const due: BacklogMessage[] = [];
    const room = new Batch(batch.limit);
    for (const message of this.#messages.due(key, now)) {
      due.push(message);
      room.add(message);
      if (room.full) break;
    }
    void database.write(() => {
      for (const { id, failures } of due) this.#messages.setWait(key, id, failures, 0);
    });
    for (const message of due) {
      if (this.#policy.ordered && message.orderingKey !== null) this.#ordering.due(message.orderingKey);
      else if (this.#isDeliverable(message)) lease(message);
    }
    this.#nextDue = this.#messages.nextDue(key);
  }

  #isDue(now: number): boolean {
    return this.#nextDue !== undefined && this.#nextDue <= now;
  }

  #takeReadyKeys(batch: Batch, lease: (message: BacklogMessage) => void, end: number): void {
    const now = this.#options.clock.now();
    const early: string[] = [];
    while (!batch.full) {
      const key = this.#ordering.next();
      if (key === undefined) break;
      let remaining = false;
      for (const message of this.#messages.ofKey(this.#options.key, key)) {
        remaining = message.availableAt > now || batch.full || message.id >= end;
        if (message.id >= end) early.push(key);
        if (remaining) break;
        if (this.#isDeliverable(message)) lease(message);
      }
      this.#ordering.started(key, remaining);
    }
    for (const key of early) this.#ordering.due(key);
  }

  #takeFresh(batch: Batch, lease: (message: BacklogMessage) => void, end: number): void {
    if (batch.full) return;
    const held: { id: number; failures: number; ms: number }[] = [];
    let scanned = 0;
    for (const message of this.#messages.fresh(this.#options.key, this.#cursor)) {
      if (message.id >= end) break;
      this.#cursor = message.id;
      const key = this.#policy.ordered ? message.orderingKey : null;
      if (this.#isDeliverable(message)) {
        // Chaos keeps the order of an ordering key, since Pub/Sub does.
        const ms = key === null ? this.#options.chaos.holdsBackMs(message.id) : 0;
        if (ms > 0) held.push({ id: message.id, failures: message.failures, ms });
        else if (key === null || this.#ordering.admit(key, this.#takes)) lease(message);
      }
      if (batch.full) break;
      if (++scanned === SCAN_MAX) {
        setImmediate(() => this.wake());
        break;
      }
    }
    if (held.length > 0) this.#holdBack(held);
  }

  #holdBack(held: readonly { id: number; failures: number; ms: number }[]): void {
    const { key, clock, database } = this.#options;
    void database.write(() => {
      for (const { id, failures, ms } of held) this.#messages.setWait(key, id, failures, clock.now() + ms);
    });
    this.#nextDue = this.#messages.nextDue(key);
  }

  #isDeliverable({ id, publishTime }: BacklogMessage): boolean {
    return publishTime >= this.#options.clock.now() - this.#policy.retentionMs && !this.#leases.has(id);
  }

  /** Whether the message became a dead letter. */
  #countFailure({ id, attempt, backoff = this.#policy.backoff, reason }: Failure): boolean {
    const { key, clock, deadLetter, collect } = this.#options;
    const { maxDeliveryAttempts } = this.#policy;
    const exhausted = maxDeliveryAttempts !== undefined && attempt >= maxDeliveryAttempts;
    if (exhausted && deadLetter(id, attempt, reason)) {
      this.#messages.dequeue(key, [id]);
      collect([id]);
      return true;
    }
    // Never 0, which would mean no wait.
    this.#messages.setWait(key, id, attempt, Math.max(1, clock.now() + delayMs(backoff, attempt)));
    return false;
  }

  #end(ids: readonly number[]): void {
    for (const id of ids) {
      const key = this.#leases.end(id)?.orderingKey ?? null;
      if (key !== null) this.#ordering.ended(key, id);
    }
  }

  #schedule(): void {
    const { clock } = this.#options;
    const now = clock.now();
    // A message that is already due waits for a taker, not for the clock.
    const due = this.#nextDue !== undefined && this.#nextDue > now ? this.#nextDue : Number.POSITIVE_INFINITY;
    const at = this.#closed ? Number.POSITIVE_INFINITY : Math.min(this.#leases.nextDeadline, due);
    if (at === this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer =
      at === Number.POSITIVE_INFINITY ? undefined : clock.setTimeout(() => this.#onTimer(), at - now);
  }

  #onTimer(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const overdue = this.#leases.overdue(this.#options.clock.now());
    if (overdue.length > 0) void this.fail(overdue).catch(() => this.reset());
    this.#schedule();
    this.wake();
  }
}

/** Messages up to a limit. */
class Batch {
  readonly limit: Limit;
  readonly messages: BacklogMessage[] = [];
  #bytes = 0;

  constructor(limit: Limit) {
    this.limit = limit;
  }

  get full(): boolean {
    return (
      this.messages.length >= this.limit.messages ||
      (this.messages.length > 0 && this.#bytes >= this.limit.bytes)
    );
  }

  add(message: BacklogMessage): void {
    this.messages.push(message);
    this.#bytes += sizeOf(message);
  }
}

export function sizeOf({ data, attributes }: { data: Uint8Array; attributes: string | null }): number {
  return data.byteLength + (attributes?.length ?? 0);
}
