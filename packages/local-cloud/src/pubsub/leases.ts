/** Who a delivery was made to, told when it no longer counts as outstanding. */
export interface Holder {
  released(bytes: number): void;
}

export interface Lease {
  /** Counted from 1. */
  readonly attempt: number;
  readonly bytes: number;
  readonly orderingKey: string | null;
  readonly holder: Holder;
}

/** Deadlines are rounded up to this, so that many leases end by one timer. Pub/Sub's are best effort as well. */
const DEADLINE_GRAIN_MS = 100;

/** The deliveries of one subscription that wait for an acknowledgement, by message id. */
export class Leases {
  readonly #leases = new Map<number, Lease & { deadline: number }>();
  #nextDeadline = Number.POSITIVE_INFINITY;

  /** When the first lease may end; never too late. */
  get nextDeadline(): number {
    return this.#nextDeadline;
  }

  get(id: number): Lease | undefined {
    return this.#leases.get(id);
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

  /** Leases whose deadline has passed. */
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
