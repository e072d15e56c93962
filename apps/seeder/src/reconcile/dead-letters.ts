import type { RecordRow } from '@records/records-schema';
import type { Target } from '@records/stack';
import { Leases } from '@records/stack/leases';
import type { Ticker } from '../ticker.ts';

/** Dead letters leased at one time: 125 MB of ack ids. */
export const MAX_DEAD_LETTERS = 500_000;
/** How long one pull waits for dead letters. */
const EMPTY_MS = 1_000;

interface LookOptions {
  readonly target: Target;
  readonly subscription: string;
  /** Ends the look when the subscription has been empty for this long, in milliseconds. */
  readonly quietMs: number;
  readonly ticker: Ticker;
  readonly signal?: AbortSignal | undefined;
  /** Called with each dead letter that a seeder may have sent; answers whether it has seen enough. */
  onDeadLetter(row: RecordRow): boolean;
}

/**
 * Leases the dead letters, reads them and puts them back. Answers false when there were more than MAX_DEAD_LETTERS, which
 * it did not read in full. Throws the client's errors.
 */
export async function lookAtDeadLetters(options: LookOptions): Promise<boolean> {
  const { target, subscription, quietMs, ticker, signal, onDeadLetter } = options;
  await using leases = new Leases(target, subscription, EMPTY_MS);
  const seen = new Set<string>();
  let lastAt = ticker.now();
  while (!signal?.aborted) {
    const batch = await leases.pull();
    // A lease that ended meanwhile delivers its message again.
    const fresh = batch.filter(({ message }) => !seen.has(message.messageId ?? ''));
    if (fresh.length > 0) lastAt = ticker.now();
    else if (ticker.now() - lastAt >= quietMs) return true;
    let isEnough = false;
    for (const { message } of fresh) {
      seen.add(message.messageId ?? '');
      const row = rowIn(message.data);
      if (row) isEnough = onDeadLetter(row) || isEnough;
    }
    if (isEnough) return true;
    if (seen.size >= MAX_DEAD_LETTERS) return false;
  }
  return true;
}

/** The record in a dead letter, perhaps with more fields; undefined when no seeder sent it. */
function rowIn(data: Uint8Array | string | null | undefined): RecordRow | undefined {
  try {
    const value = JSON.parse(Buffer.from(data ?? '').toString()) as Partial<RecordRow> | null;
    return typeof value?.id === 'string' ? (value as RecordRow) : undefined;
  } catch {
    return undefined;
  }
}
