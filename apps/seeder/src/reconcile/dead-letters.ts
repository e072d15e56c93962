import type { RecordRow } from '@records/records-schema';
import { Leases } from '../leases.ts';
import type { Target } from '../target/target.ts';
import type { Ticker } from '../ticker.ts';

/** Letters leased at one time: 125 MB of ack ids. */
export const MAX_LETTERS = 500_000;
/** How long an empty subscription is asked before it counts as empty. */
const EMPTY_MS = 1_000;

export interface LookOptions {
  readonly target: Target;
  readonly subscription: string;
  /** The look ends when the subscription is empty and no letter came for this long, in milliseconds. */
  readonly quietMs: number;
  readonly ticker: Ticker;
  readonly signal?: AbortSignal | undefined;
  /** Called with each letter that could be of a seeder; returns whether it has seen enough. */
  onLetter(row: RecordRow): boolean;
}

/**
 * Looks at the dead letters and leaves them there: they are leased, read, and put back at the end. False when there
 * were more than MAX_LETTERS, which are then not all seen. Throws the client's errors.
 */
export async function lookAtDeadLetters(options: LookOptions): Promise<boolean> {
  const { target, subscription, quietMs, ticker, signal, onLetter } = options;
  await using leases = new Leases(target, subscription, EMPTY_MS);
  const seen = new Set<string>();
  let lastAt = ticker.now();
  while (!signal?.aborted) {
    const batch = await leases.pull();
    // A lease that ended meanwhile brings a letter again.
    const fresh = batch.filter(({ message }) => !seen.has(message.messageId ?? ''));
    if (fresh.length > 0) lastAt = ticker.now();
    else if (ticker.now() - lastAt >= quietMs) return true;
    let isEnough = false;
    for (const { message } of fresh) {
      seen.add(message.messageId ?? '');
      const row = rowIn(message.data);
      if (row) isEnough = onLetter(row) || isEnough;
    }
    if (isEnough) return true;
    if (seen.size >= MAX_LETTERS) return false;
  }
  return true;
}

/** The four fields of a letter, which may have others; undefined when it is not of a seeder. */
function rowIn(data: Uint8Array | string | null | undefined): RecordRow | undefined {
  try {
    const value = JSON.parse(Buffer.from(data ?? '').toString()) as Partial<RecordRow> | null;
    return typeof value?.id === 'string' ? (value as RecordRow) : undefined;
  } catch {
    return undefined;
  }
}
