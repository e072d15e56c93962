/** The receiver of deliveries. */
export interface Holder {
  /** Called when a delivery of this size is no longer outstanding. */
  released(bytes: number): void;
}

interface Lease {
  /** Delivery attempt, counted from 1. */
  readonly attempt: number;
  readonly bytes: number;
  readonly orderingKey: string | null;
  readonly holder: Holder;
}

/** Ack deadlines are rounded up to this, so that one timer ends many leases. Pub/Sub's deadlines are best effort, too. */
const DEADLINE_GRAIN_MS = 100;

/** The leases of one subscription, by message id. */
export class Leases {
  readonly #leases = new Map<number, Lease & { deadline: number }>();
  #nextDeadline = Number.POSITIVE_INFINITY;

  /** When the next lease may end; no lease ends earlier. */
  get nextDeadline(): number {
    return this.#nextDeadline;
  }

  get(id: number): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Whether a delivery has its lease and may still be acknowledged. */
  isCurrent(id: number, attempt: number, now: number): boolean {
    const lease = this.#leases.get(id);
    return lease?.attempt === attempt && lease.deadline > now;
  }

  has(id: number): boolean {
    return this.#leases.has(id);
  }

  ids(): number[] {
    return [...this.#leases.keys()];
  }

  add(id: number, lease: Lease, deadline: number): void {
    this.#leases.set(id, { ...lease, deadline: this.#noted(deadline) });
  }

  extend(id: number, deadline: number): void {
    const lease = this.#leases.get(id);
    if (lease) lease.deadline = this.#noted(deadline);
  }

  end(id: number): Lease | undefined {
    const lease = this.#leases.get(id);
    if (!lease) return undefined;
    this.#leases.delete(id);
    lease.holder.released(lease.bytes);
    return lease;
  }

  /** Leases past their ack deadline. */
  overdue(now: number): { id: number; attempt: number }[] {
    if (this.#nextDeadline > now) return [];
    const overdue: { id: number; attempt: number }[] = [];
    this.#nextDeadline = Number.POSITIVE_INFINITY;
    for (const [id, { deadline, attempt }] of this.#leases) {
      if (deadline <= now) overdue.push({ id, attempt });
      else this.#nextDeadline = Math.min(this.#nextDeadline, deadline);
    }
    return overdue;
  }

  #noted(deadline: number): number {
    const rounded = Math.ceil(deadline / DEADLINE_GRAIN_MS) * DEADLINE_GRAIN_MS;
    this.#nextDeadline = Math.min(this.#nextDeadline, rounded);
    return rounded;
  }
}
