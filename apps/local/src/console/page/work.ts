import { html, nothing, type TemplateResult } from 'lit-html';

/** Runs the work of a view, one piece at a time, and shows its failure. A newer piece replaces one that still waits. */
export class Work {
  readonly #redraw: () => void;
  #running = false;
  #waiting: (() => Promise<void>) | undefined;
  #problem: string | undefined;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  do(work: () => Promise<void>): void {
    this.#waiting = work;
    if (!this.#running) void this.#run();
  }

  /** What went wrong with the last piece of work. */
  problem(): TemplateResult | typeof nothing {
    return this.#problem === undefined ? nothing : html`<p class="trouble" role="alert">${this.#problem}</p>`;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting) {
      const work = this.#waiting;
      this.#waiting = undefined;
      this.#problem = undefined;
      this.#redraw();
      await work().catch((error: unknown) => {
        this.#problem = error instanceof Error ? error.message : String(error);
      });
    }
    this.#running = false;
    this.#redraw();
  }
}
