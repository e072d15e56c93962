import type { Topic } from '@google-cloud/pubsub';
import { isObject } from '@records/stack';
import type { Identity } from './identity.ts';

/** gRPC's INVALID_ARGUMENT. https://grpc.io/docs/guides/status-codes */
const INVALID_ARGUMENT = 3;

/** A refused request is sent again in eight parts: about as many requests as by halves, and a third of the bytes. */
const PARTS = 8;

type Answer = (index: number, outcome: 'accepted' | 'refused' | 'failed', error?: unknown) => void;

interface Batch {
  readonly topic: Topic;
  readonly messages: readonly Buffer[];
  /** Identifies the sender, when the client does not. */
  readonly identity?: Identity | undefined;
  /** How long to retry one request. */
  readonly retryMs: number;
}

/**
 * Sends messages as one request. Pub/Sub refuses the whole request when one message is malformed, so its parts are sent
 * again until the bad messages are alone. Calls `answer` once per message; resolves with whether a request failed for
 * another reason, and never rejects.
 */
export async function sendWhole(batch: Batch, answer: Answer): Promise<boolean> {
  const { messages } = batch;
  const results = await request(batch);
  const error = results.find(({ error }) => error !== undefined)?.error;
  const isRefused = isObject(error) && error.code === INVALID_ARGUMENT;
  if (!isRefused || messages.length === 1) {
    for (const [index, { error }] of results.entries()) {
      answer(index, error === undefined ? 'accepted' : isRefused ? 'refused' : 'failed', error);
    }
    return error !== undefined && !isRefused;
  }
  const size = Math.ceil(messages.length / PARTS);
  let failed = false;
  for (let first = 0; first < messages.length; first += size) {
    const part = { ...batch, messages: messages.slice(first, first + size) };
    failed = (await sendWhole(part, (index, ...rest) => answer(first + index, ...rest))) || failed;
  }
  return failed;
}

/** A new topic object has a queue of its own, so these messages and no others make up one request. */
async function request({ topic, messages, identity, retryMs }: Batch): Promise<{ error?: unknown }[]> {
  let headers: Awaited<ReturnType<Identity>> | undefined;
  try {
    headers = await identity?.();
  } catch (error) {
    return messages.map(() => ({ error }));
  }
  const own = topic.pubsub.topic(topic.name, {
    batching: { maxMessages: messages.length, maxMilliseconds: 10 },
    gaxOpts: {
      ...(headers && { otherArgs: { headers } }),
      retry: {
        backoffSettings: {
          initialRetryDelayMillis: 100,
          retryDelayMultiplier: 2,
          maxRetryDelayMillis: 5_000,
          initialRpcTimeoutMillis: retryMs,
          rpcTimeoutMultiplier: 1,
          maxRpcTimeoutMillis: retryMs,
          totalTimeoutMillis: retryMs,
        },
      },
    },
  });
  return Promise.all(
    messages.map((data) =>
      own.publishMessage({ data }).then(
        () => ({}),
        (error: unknown) => ({ error }),
      ),
    ),
  );
}
