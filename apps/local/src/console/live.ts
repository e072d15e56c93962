import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@records/local-cloud';
import type { StackView } from './stack-view.ts';
import type { ServerView } from './views.ts';

/** Between two states of the pipeline. */
const TICK_MS = 500;

/** Pages that are served at a time. */
const MAX_PAGES = 20;

interface LiveOptions {
  readonly view: StackView;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends each open page the state of the pipeline twice a second, and the values of the view that it shows, as server-sent
 * events. All pages share one reading. Without a page there is no timer. https://html.spec.whatwg.org/#server-sent-events
 */
export class LiveStream {
  readonly #options: LiveOptions;
  readonly #pages = new Set<ServerResponse>();
  #timer: Timer | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  serve(response: ServerResponse, shown: ServerView | undefined): void {
    if (this.#pages.size >= MAX_PAGES) {
      response.writeHead(503).end(`${MAX_PAGES} pages of the console are open: close one\n`);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#pages.add(response);
    const stop = shown?.watch?.((value) => send(response, 'view', value));
    response.on('close', () => {
      this.#pages.delete(response);
      stop?.();
      if (this.#pages.size === 0) this.#timer?.cancel();
      if (this.#pages.size === 0) this.#timer = undefined;
    });
    void this.#tick([response]);
    this.#timer ??= this.#schedule();
  }

  get pages(): number {
    return this.#pages.size;
  }

  close(): void {
    for (const page of this.#pages) page.destroy();
    this.#timer?.cancel();
  }

  #schedule(): Timer {
    return this.#options.clock.setTimeout(() => {
      void this.#tick([...this.#pages]).finally(() => {
        this.#timer = this.#pages.size === 0 ? undefined : this.#schedule();
      });
    }, TICK_MS);
  }

  async #tick(pages: readonly ServerResponse[]): Promise<void> {
    try {
      const state = await this.#options.view.state();
      for (const page of pages) send(page, 'state', state);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

/** A page that reads too slowly misses values instead of filling the memory. */
function send(page: ServerResponse, event: string, value: unknown): void {
  if (page.destroyed || page.writableNeedDrain) return;
  page.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
}
