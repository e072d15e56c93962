// Types only: the page imports them, too.

/** Dead letters of one subscription with one reason. */
export interface ShownGroup {
  readonly key: string;
  /** `project/subscription`; undefined when Pub/Sub named none. */
  readonly source: string | undefined;
  readonly reason: string | undefined;
  readonly count: number;
  /** When the first and the last became dead letters, RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** The first ones. */
  readonly samples: readonly {
    readonly id: string;
    readonly record: string | undefined;
    readonly attempts: number | undefined;
    readonly replays: number;
    /** Shortened when it is long. */
    readonly payload: string;
  }[];
}

export interface DeadLetterList {
  /** The largest first. */
  readonly groups: readonly ShownGroup[];
  /** Groups that are not in `groups`, and their dead letters. */
  readonly otherGroups: number;
  readonly otherDeadLetters: number;
  /** Dead letters that were looked at, and how many are at most. */
  readonly lookedAt: number;
  readonly limit: number;
}

export type DeadLetterAction = 'replay' | 'discard';

/** What an action did, or would do. */
export interface ActionResult {
  /** Replayed or discarded. */
  readonly done: number;
  /** Left in place: they failed after this many replays. */
  readonly stopped: number;
  readonly maxReplays: number;
  /** Left in place: the topic refused them. */
  readonly refused: number;
  /** Of the first one that was refused. */
  readonly refusal?: string;
}
