// Types only: the page imports them, too.
import type { Text } from './text.ts';

/** The part of the stack that a trouble is in. */
export type Part = 'infra' | 'topic' | 'subscription' | 'table' | 'api';

/** Something that is wrong now. */
export interface Trouble {
  readonly part: Part;
  readonly sentence: Text;
  /** The lines of the terminal, in English. */
  readonly detail?: string;
  /** What to do. */
  readonly todo?: Text;
  /** The view where it can be mended. */
  readonly view?: { readonly name: string; readonly text: Text };
}

/** The pipeline in numbers. Counts start at 0 with the process that counts, unless they say otherwise. */
export interface StackState {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly topic: {
    /** `projects/p/topics/t` */
    readonly name: string;
    /** Messages that it accepted. */
    readonly published: number;
    /** Publish requests that it refused. */
    readonly refused: number;
  };
  readonly subscription: {
    /** `projects/p/subscriptions/s`; undefined while no subscription writes to the table. */
    readonly name: string | undefined;
    /** `ACTIVE`, or the error state in which nothing is written. */
    readonly state: string;
    /** Messages written to the table. */
    readonly delivered: number;
    /** Messages that are not in the table yet. */
    readonly waiting: number;
    /** Age of the oldest of these, in seconds. */
    readonly oldestSeconds: number;
  };
  readonly deadLetters: {
    readonly subscription: string;
    /** Dead letters that nobody has replayed or discarded. */
    readonly waiting: number;
  };
  readonly table: {
    /** `project.dataset.table` */
    readonly name: string;
    /** Rows in it, copies included; undefined while there is no such table. */
    readonly rows: number | undefined;
  };
  readonly api: {
    readonly url: string;
    readonly isRunning: boolean;
    /** Requests that it answered since it started, without health checks. Undefined while it does not tell. */
    readonly answered:
      | {
          readonly requests: number;
          /** Those answered with 4xx. */
          readonly refused: number;
          /** Those answered with 5xx. */
          readonly failed: number;
        }
      | undefined;
  };
  readonly troubles: readonly Trouble[];
}
