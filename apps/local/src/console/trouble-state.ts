// The page imports the types, too.

/** Faults that may be set, each a probability from 0 to 1. */
export const FAULTS = ['redeliver', 'reorder', 'delay', 'failWrites', 'slowWrites'] as const;
export type Fault = (typeof FAULTS)[number];
export type Faults = Readonly<Record<Fault, number>>;

export interface TroubleForm {
  readonly faults: Faults;
  /** Records of one seed, at most. */
  readonly maxSeed: number;
}

/** An execution of the prober's job. */
export interface ProbeResult {
  readonly succeeded: boolean;
  /** `exit code 0` */
  readonly how: string;
  /** Its last lines. */
  readonly lines: readonly string[];
}

export interface SeedSummary {
  /** Messages that the topic accepted, and refused. */
  readonly accepted: number;
  readonly refused: number;
  /** From the first message until every record was visible; undefined when that never happened. */
  readonly visibleSeconds: number | undefined;
  /** What is not as it must be. */
  readonly problems: readonly string[];
}

export interface ResetResult {
  /** Rows that were removed. */
  readonly rows: number;
}
