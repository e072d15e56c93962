import { SeederError } from './errors.ts';

/** What is not a new, good record, as shares of all messages from 0 to 1. */
export interface Mix {
  /** Same id, same content as an earlier record. */
  readonly duplicates: number;
  /** Same id as an earlier record, other content: a publisher's mistake. */
  readonly conflicts: number;
  /** What the topic refuses at publish. */
  readonly invalid: number;
  /** What the topic accepts and the table refuses. */
  readonly poison: number;
}

export const PURE: Mix = { duplicates: 0, conflicts: 0, invalid: 0, poison: 0 };

/** Records that must be left to repeat: otherwise most repetitions would be of the same few. */
const MAX_SHARE_WITH_REPETITIONS = 0.9;

/** `0%` to `100%`, with decimals. Throws SeederError. */
export function checkShare(name: keyof Mix, text: string): number {
  const percent = /^\d{1,3}(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (percent <= 100) return percent / 100;
  throw new SeederError(`${name} must be a percentage from 0% to 100%, got ${JSON.stringify(text)}`, {
    wayOut: 'write it like 5% or 0.5%',
  });
}

/** Throws SeederError when the shares do not fit together. */
export function checkMix(mix: Mix): Mix {
  for (const [name, share] of Object.entries(mix)) {
    if (share >= 0 && share <= 1) continue;
    throw new SeederError(`${name} must be a share from 0 to 1, got ${share}`);
  }
  const { duplicates, conflicts, invalid, poison } = mix;
  const sum = duplicates + conflicts + invalid + poison;
  const repeats = duplicates + conflicts > 0;
  const most = repeats ? MAX_SHARE_WITH_REPETITIONS : 1;
  if (sum <= most + 1e-9) return mix;
  throw new SeederError(
    `duplicates, conflicts, invalid and poison are ${Math.round(sum * 100)}% together; at most ${most * 100}% is possible`,
    {
      wayOut: repeats ? 'there must be records for duplicates and conflicts to repeat' : 'lower one of them',
    },
  );
}

/** The options of the command line that make this mix; none for a pure one. */
export function flagsOf(mix: Mix): string {
  const shares = Object.entries(mix).filter(([, share]) => share > 0);
  return shares.map(([name, share]) => ` --${name} ${Number((share * 100).toFixed(10))}%`).join('');
}
