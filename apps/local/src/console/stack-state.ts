// Types only: the page imports them, too.

/** The part of the stack that a trouble is in. */
export type Part = 'infra' | 'topic' | 'subscription' | 'table' | 'api';

/** Something that is wrong now. */
export interface Trouble {
  readonly part: Part;
  /** What is wrong, as the terminal says it. */
  readonly sentence: string;
  /** What to do. */
  readonly todo?: string;
}
