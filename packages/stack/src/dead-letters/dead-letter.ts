import { TRACE_ATTRIBUTE, traceOfMessage } from '@records/telemetry';
import { isObject } from '../is-object.ts';

/** The attributes that Pub/Sub gives a dead letter. https://docs.cloud.google.com/pubsub/docs/handling-failures */
const SOURCE = 'CloudPubSubDeadLetterSource';

/** Counts the replays of a message. Pub/Sub keeps it when the message fails again. */
const REPLAYS = 'deadLetterReplays';

/** The run that replayed the message last. The same run does not replay it again. */
const REPLAY_RUN = 'deadLetterReplayRun';

/** Replays of one message, after which another one is not worth trying. */
export const MAX_REPLAYS = 3;

/** A message of the dead-letter subscription. */
export interface DeadLetter {
  /** The id of the dead letter, not of the failed message. */
  readonly id: string;
  /** The id of the record; undefined when the message names none. */
  readonly record: string | undefined;
  /** When it became a dead letter, RFC 3339. */
  readonly since: string;
  /** Why the last delivery failed; undefined when Pub/Sub gave no reason. */
  readonly reason: string | undefined;
  /** The subscription that could not deliver it, as `project/subscription`. */
  readonly source: string | undefined;
  /** Failed deliveries. */
  readonly attempts: number | undefined;
  /** When the original was published, RFC 3339. */
  readonly published: string | undefined;
  readonly replays: number;
  /** The publisher's trace, 32 hexadecimal digits. */
  readonly trace: string | undefined;
  /** The run that replayed it last. */
  readonly replayRun: string | undefined;
  readonly data: Buffer;
  readonly orderingKey: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface PulledMessage {
  readonly messageId?: string | null;
  readonly data?: Uint8Array | string | null;
  readonly attributes?: { readonly [key: string]: string } | null;
  readonly orderingKey?: string | null;
  readonly publishTime?: { seconds?: unknown; nanos?: number | null } | null;
}

export function deadLetterOf(message: PulledMessage): DeadLetter {
  const attributes = message.attributes ?? {};
  const project = attributes[`${SOURCE}SubscriptionProject`];
  const subscription = attributes[`${SOURCE}Subscription`];
  const attempts = attributes[`${SOURCE}DeliveryCount`];
  const data = Buffer.from(message.data ?? '');
  return {
    id: message.messageId ?? '',
    record: recordIdOf(data),
    since: new Date(
      Number(message.publishTime?.seconds ?? 0) * 1e3 + (message.publishTime?.nanos ?? 0) / 1e6,
    ).toISOString(),
    reason: attributes[`${SOURCE}DeliveryErrorMessage`],
    source: subscription === undefined ? undefined : `${project ?? '?'}/${subscription}`,
    attempts: attempts === undefined ? undefined : Number(attempts),
    published: attributes[`${SOURCE}TopicPublishTime`],
    replays: replaysOf(attributes),
    trace: traceOfMessage(attributes)?.traceId,
    replayRun: attributes[REPLAY_RUN],
    data,
    orderingKey: message.orderingKey ?? '',
    attributes,
  };
}

/** The publisher's message in its trace, with one more replay. Pub/Sub's own attributes cannot be published. */
export function replayOf({ data, orderingKey, attributes, replays }: DeadLetter, run: string) {
  const own = Object.entries(attributes).filter(
    ([name]) => name === TRACE_ATTRIBUTE || (!name.startsWith(SOURCE) && !name.startsWith('goog')),
  );
  return {
    data,
    attributes: { ...Object.fromEntries(own), [REPLAYS]: String(replays + 1), [REPLAY_RUN]: run },
    ...(orderingKey !== '' && { orderingKey }),
  };
}

function recordIdOf(data: Buffer): string | undefined {
  try {
    const message: unknown = JSON.parse(data.toString());
    const id = isObject(message) ? message.id : undefined;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined; // The message is not JSON, which may be why the table refused it.
  }
}

function replaysOf(attributes: Readonly<Record<string, string>>): number {
  const text = attributes[REPLAYS] ?? '0';
  // A publisher can write anything here. Text that is not a number counts as fully replayed.
  return /^\d{1,6}$/.test(text) ? Number(text) : MAX_REPLAYS;
}
