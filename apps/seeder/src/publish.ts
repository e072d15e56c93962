import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Topic } from '@google-cloud/pubsub';
import { reasonOf } from '@records/cli';
import type { Identity } from './identity.ts';
import { InFlight } from './in-flight.ts';
import { sendWhole } from './send-whole.ts';
import { systemTicker, type Ticker } from './ticker.ts';

/** Messages of one publish request; Pub/Sub accepts 1,000 and 10 MB. https://docs.cloud.google.com/pubsub/quotas */
const BATCH_MESSAGES = 1_000;
/** Publish requests under way at a time. This and BATCH_MESSAGES bound the memory. */
const MAX_REQUESTS = 8;
/** Stop after this many failed requests: the cause is not in the messages. */
const MAX_FAILED_REQUESTS = 8;
/** How long the client retries one request. https://docs.cloud.google.com/pubsub/docs/retry-requests */
const RETRY_MS = 60_000;
/** How long to wait for answers after an interruption. */
const GRACE_MS = 5_000;
/** Reasons kept of failed requests. */
const MAX_REASONS = 3;
/** Characters kept of a reason: the client appends all earlier attempts to the last one. */
const REASON_LENGTH = 250;

/** The result of one message. Pub/Sub may hold a failed message all the same. */
export type Outcome = 'accepted' | 'refused' | 'failed';

/** The result of a run. */
export interface Published {
  /** Messages that Pub/Sub gave an id for. */
  readonly accepted: number;
  /** Messages that Pub/Sub refused for their content. */
  readonly refused: number;
  /** Messages of requests that failed for another reason, or timed out. */
  readonly failed: number;
  /** Refused and failed messages that were meant to be accepted. */
  readonly unexpected: number;
  /** Messages handed over whose answers nobody waited for. */
  readonly unconfirmed: number;
  /** The first few reasons of unexpected failures, each with its number of messages. */
  readonly reasons: readonly { readonly reason: string; readonly messages: number }[];
  /** SHA-256 of the messages handed over, each followed by a line feed, in the order of generation. */
  readonly sha256: string;
}

interface PublishOptions {
  readonly topic: Topic;
  readonly messages: Iterable<Uint8Array>;
  /** Identifies the publisher of each request, when the client does not. */
  readonly identity?: Identity | undefined;
  /** Whether a message, by its place in `messages`, is meant to be refused. */
  isInvalid?(index: number): boolean;
  /** Messages per second; as fast as Pub/Sub accepts them by default. */
  readonly rate?: number | undefined;
  readonly ticker?: Ticker | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long to retry one request, in milliseconds; 60,000 by default. */
  readonly retryMs?: number | undefined;
  /** Longest wait for answers after the signal, in milliseconds; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** Called with the result of each message, by its place in `messages`. */
  onOutcome?(index: number, outcome: Outcome): void;
  /** Called after each batch with the number of messages answered so far. */
  onAnswered?(answered: number): void;
}

/** Publishes all messages in bounded memory. Counts failures and never throws for one. */
export async function publish(options: PublishOptions): Promise<Published> {
  const { topic, identity, signal, rate, ticker = systemTicker } = options;
  const retryMs = options.retryMs ?? RETRY_MS;
  const requests = new InFlight(MAX_REQUESTS);
  const hash = createHash('sha256');
  const reasons = new Map<string, number>();
  const counts: Record<Outcome, number> = { accepted: 0, refused: 0, failed: 0 };
  let [handedOver, failedRequests, unexpected] = [0, 0, 0];

  const onAbort = () => setTimeout(() => requests.giveUp(), options.graceMs ?? GRACE_MS).unref();
  signal?.addEventListener('abort', onAbort);
  const start = ticker.now();
  for (const batch of batches(options.messages, batchSize(rate))) {
    await requests.room();
    const early = rate === undefined ? 0 : start + (handedOver / rate) * 1_000 - ticker.now();
    // Only the signal ends it early, which is checked below.
    if (early > 0) await ticker.delay(early, signal).catch(() => undefined);
    // Generating is synchronous work: let answers and signals in.
    await turn();
    if (signal?.aborted || failedRequests >= MAX_FAILED_REQUESTS) break;
    for (const message of batch) hash.update(message).update('\n');
    const first = handedOver;
    handedOver += batch.length;
    requests.begin();
    let bad = 0;
    const batchSent = sendWhole({ topic, identity, messages: batch, retryMs }, (index, outcome, error) => {
      counts[outcome] += 1;
      options.onOutcome?.(first + index, outcome);
      if (outcome === 'accepted') return;
      if (outcome === 'refused' && options.isInvalid?.(first + index)) return;
      bad += 1;
      unexpected += 1;
      const reason = excerpt(reasonOf(error));
      const known = reasons.get(reason);
      if (known !== undefined || reasons.size < MAX_REASONS) reasons.set(reason, (known ?? 0) + 1);
    });
    void batchSent.then((failed) => {
      if (failed || bad === batch.length) failedRequests += 1;
      options.onAnswered?.(counts.accepted + counts.refused);
      requests.end();
    });
  }
  await requests.idle();
  signal?.removeEventListener('abort', onAbort);
  return {
    ...counts,
    unexpected,
    unconfirmed: handedOver - counts.accepted - counts.refused - counts.failed,
    reasons: Array.from(reasons, ([reason, messages]) => ({ reason, messages })),
    sha256: hash.digest('hex'),
  };
}

/** Ten requests a second spread a slow run evenly. */
function batchSize(rate: number | undefined): number {
  return rate === undefined ? BATCH_MESSAGES : Math.min(BATCH_MESSAGES, Math.max(1, Math.round(rate / 10)));
}

function* batches(messages: Iterable<Uint8Array>, size: number): Generator<readonly Buffer[]> {
  let batch: Buffer[] = [];
  for (const message of messages) {
    // The client copies any other kind of array byte by byte.
    batch.push(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function excerpt(text: string): string {
  return text.length > REASON_LENGTH ? `${text.slice(0, REASON_LENGTH - 1)}…` : text;
}
