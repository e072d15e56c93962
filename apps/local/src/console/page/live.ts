import type { StackState } from '../stack-state.ts';

interface Listener {
  state(state: StackState): void;
  view(value: unknown): void;
  /** Whether the server answers. */
  connected(is: boolean): void;
}

/** One stream from the server, for the shown view. While nobody sees the page there is none, so it costs nothing. */
export class Live {
  readonly #listener: Listener;
  #view = '';
  #source: EventSource | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    document.addEventListener('visibilitychange', () => this.show(this.#view));
  }

  show(view: string): void {
    this.#view = view;
    this.#source?.close();
    this.#source = undefined;
    if (document.hidden) return;
    const source = new EventSource(`/live?view=${view}`);
    source.addEventListener('state', ({ data }) => this.#listener.state(JSON.parse(data)));
    source.addEventListener('view', ({ data }) => this.#listener.view(JSON.parse(data)));
    source.addEventListener('open', () => this.#listener.connected(true));
    source.addEventListener('error', () => this.#listener.connected(false));
    this.#source = source;
  }
}
