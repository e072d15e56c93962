// The page imports it, too: nothing here needs Node.

/** What *Follow one* can publish, beside the record as it is. */
export const VARIANTS = ['whole', 'without', 'extra', 'twice', 'conflicting'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface FollowForm {
  readonly fields: readonly {
    readonly name: string;
    readonly description: string;
    /** Characters. */
    readonly maxLength: number;
  }[];
  /** A made-up person. */
  readonly person: Readonly<Record<string, string>>;
}

/** What became of a published record. */
export interface Follow {
  readonly id: string;
  readonly variant: Variant;
  readonly steps: readonly FollowStep[];
  /** Whether nothing more is told of it. */
  readonly over: boolean;
}

export interface FollowStep {
  readonly step:
    | 'accepted'
    | 'refused'
    | 'unanswered'
    | 'delivered'
    | 'failed'
    | 'stored'
    | 'asked'
    | 'served'
    | 'dead-lettered';
  /** Milliseconds since *Publish*. */
  readonly ms: number;
  /** A resource, a reason, or the served record. */
  readonly detail: string;
  /** Of a delivery, from 1. */
  readonly attempt?: number;
}
