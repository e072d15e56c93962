import type { StackView } from './stack-view.ts';

/** What the page sends with a call: the query of a GET, the JSON body of a POST. */
export type Input = Readonly<Record<string, unknown>>;

/** The server's part of a view of the console. */
export interface ServerView {
  /** By method and name: `GET form` answers `/api/VIEW/form`. Throws UserError for what the person can mend. */
  readonly calls?: Readonly<Record<string, (input: Input) => Promise<unknown>>>;
  /** Reads a value for the pages that show the view, twice a second. They get it when it has changed. */
  read?(): Promise<unknown>;
  /** Sends values to a page while it shows the view. Returns a function that stops it. */
  watch?(send: (value: unknown) => void): () => void;
  /** Ends what it began and nobody waits for any more. The stack is still there. */
  close?(): Promise<void>;
}

/** The exports of each module of `views/`. */
export interface ServerViewModule {
  open(view: StackView): ServerView;
}

/** By the view's address. Each is loaded when a page first asks for it. `page/views.ts` lists the pages. */
export const VIEWS: Readonly<Record<string, () => Promise<ServerViewModule>>> = {
  follow: () => import('./views/follow.ts'),
  records: () => import('./views/records.ts'),
  sql: () => import('./views/sql.ts'),
  'dead-letters': () => import('./views/dead-letters.ts'),
  requests: () => import('./views/requests.ts'),
  infrastructure: () => import('./views/infrastructure.ts'),
  trouble: () => import('./views/trouble.ts'),
};
