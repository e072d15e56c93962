/**
 * Publishes a share of a plan, retries each message until Pub/Sub acknowledges it, and reports attempts and
 * acknowledgements to its parent: `node publisher-process.ts JSON`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import { encodeRecord } from '@records/records-schema';
import { PassThroughClient } from 'google-auth-library';
import { messageOf, POISON_FIELD, type Share } from './plan.ts';

export interface PublisherOptions extends Share {
  /** host:port */
  readonly host: string;
  readonly project: string;
  readonly topic: string;
  readonly seed: number;
  readonly messages: number;
  /** Messages before `first` without a reported acknowledgement. */
  readonly again: readonly number[];
  /** Messages that may wait for an acknowledgement. */
  readonly inFlight: number;
  /** Messages from this number on wait until the parent sends another limit. */
  readonly limit: number;
}

/** Numbers of messages, one for each event. */
export interface PublisherReport {
  /** About to be sent. */
  readonly sending: readonly number[];
  readonly acknowledged: readonly number[];
}

const IN_FLIGHT_MAX = 2_000;
const BATCHES_IN_FLIGHT = 4;
/** Exponential backoff. Each needless attempt would excuse a needless dead letter. */
const RETRY_MS = { first: 100, max: 1_000 };
/** Codes that a publisher retries. https://docs.cloud.google.com/pubsub/docs/retry-requests */
const RETRIED = new Set([1, 2, 4, 8, 10, 13, 14]);

process.once('disconnect', () => process.exit(1));

const options = JSON.parse(process.argv[2] ?? '') as PublisherOptions;
const inFlight = Math.min(IN_FLIGHT_MAX, options.inFlight);
// Options of gRPC that the client's types lack. https://github.com/grpc/grpc-node/blob/master/packages/grpc-js/README.md
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
  batching: { maxMessages: Math.ceil(inFlight / BATCHES_IN_FLIGHT), maxMilliseconds: 5 },
  // This program retries instead of the client, so that it can report each attempt.
  gaxOpts: { retry: null, timeout: 10_000 },
});

let sending: number[] = [];
let acknowledged: number[] = [];
let reported: Promise<void> | undefined;
let { limit } = options;
let raised = Promise.withResolvers<void>();

process.on('message', (next: number) => {
  limit = next;
  raised.resolve();
  raised = Promise.withResolvers();
});

/** Resolves when the parent has everything up to now, which a later kill -9 cannot undo. One report per turn. */
function report(): Promise<void> {
  reported ??= new Promise((resolve, reject) => {
    setImmediate(() => {
      const all: PublisherReport = { sending, acknowledged };
      [sending, acknowledged, reported] = [[], [], undefined];
      process.send?.(all, undefined, {}, (error) => (error ? reject(error) : resolve()));
    });
  });
  return reported;
}

async function publish(n: number): Promise<void> {
  const { record, isPoison } = messageOf(options.seed, n);
  const text = isPoison ? JSON.stringify({ ...record, [POISON_FIELD]: '41' }) : encodeRecord(record);
  const data = Buffer.from(text);
  for (let wait = RETRY_MS.first; ; wait = Math.min(2 * wait, RETRY_MS.max)) {
    sending.push(n);
    await report();
    try {
      await topic.publishMessage({ data });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && RETRIED.has(Number(error.code)))) throw error;
      await delay(wait);
    }
  }
  acknowledged.push(n);
  await report();
}

function* numbers(): Generator<number> {
  yield* options.again;
  for (let n = options.first; n < options.messages; n += options.step) yield n;
}

const underWay = new Set<Promise<void>>();
for (const n of numbers()) {
  while (n >= limit) await raised.promise;
  const one: Promise<void> = publish(n).finally(() => underWay.delete(one));
  underWay.add(one);
  if (underWay.size >= inFlight) await Promise.race(underWay);
}
await Promise.all(underWay);
await pubsub.close();
process.exit(0);
