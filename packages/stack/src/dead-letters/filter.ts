import type { DeadLetter } from './dead-letter.ts';
import { groupKeyOf } from './groups.ts';

/** Selects the dead letters that match every given condition. */
export interface Filter {
  /** A part of the reason, in upper or lower case. */
  readonly reason?: string | undefined;
  /** The earliest time. */
  readonly since?: Date | undefined;
  /** Ids of dead letters. */
  readonly ids?: readonly string[] | undefined;
  /** The `key` of a `DeadLetterGroup`. */
  readonly group?: string | undefined;
  /** Whether a record is meant, by its id; undefined when the message names none. */
  readonly record?: ((id: string | undefined) => boolean) | undefined;
}

export function matches({ reason, since, ids, group, record }: Filter, deadLetter: DeadLetter): boolean {
  if (ids !== undefined && !ids.includes(deadLetter.id)) return false;
  if (group !== undefined && groupKeyOf(deadLetter) !== group) return false;
  if (record !== undefined && !record(deadLetter.record)) return false;
  if (since !== undefined && Date.parse(deadLetter.since) < since.getTime()) return false;
  return reason === undefined || (deadLetter.reason ?? '').toLowerCase().includes(reason.toLowerCase());
}
