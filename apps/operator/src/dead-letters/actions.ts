import { randomUUID } from 'node:crypto';
import { type Filter, matches } from './filter.ts';
import { type DeadLetter, MAX_REPLAYS, replayOf } from './letter.ts';
import type { LeasedLetter, Mailbox } from './mailbox.ts';

export interface Selection {
  readonly filter: Filter;
  /** Letters that are looked at, at most. */
  readonly limit: number;
}

/** Letters that match. Nothing is removed. */
export async function list(mailbox: Mailbox, { filter, limit }: Selection): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const batch of mailbox.letters(limit)) {
    found.push(...batch.filter((letter) => matches(filter, letter)));
  }
  return found;
}

export interface ReplayResult {
  /** Published again, or, in a dry run, what would be. */
  readonly replayed: number;
  /** Left where they are, since they failed after MAX_REPLAYS replays. */
  readonly stopped: number;
  /** Left where they are, since the topic refused them. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/** Letters that are published at a time. */
const CONCURRENT = 50;

/** Publishes letters to their topic again. A letter is removed only after Pub/Sub has its message. */
export async function replay(
  mailbox: Mailbox,
  { filter, limit }: Selection,
  { dryRun }: { readonly dryRun: boolean },
): Promise<ReplayResult> {
  const thisRun = randomUUID();
  const refused: { id: string; reason: string }[] = [];
  let [replayed, stopped] = [0, 0];
  const again = async (letter: LeasedLetter): Promise<void> => {
    try {
      if (!dryRun) await mailbox.replay(letter, replayOf(letter, thisRun));
      replayed += 1;
    } catch (error) {
      refused.push({ id: letter.id, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  for await (const batch of mailbox.letters(limit)) {
    const wanted = batch.filter((letter) => letter.replayRun !== thisRun && matches(filter, letter));
    const able = wanted.filter(({ replays }) => replays < MAX_REPLAYS);
    stopped += wanted.length - able.length;
    for (let start = 0; start < able.length; start += CONCURRENT) {
      await Promise.all(able.slice(start, start + CONCURRENT).map(again));
    }
  }
  return { replayed, stopped, refused };
}

/** Removes letters for good, or, in a dry run, counts them. */
export async function discard(
  mailbox: Mailbox,
  { filter, limit }: Selection,
  { dryRun }: { readonly dryRun: boolean },
): Promise<number> {
  let discarded = 0;
  for await (const batch of mailbox.letters(limit)) {
    const wanted = batch.filter((letter) => matches(filter, letter));
    if (!dryRun) await mailbox.remove(wanted);
    discarded += wanted.length;
  }
  return discarded;
}
