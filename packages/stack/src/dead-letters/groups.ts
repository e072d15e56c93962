import type { DeadLetter } from './dead-letter.ts';

/** Dead letters of one subscription that failed for the same reason. */
export interface DeadLetterGroup {
  /** Selects the group in a `Filter`. */
  readonly key: string;
  readonly source: string | undefined;
  readonly reason: string | undefined;
  /** When the first and the last of them became dead letters, RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** At least one. */
  readonly deadLetters: readonly DeadLetter[];
}

/** The largest group first. A reason may quote a value, and then each message has a group of its own. */
export function groupsOf(deadLetters: readonly DeadLetter[]): DeadLetterGroup[] {
  return Array.from(Map.groupBy(deadLetters, groupKeyOf), ([key, group]) => {
    const times = group.map(({ since }) => since).sort();
    const { source, reason } = group[0] ?? {};
    return { key, source, reason, first: times[0] ?? '', last: times.at(-1) ?? '', deadLetters: group };
  }).sort((a, b) => b.deadLetters.length - a.deadLetters.length);
}

export function groupKeyOf({ source, reason }: DeadLetter): string {
  return JSON.stringify([source, reason]);
}
