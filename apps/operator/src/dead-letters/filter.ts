import type { DeadLetter } from './letter.ts';

/** Which dead letters are meant: all of those that match everything that is given. */
export interface Filter {
  /** A part of the reason; upper and lower case are the same. */
  readonly reason?: string | undefined;
  /** Dead letters from then on. */
  readonly since?: Date | undefined;
  /** Ids of dead letters. */
  readonly ids?: readonly string[] | undefined;
}

export function matches({ reason, since, ids }: Filter, letter: DeadLetter): boolean {
  if (ids !== undefined && !ids.includes(letter.id)) return false;
  if (since !== undefined && Date.parse(letter.since) < since.getTime()) return false;
  return reason === undefined || (letter.reason ?? '').toLowerCase().includes(reason.toLowerCase());
}
