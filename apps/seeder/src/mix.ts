import { UserError } from '@records/cli';

/** The messages of a run that are no new, valid record: shares of all messages, from 0 to 1. */
export interface Mix {
  /** Same id and content as an earlier record. */
  readonly duplicates: number;
  /** Same id as an earlier record, other content: a publisher's mistake. */
  readonly conflicts: number;
  /** Refused by the topic at publish. */
  readonly invalid: number;
  /** Accepted by the topic and refused by the table. */
  readonly poison: number;
}

export const PURE: Mix = { duplicates: 0, conflicts: 0, invalid: 0, poison: 0 };

/** With fewer records left to repeat, most repetitions would be of the same few. */
const MAX_SHARE_WITH_REPETITIONS = 0.9;

/** Throws UserError when the shares do not fit together. */
export function checkMix(mix: Mix): Mix {
  for (const [name, share] of Object.entries(mix)) {
    if (share >= 0 && share <= 1) continue;
    throw new UserError(`${name} must be a share from 0 to 1, got ${share}`);
  }
  const { duplicates, conflicts, invalid, poison } = mix;
  const sum = duplicates + conflicts + invalid + poison;
  const repeats = duplicates + conflicts > 0;
  const most = repeats ? MAX_SHARE_WITH_REPETITIONS : 1;
  if (sum <= most + 1e-9) return mix;
  const total = `${Math.round(sum * 100)}% together; at most ${most * 100}% is possible`;
  throw new UserError(`duplicates, conflicts, invalid and poison are ${total}`, {
    hint: repeats ? 'leave records for duplicates and conflicts to repeat' : 'lower one of them',
  });
}

/** The options of the command line that make this mix; none for a pure one. */
export function flagsOf(mix: Mix): string {
  const shares = Object.entries(mix).filter(([, share]) => share > 0);
  return shares.map(([name, share]) => ` --${name} ${Number((share * 100).toFixed(10))}%`).join('');
}
