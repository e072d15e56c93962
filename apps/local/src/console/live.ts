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

/** A page that listens. */
interface Listener {
  readonly page: ServerResponse;
  readonly shown: ServerView | undefined;
  /** The JSON of what the view read for it last. */
  sent?: string;
}

/**
 * Sends each open page the state of the pipeline twice a second, and the values of the view that it shows, as server-sent
 * events. All pages share one reading of each. Without a page there is no timer. https://html.spec.whatwg.org/#server-sent-events
 */
export class LiveStream {
  readonly #options: LiveOptions;
  readonly #pages = new Set<Listener>();
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
    const listener: Listener = { page: response, shown };
    this.#pages.add(listener);
    const stop = shown?.watch?.((value) => send(response, 'view', value));
    response.on('close', () => {
      this.#pages.delete(listener);
      stop?.();
      if (this.#pages.size === 0) this.#timer?.cancel();
      if (this.#pages.size === 0) this.#timer = undefined;
    });
    void this.#tick([listener]);
    this.#timer ??= this.#schedule();
  }

  get pages(): number {
    return this.#pages.size;
  }

  close(): void {
    for (const { page } of this.#pages) page.destroy();
    this.#timer?.cancel();
  }

  #schedule(): Timer {
    return this.#options.clock.setTimeout(() => {
      void this.#tick([...this.#pages]).finally(() => {
        this.#timer = this.#pages.size === 0 ? undefined : this.#schedule();
      });
    }, TICK_MS);
  }

  async #tick(listeners: readonly Listener[]): Promise<void> {
    try {
      const showing = [...Map.groupBy(listeners, ({ shown }) => shown)];
      await Promise.all([
        this.#options.view.state().then((state) => {
          for (const { page } of listeners) send(page, 'state', state);
        }),
        ...showing.map(async ([shown, pages]) => {
          if (shown?.read) sendChanged(pages, JSON.stringify(await shown.read()));
        }),
      ]);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

function sendChanged(listeners: readonly Listener[], json: string): void {
  for (const listener of listeners) {
    if (listener.sent !== json && write(listener.page, 'view', json)) listener.sent = json;
  }
}

function send(page: ServerResponse, event: string, value: unknown): void {
  write(page, event, JSON.stringify(value));
}

/** A page that reads too slowly misses values instead of filling the memory: then this is false. */
function write(page: ServerResponse, event: string, json: string): boolean {
  if (page.destroyed || page.writableNeedDrain) return false;
  page.write(`event: ${event}\ndata: ${json}\n\n`);
  return true;
}
