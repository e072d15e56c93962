import { createHash } from 'node:crypto';

/** A token: digest of the statements, then start (seconds) and attempt of the base, and of the delta if there is one. */
export const TOKEN_PATTERN = '^[0-9a-f]{12}(-[0-9a-z]{1,8}-[0-9a-z]{1,2}){1,2}$';

/** How long after its start a list can be walked. Its tables are kept for 24 hours. */
export const WALK_MS = 12 * 60 * 60 * 1000;

/** Maximum difference between the clocks of instances. */
const SKEW_MS = 60_000;

/** One attempt at something that is made once per period. */
export interface Attempt {
  /** Start of the period. Milliseconds since the epoch, whole seconds. */
  readonly start: number;
  /** From 0. */
  readonly attempt: number;
}

/** A list: a base, and a delta with what arrived since. */
export interface ListName {
  readonly base: Attempt;
  readonly delta: Attempt | undefined;
  /** Identifies the list to clients. */
  readonly token: string;
}

/**
 * Names the lists of a table. Every instance derives the same names, so one of them creates the jobs of a period and the others
 * attach to them. A token needs no signature: it holds times and numbers, and leads only to tables of these statements.
 */
export class ListNames {
  readonly #digest: string;

  constructor(statements: readonly string[]) {
    this.#digest = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 12);
  }

  of(base: Attempt, delta?: Attempt): ListName {
    const parts = [base, ...(delta ? [delta] : [])].flatMap(({ start, attempt }) => [start / 1000, attempt]);
    return { base, delta, token: [this.#digest, ...parts.map((part) => part.toString(36))].join('-') };
  }

  /** Undefined for a token of other statements, or of a list that cannot be walked at this `date`. */
  find(token: string, date: number): ListName | undefined {
    const [digest, ...parts] = token.split('-');
    const [base = Number.NaN, attempt = 0, delta, deltaAttempt = 0] = parts.map((part) =>
      Number.parseInt(part, 36),
    );
    const start = (delta ?? base) * 1000;
    if (digest !== this.#digest || !(start <= date + SKEW_MS && date < start + WALK_MS)) return undefined;
    return this.of(
      { start: base * 1000, attempt },
      delta === undefined ? undefined : { start, attempt: deltaAttempt },
    );
  }
}

/** The start of the period that contains the date. Periods align to the Unix epoch, so all instances share them. */
export function periodStart(date: number, periodMs: number): number {
  return Math.floor(date / periodMs) * periodMs;
}
