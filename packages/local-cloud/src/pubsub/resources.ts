/**
 * Pub/Sub's messages with proto3 JSON names, full resource names, enums as names, and durations and timestamps as
 * `{seconds, nanos}`. Absent, null and a default value mean the same.
 * https://docs.cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1
 */

export interface Duration {
  readonly seconds?: number | string | null;
  readonly nanos?: number | null;
}
export type Timestamp = Duration;

export type Encoding = 'ENCODING_UNSPECIFIED' | 'JSON' | 'BINARY';
type Optional<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

export type SchemaSettings = Optional<{
  schema: string;
  encoding: Encoding;
  firstRevisionId: string;
  lastRevisionId: string;
}>;

export type MessageStoragePolicy = Optional<{
  allowedPersistenceRegions: readonly string[];
  enforceInTransit: boolean;
}>;

export type Topic = Optional<{
  name: string;
  labels: Readonly<Record<string, string>>;
  messageStoragePolicy: MessageStoragePolicy;
  schemaSettings: SchemaSettings;
  messageRetentionDuration: Duration;
  state: string;
}>;

export type BigQueryConfig = Optional<{
  /** `project.dataset.table` */
  table: string;
  useTopicSchema: boolean;
  useTableSchema: boolean;
  writeMetadata: boolean;
  dropUnknownFields: boolean;
  serviceAccountEmail: string;
  /** Output only: ACTIVE, PERMISSION_DENIED, NOT_FOUND, SCHEMA_MISMATCH or IN_TRANSIT_LOCATION_RESTRICTION. */
  state: string;
}>;

export type PushConfig = Optional<{
  pushEndpoint: string;
  attributes: Readonly<Record<string, string>>;
  noWrapper: object;
}>;

export type DeadLetterPolicy = Optional<{ deadLetterTopic: string; maxDeliveryAttempts: number }>;
export type RetryPolicy = Optional<{ minimumBackoff: Duration; maximumBackoff: Duration }>;
/** Without a `ttl`, the subscription never expires. */
export type ExpirationPolicy = Optional<{ ttl: Duration }>;

export type Subscription = Optional<{
  name: string;
  topic: string;
  bigqueryConfig: BigQueryConfig;
  pushConfig: PushConfig;
  ackDeadlineSeconds: number;
  retainAckedMessages: boolean;
  messageRetentionDuration: Duration;
  labels: Readonly<Record<string, string>>;
  enableMessageOrdering: boolean;
  expirationPolicy: ExpirationPolicy;
  filter: string;
  deadLetterPolicy: DeadLetterPolicy;
  retryPolicy: RetryPolicy;
  enableExactlyOnceDelivery: boolean;
  detached: boolean;
  topicMessageRetentionDuration: Duration;
  state: string;
}>;

export type Snapshot = Optional<{
  name: string;
  topic: string;
  expireTime: Timestamp;
  labels: Readonly<Record<string, string>>;
}>;

export type Schema = Optional<{
  name: string;
  type: string;
  definition: string;
  revisionId: string;
  revisionCreateTime: Timestamp;
}>;

export type PubsubMessage = Optional<{
  data: Uint8Array;
  attributes: Readonly<Record<string, string>>;
  orderingKey: string;
  /** Set by Pub/Sub. */
  messageId: string;
  publishTime: Timestamp;
}>;

export interface ReceivedMessage {
  readonly ackId: string;
  readonly message: PubsubMessage;
  /** Counted from 1; 0 when the subscription has no dead-letter policy. */
  readonly deliveryAttempt: number;
}

export type FieldMask = Optional<{ paths: readonly string[] }>;

/** Google's placeholders for a deleted topic or schema that is still referred to. */
export const DELETED_TOPIC = '_deleted-topic_';
export const DELETED_SCHEMA = '_deleted-schema_';

export function secondsOf(duration: Duration): number {
  return Number(duration.seconds ?? 0) + (duration.nanos ?? 0) / 1e9;
}

export function durationOf(seconds: number): Duration {
  const whole = Math.floor(seconds);
  return { seconds: whole, nanos: Math.round((seconds - whole) * 1e9) };
}

export function millisOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds ?? 0) * 1e3 + Math.floor((timestamp.nanos ?? 0) / 1e6);
}

export function timestampOf(millis: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(millis / 1e3);
  return { seconds, nanos: (millis - seconds * 1e3) * 1e6 };
}
