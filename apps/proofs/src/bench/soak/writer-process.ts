/** Publishes records at an even rate until its parent ends it: `node writer-process.ts TARGET`, a `Target` as JSON. */
import { setTimeout as delay } from 'node:timers/promises';
import { encodeRecord } from '@records/records-schema';
import type { Target } from '@records/stack';
import { pubsubClient } from '@records/stack/clients';
import { answer } from '../../shared/forked-process.ts';
import { soakRecord } from './records.ts';

export interface WriterQuestion {
  /** Records a second from now on; 0 stops the writer and waits until everything is acknowledged. */
  readonly rate: number;
  /** The number of the first record. */
  readonly first: number;
}

/** Numbers of records since the start. */
export interface WriterAnswer {
  readonly acknowledged: number;
}

const TICK_MS = 50;
const BATCH = 1_000;
/** Seconds of records that may wait for their acknowledgement. */
const OUTSTANDING_SECONDS = 5;

const target = JSON.parse(process.argv[2] ?? '') as Target;
const topic = pubsubClient(target).topic(target.topic, {
  batching: { maxMessages: BATCH, maxMilliseconds: TICK_MS },
});
let [published, acknowledged, rate, first] = [0, 0, 0, 0];
let writing: Promise<void> | undefined;

async function publish(n: number): Promise<void> {
  await topic.publishMessage({ data: Buffer.from(encodeRecord(soakRecord(first + n))) });
  acknowledged += 1;
}

async function write(): Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  let [due, since] = [0, performance.now()];
  while (rate > 0) {
    const now = performance.now();
    due = Math.min(due + ((now - since) * rate) / 1_000, rate * OUTSTANDING_SECONDS);
    since = now;
    const ready = Math.min(Math.floor(due), rate * OUTSTANDING_SECONDS - (published - acknowledged));
    const sent = Array.from({ length: Math.max(0, ready) }, () => publish(published++));
    due -= sent.length;
    if (sent.length > 0) last = Promise.all([last, ...sent]);
    await delay(TICK_MS);
  }
  await last;
}

answer(async (question: WriterQuestion): Promise<WriterAnswer> => {
  ({ rate, first } = question);
  if (rate > 0) writing ??= write();
  else await writing;
  return { acknowledged };
});
