/** Counts the operations under way, so that a loop can wait for room and for the end. */
export class InFlight {
  readonly #limit: number;
  #open = 0;
  #gaveUp = false;
  #wake: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  begin(): void {
    this.#open += 1;
  }

  end(): void {
    this.#open -= 1;
    this.#wake?.();
  }

  /** Resolves when fewer than `limit` are open, or after `giveUp`. */
  room(): Promise<void> {
    return this.#until(() => this.#open < this.#limit);
  }

  /** Resolves when none is open, or after `giveUp`. */
  idle(): Promise<void> {
    return this.#until(() => this.#open === 0);
  }

  /** Ends every wait, now and later. */
  giveUp(): void {
    this.#gaveUp = true;
    this.#wake?.();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!this.#gaveUp && !condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
