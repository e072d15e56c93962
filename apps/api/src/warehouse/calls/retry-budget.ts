/** Each call earns this share of one retry, so that retries are a tenth of the calls in the long run. */
const SHARE = 0.1;
/** Retries that can be saved up. */
const MAX_SAVED = 10;

/**
 * What all calls of the process may retry together. Three attempts at each call would make three times the load out of a
 * fault that all of them meet. https://sre.google/sre-book/handling-overload/#client-side-retry-budget
 */
export class RetryBudget {
  #saved = MAX_SAVED;

  /** A call is made for the first time. */
  earn(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + SHARE);
  }

  /** Whether one more retry may be made; then it counts as made. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
