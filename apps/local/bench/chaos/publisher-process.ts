/**
 * Publishes every `step`th message of a plan, each until Pub/Sub has acknowledged it, and tells its parent which ones it
 * has, and how often it tried: `node publisher-process.ts JSON`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { PassThroughClient } from 'google-auth-library';
import { messageOf } from './plan.ts';

export interface PublisherOptions {
  /** host:port */
  readonly host: string;
  readonly project: string;
  readonly topic: string;
  readonly seed: number;
  readonly messages: number;
  readonly first: number;
  readonly step: number;
}

const IN_FLIGHT = 2_000;
const RETRY_MS = 100;
/** What a publisher tries again. https://docs.cloud.google.com/pubsub/docs/retry-requests */
const RETRIED = new Set([1, 2, 4, 8, 10, 13, 14]);

process.once('disconnect', () => process.exit(1));

const options = JSON.parse(process.argv[2] ?? '') as PublisherOptions;
// Known to gRPC, not to the client's types. https://github.com/grpc/grpc-node/blob/master/packages/grpc-js/README.md
const reconnection: object = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
};
const pubsub = new PubSub({
  ...reconnection,
  projectId: options.project,
  apiEndpoint: options.host,
  emulatorMode: true,
  authClient: new PassThroughClient(),
});
const topic = pubsub.topic(options.topic, {
  batching: { maxMessages: 500, maxMilliseconds: 5 },
  // Each request is answered or lost: what happens then is decided here.
  gaxOpts: { retry: null, timeout: 10_000 },
});

/** A message's number, and the requests that it took, from 1. */
export type Acknowledged = readonly [n: number, attempts: number];

let acknowledged: Acknowledged[] = [];

/** Resolves when the parent has it. */
function report(): Promise<void> {
  const reported = acknowledged;
  acknowledged = [];
  if (reported.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    process.send?.(reported, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });
}

async function send(n: number): Promise<void> {
  const { record, isPoison } = messageOf(options.seed, n);
  const text = isPoison ? JSON.stringify({ ...record, edad: '41' }) : encodeRecord(record);
  const data = Buffer.from(text);
  let attempts = 0;
  for (;;) {
    attempts += 1;
    try {
      await topic.publishMessage({ data });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && RETRIED.has(Number(error.code)))) throw error;
      await delay(RETRY_MS);
    }
  }
  if (acknowledged.push([n, attempts]) === 1) setImmediate(report);
}

const sending = new Set<Promise<void>>();
for (let n = options.first; n < options.messages; n += options.step) {
  const one: Promise<void> = send(n).finally(() => sending.delete(one));
  sending.add(one);
  if (sending.size >= IN_FLIGHT) await Promise.race(sending);
}
await Promise.all(sending);
await report();
await pubsub.close();
process.exit(0);
