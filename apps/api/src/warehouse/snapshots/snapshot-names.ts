import { createHash } from 'node:crypto';

/** What a token looks like: a digest of the statement, the start of a window in seconds, an attempt; see below. */
export const TOKEN_PATTERN = '^[0-9a-f]{12}-[0-9a-z]{1,8}-[0-9a-z]{1,2}$';

/** How long after the start of its window a snapshot may be walked. Google keeps a result for about 24 hours. */
export const WALK_MS = 12 * 60 * 60 * 1000;

/** How far the clocks of two instances may be apart. */
const SKEW_MS = 60_000;

/** One attempt to make the snapshot of one window. */
export interface SnapshotName {
  /** Start of the window. Milliseconds since the epoch, whole seconds. */
  readonly start: number;
  readonly attempt: number;
  /** Names the snapshot to callers. */
  readonly token: string;
  readonly jobId: string;
}

/**
 * The names of the snapshots that a statement can have. Every instance derives the same ones, so of all that want the
 * snapshot of a window one creates its job and the others meet it. A token holds nothing but a time and a number, and
 * the job is always one of this statement: there is no other table that a caller could name, and nothing to sign.
 */
export class SnapshotNames {
  readonly #digest: string;

  constructor(statement: string) {
    this.#digest = createHash('sha256').update(statement).digest('hex').slice(0, 12);
  }

  of(start: number, attempt: number): SnapshotName {
    const token = `${this.#digest}-${(start / 1000).toString(36)}-${attempt.toString(36)}`;
    return { start, attempt, token, jobId: `records-snapshot-${token}` };
  }

  /** Undefined for a token of another statement, and for one that can not be walked (any more) at this `date`. */
  find(token: string, date: number): SnapshotName | undefined {
    const [digest, seconds = '', attempt = ''] = token.split('-');
    const start = Number.parseInt(seconds, 36) * 1000;
    if (digest !== this.#digest || !(start <= date + SKEW_MS && date < start + WALK_MS)) return undefined;
    return this.of(start, Number.parseInt(attempt, 36));
  }
}

/** The start of the window that a moment is in. */
export function windowStart(date: number, windowMs: number): number {
  return Math.floor(date / windowMs) * windowMs;
}
