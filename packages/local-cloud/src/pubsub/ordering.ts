interface KeyState {
  /** Ids of the messages delivered and not acknowledged. */
  readonly outstanding: Set<number>;
  /** The call of `take` that delivered them. The same call may deliver later messages of the key. */
  take: number;
  /** Whether messages of the key were skipped, or back off after a failure. */
  more: boolean;
}

/**
 * The state of ordering keys. Messages of a key are delivered in publication order, and the next ones only after all delivered
 * ones are acknowledged. After a failure, delivery restarts at the failed message.
 * https://docs.cloud.google.com/pubsub/docs/ordering
 */
export class OrderingKeys {
  readonly #keys = new Map<string, KeyState>();
  /** Keys with messages to deliver and none outstanding. */
  readonly #ready = new Set<string>();

  /** Whether this take may deliver a message of the key. If not, notes that the key has more messages. */
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

  /** Ends a delivery, which may make the key ready. */
  ended(key: string, id: number): void {
    const state = this.#keys.get(key);
    if (!state?.outstanding.delete(id) || state.outstanding.size > 0) return;
    if (state.more) this.#ready.add(key);
    else this.#keys.delete(key);
  }

  /** Blocks a key whose messages back off. */
  waits(key: string): void {
    this.#stateOf(key).more = true;
  }

  /** The backoff of a message of the key has ended. */
  due(key: string): void {
    const state = this.#stateOf(key);
    state.more = true;
    if (state.outstanding.size === 0) this.#ready.add(key);
  }

  /** Outstanding messages of the key after the given one. They are redelivered when it fails. */
  after(key: string, id: number): number[] {
    return [...(this.#keys.get(key)?.outstanding ?? [])].filter((other) => other > id);
  }

  /** Removes and returns a ready key. The key stays blocked until `started`. */
  next(): string | undefined {
    const [key] = this.#ready;
    if (key !== undefined) this.#ready.delete(key);
    return key;
  }

  hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Makes every key without outstanding messages ready: the message that it waited for may be gone. */
  recheck(): void {
    for (const [key, { outstanding }] of this.#keys) if (outstanding.size === 0) this.#ready.add(key);
  }

  /** Ends the turn of a ready key. `remaining`: some of its messages were not delivered. */
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
