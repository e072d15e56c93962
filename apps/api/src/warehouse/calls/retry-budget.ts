/** Retries that each call earns: in the long run, retries are a tenth of the calls. */
const SHARE = 0.1;
const MAX_SAVED = 10;

/**
 * Bounds the retries of all calls together: otherwise three attempts at each call would triple the load during an outage.
 * https://sre.google/sre-book/handling-overload/#client-side-retry-budget
 */
export class RetryBudget {
  #saved = MAX_SAVED;

  /** Call once per first attempt. */
  earn(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + SHARE);
  }

  /** Takes one retry, if any is left. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
