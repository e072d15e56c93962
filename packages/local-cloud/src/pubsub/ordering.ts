interface KeyState {
  /** Deliveries that are not yet acknowledged, by message id. */
  readonly outstanding: Set<number>;
  /** The take that delivered them: within one, later messages of the key may follow. */
  take: number;
  /** Whether messages of the key were passed over, or wait after a failure. */
  more: boolean;
}

/**
 * Which ordering keys are busy. Messages of a key are delivered in order of publication: further ones only after every
 * one that was delivered is acknowledged, and after a failure again from the one that failed.
 * https://docs.cloud.google.com/pubsub/docs/ordering
 */
export class OrderingKeys {
  readonly #keys = new Map<string, KeyState>();
  /** Keys with messages and nothing outstanding. */
  readonly #ready = new Set<string>();

  /** Whether a message of the key may be delivered by this take; if not it is remembered that there is more. */
  admit(key: string, take: number): boolean {
    const state = this.#keys.get(key);
    if (!state || (state.take === take && state.outstanding.size > 0)) return true;
    state.more = true;
    return false;
  }

  delivered(key: string, id: number, take: number): void {
    const state = this.#stateOf(key);
    state.take = take;
    state.outstanding.add(id);
  }

  /** A delivery has ended, which may let the key go on. */
  ended(key: string, id: number): void {
    const state = this.#keys.get(key);
    if (!state?.outstanding.delete(id) || state.outstanding.size > 0) return;
    if (state.more) this.#ready.add(key);
    else this.#keys.delete(key);
  }

  /** Messages of the key wait: nothing of it may be delivered in passing. */
  waits(key: string): void {
    this.#stateOf(key).more = true;
  }

  /** A waiting message of the key may be delivered again. */
  due(key: string): void {
    const state = this.#stateOf(key);
    state.more = true;
    if (state.outstanding.size === 0) this.#ready.add(key);
  }

  /** What was delivered of the key after a message, and is void when that one failed. */
  after(key: string, id: number): number[] {
    return [...(this.#keys.get(key)?.outstanding ?? [])].filter((other) => other > id);
  }

  /** A key that may go on. It is busy until `started`. */
  next(): string | undefined {
    const [key] = this.#ready;
    if (key !== undefined) this.#ready.delete(key);
    return key;
  }

  hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Messages that keys waited for may be gone: each that has nothing outstanding is looked at again. */
  recheck(): void {
    for (const [key, { outstanding }] of this.#keys) if (outstanding.size === 0) this.#ready.add(key);
  }

  /** After the messages of a ready key were looked at: whether some remain for later. */
  started(key: string, remaining: boolean): void {
    const state = this.#keys.get(key);
    if (!state) return;
    state.more = remaining;
    if (!remaining && state.outstanding.size === 0) this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
    this.#ready.clear();
  }

  #stateOf(key: string): KeyState {
    let state = this.#keys.get(key);
    if (!state) {
      state = { outstanding: new Set(), take: -1, more: false };
      this.#keys.set(key, state);
    }
    return state;
  }
}
