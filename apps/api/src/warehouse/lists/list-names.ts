import { createHash } from 'node:crypto';

/**
 * A token: digest of the statements, then start (seconds) and attempt of the base, and of the delta if there is one. Then the version of
 * the amendments if there are some.
 */
export const TOKEN_PATTERN = '^[0-9a-f]{12}(-[0-9a-z]{1,8}-[0-9a-z]{1,2}){1,2}(\\.[0-9a-f]{8})?$';

/** How long after its start a list can be walked. Its tables are kept for twice as long. */
export const WALK_MS = 12 * 60 * 60 * 1000;
/** The time that is left for a walk that begins when the next list is due. */
const REST_MS = WALK_MS / 2;
/** Attempts per period, at most. */
export const MAX_ATTEMPTS = 12;

/** Maximum difference between the clocks of instances. */
const SKEW_MS = 60_000;

/** One attempt at something that is made once per period. */
export interface Attempt {
  /** Start of the period. Milliseconds since the epoch, whole seconds. */
  readonly start: number;
  /** From 0, below 12. */
  readonly attempt: number;
  /** How many times six hours it lives longer than a list of at most six hours, 0 to 106. */
  readonly extra: number;
}

/** For a period in milliseconds. */
export function extraOf(periodMs: number): number {
  return Math.max(0, Math.ceil(periodMs / REST_MS) - 1);
}

/** How long after its start something can be walked. Milliseconds. */
export function lifeMs({ extra }: Pick<Attempt, 'extra'>): number {
  return WALK_MS + extra * REST_MS;
}

/** How long after the start of a list its successor is due at the latest. Milliseconds. */
export function standingMs(attempt: Pick<Attempt, 'extra'>): number {
  return lifeMs(attempt) - REST_MS;
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
    const parts = [base, ...(delta ? [delta] : [])].flatMap(({ start, attempt, extra }) => [
      start / 1000,
      attempt + MAX_ATTEMPTS * extra,
    ]);
    return { base, delta, token: [this.#digest, ...parts.map((part) => part.toString(36))].join('-') };
  }

  /** Undefined for a token of other statements, or of a list that cannot be walked at this `date`. */
  find(token: string, date: number): ListName | undefined {
    const [digest, ...parts] = token.split('-');
    const [base, baseNumber = 0, delta, deltaNumber = 0] = parts.map((part) => Number.parseInt(part, 36));
    const attemptOf = (seconds = Number.NaN, number: number): Attempt => ({
      start: seconds * 1000,
      attempt: number % MAX_ATTEMPTS,
      extra: Math.floor(number / MAX_ATTEMPTS),
    });
    const name = this.of(
      attemptOf(base, baseNumber),
      delta === undefined ? undefined : attemptOf(delta, deltaNumber),
    );
    const { start, extra } = name.delta ?? name.base;
    const isKept = start <= date + SKEW_MS && date < start + lifeMs({ extra });
    return digest === this.#digest && isKept ? name : undefined;
  }
}

/** The start of the period that contains the date. Periods align to the Unix epoch, so all instances share them. */
export function periodStart(date: number, periodMs: number): number {
  return Math.floor(date / periodMs) * periodMs;
}
