import type { TemplateResult } from 'lit-html';
import type { StackState } from '../stack-state.ts';
import type { Text } from '../text.ts';

/** What a view may use of the page. */
export interface Page {
  /** Draws the page again, soon and once. */
  redraw(): void;
  /** The last state of the pipeline; undefined before the first. */
  state(): StackState | undefined;
  /** The query of the address, without the language. */
  query(): URLSearchParams;
  /** Sets the query of the address, so that it leads back to what is shown. */
  remember(query: URLSearchParams): void;
}

/** A view on the screen. */
export interface View {
  render(): TemplateResult;
  /** A value that the server's part of the view sends by `watch`. */
  receive?(value: never): void;
}

/** The exports of each module of `views/`. A page opens a view to show it, and drops it when the page shows another. */
interface ViewModule {
  open(page: Page): View;
}

/** A view that can be shown. */
export interface ViewEntry {
  /** Its address: `/NAME`. */
  readonly name: string;
  readonly title: Text;
  load(): Promise<ViewModule>;
}
