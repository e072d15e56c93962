/**
 * Limits of Pub/Sub, with their units.
 * https://docs.cloud.google.com/pubsub/quotas#resource_limits
 * https://docs.cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1
 */

export const PUBLISH_MAX_MESSAGES = 1_000;
/** Bytes of one publish request: 10 MB, read as MiB as Google's client does. */
export const PUBLISH_MAX_BYTES = 10 * 1024 * 1024;
/** Attributes of one message. */
export const ATTRIBUTES_MAX = 100;
export const ATTRIBUTE_KEY_MAX_BYTES = 256;
export const ATTRIBUTE_VALUE_MAX_BYTES = 1_024;
export const ORDERING_KEY_MAX_BYTES = 1_024;

/** Ack deadline in seconds. Google's emulator accepts less than the documented minimum; this one does not. */
export const ACK_DEADLINE_SECONDS = { min: 10, max: 600, default: 10 } as const;
/** Bytes of the ack ids in one Acknowledge or ModifyAckDeadline request: Google limits the request to 512 KiB. */
export const ACK_IDS_MAX_BYTES = 512 * 1024;

/** Seconds for which a subscription keeps unacknowledged messages. */
export const SUBSCRIPTION_RETENTION_SECONDS = {
  min: 10 * 60,
  max: 31 * 24 * 3600,
  default: 7 * 24 * 3600,
} as const;
/** Seconds for which a topic keeps every message. */
export const TOPIC_RETENTION_SECONDS = { min: 10 * 60, max: 31 * 24 * 3600 } as const;
/** Seconds of inactivity after which Google deletes a subscription. Stored here without effect. */
export const EXPIRATION_TTL_SECONDS = { min: 24 * 3600, default: 31 * 24 * 3600 } as const;

/** Seconds for which a snapshot is kept, counted from its oldest message. */
export const SNAPSHOT_SECONDS = { min: 3600, max: 7 * 24 * 3600 } as const;

export const MAX_DELIVERY_ATTEMPTS = { min: 5, max: 100, default: 5 } as const;
/** Backoff of a retry policy in seconds. */
export const RETRY_BACKOFF_SECONDS = { min: 0, max: 600, defaultMinimum: 10, defaultMaximum: 600 } as const;

/** Bytes of a filter. https://docs.cloud.google.com/pubsub/docs/subscription-message-filter */
export const FILTER_MAX_BYTES = 256;

/** Bytes of a schema's definition. */
export const SCHEMA_DEFINITION_MAX_BYTES = 300_000;
/** Revisions of one schema. https://docs.cloud.google.com/pubsub/docs/commit-schema-revision */
export const SCHEMA_REVISIONS_MAX = 20;

/** Resources on one page of a list. */
export const PAGE_SIZE = { max: 1_000, default: 100 } as const;

/** Messages and bytes in one response of Pull or StreamingPull. */
export const RESPONSE_MAX_MESSAGES = 1_000;
export const RESPONSE_MAX_BYTES = 1024 * 1024;
/** Outstanding messages and bytes of a stream whose client sets no flow control. https://docs.cloud.google.com/pubsub/quotas */
export const STREAM_DEFAULT_MAX_MESSAGES = 10_000;
export const STREAM_DEFAULT_MAX_BYTES = 100 * 1024 * 1024;
/** Milliseconds that Pull waits for a first message. Google documents only that the wait is bounded. */
export const PULL_WAIT_MS = 5_000;
