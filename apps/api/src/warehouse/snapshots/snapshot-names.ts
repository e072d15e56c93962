import { createHash } from 'node:crypto';

/** A token: digest of the statement, start of the window in seconds, attempt. */
export const TOKEN_PATTERN = '^[0-9a-f]{12}-[0-9a-z]{1,8}-[0-9a-z]{1,2}$';

/** How long after the start of its window a snapshot can be walked. Google stores a result for about 24 hours. */
export const WALK_MS = 12 * 60 * 60 * 1000;

/** Maximum difference between the clocks of instances. */
const SKEW_MS = 60_000;

/** One attempt at the snapshot of a window. */
export interface SnapshotName {
  /** Start of the window. Milliseconds since the epoch, whole seconds. */
  readonly start: number;
  readonly attempt: number;
  /** Identifies the snapshot to clients. */
  readonly token: string;
  readonly jobId: string;
}

/**
 * Names the snapshots of a statement. Every instance derives the same names, so one of them creates the job of a window and the
 * others attach to it. A token needs no signature: it holds a time and a number, and leads only to jobs of this statement.
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

  /** Undefined for a token of another statement, or of a snapshot that cannot be walked at this `date`. */
  find(token: string, date: number): SnapshotName | undefined {
    const [digest, seconds = '', attempt = ''] = token.split('-');
    const start = Number.parseInt(seconds, 36) * 1000;
    if (digest !== this.#digest || !(start <= date + SKEW_MS && date < start + WALK_MS)) return undefined;
    return this.of(start, Number.parseInt(attempt, 36));
  }
}

/** The start of the window that contains the date. */
export function windowStart(date: number, windowMs: number): number {
  return Math.floor(date / windowMs) * windowMs;
}
