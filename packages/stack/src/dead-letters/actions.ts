import { randomUUID } from 'node:crypto';
import { reasonOf } from '@records/cli';
import { type DeadLetter, MAX_REPLAYS, replayOf } from './dead-letter.ts';
import { type Filter, matches } from './filter.ts';
import type { LeasedDeadLetter, Mailbox } from './mailbox.ts';

export interface Selection {
  readonly filter: Filter;
  /** Dead letters to look at, at most. */
  readonly limit: number;
}

/** The matching dead letters. Removes nothing. */
export async function list(mailbox: Mailbox, { filter, limit }: Selection): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const batch of mailbox.lease(limit)) {
    found.push(...batch.filter((deadLetter) => matches(filter, deadLetter)));
  }
  return found;
}

export interface ReplayResult {
  /** Published again, or, in a dry run, to be published. */
  readonly replayed: number;
  /** Left in place: they failed after MAX_REPLAYS replays. */
  readonly stopped: number;
  /** Left in place: the topic refused them. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/** Dead letters published at a time. */
const CONCURRENT = 50;

/** Publishes dead letters to their topic again. Removes one only after Pub/Sub has accepted its message. */
export async function replay(
  mailbox: Mailbox,
  { filter, limit }: Selection,
  { dryRun }: { readonly dryRun: boolean },
): Promise<ReplayResult> {
  const thisRun = randomUUID();
  const refused: { id: string; reason: string }[] = [];
  let [replayed, stopped] = [0, 0];
  const again = async (deadLetter: LeasedDeadLetter): Promise<void> => {
    try {
      if (!dryRun) await mailbox.replay(deadLetter, replayOf(deadLetter, thisRun));
      replayed += 1;
    } catch (error) {
      refused.push({ id: deadLetter.id, reason: reasonOf(error) });
    }
  };
  for await (const batch of mailbox.lease(limit)) {
    const wanted = batch.filter((one) => one.replayRun !== thisRun && matches(filter, one));
    const able = wanted.filter(({ replays }) => replays < MAX_REPLAYS);
    stopped += wanted.length - able.length;
    for (let start = 0; start < able.length; start += CONCURRENT) {
      await Promise.all(able.slice(start, start + CONCURRENT).map(again));
    }
  }
  return { replayed, stopped, refused };
}

/** Removes dead letters for good, or, in a dry run, counts them. */
export async function discard(
  mailbox: Mailbox,
  { filter, limit }: Selection,
  { dryRun }: { readonly dryRun: boolean },
): Promise<number> {
  let discarded = 0;
  for await (const batch of mailbox.lease(limit)) {
    const wanted = batch.filter((deadLetter) => matches(filter, deadLetter));
    if (!dryRun) await mailbox.remove(wanted);
    discarded += wanted.length;
  }
  return discarded;
}
