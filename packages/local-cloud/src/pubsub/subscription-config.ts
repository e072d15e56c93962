import { parseTable, tableName } from '../bigquery-subscription/table-name.ts';
import { CloudError } from '../errors.ts';
import { checkFields, checkLabels, isSet, secondsIn } from './fields.ts';
import { parseFilter } from './filter.ts';
import {
  ACK_DEADLINE_SECONDS,
  EXPIRATION_TTL_SECONDS,
  MAX_DELIVERY_ATTEMPTS,
  SUBSCRIPTION_RETENTION_SECONDS,
} from './limits.ts';
import { checkName } from './names.ts';
import { checkPushConfig, type StoredPushConfig } from './push-config.ts';
import {
  type BigQueryConfig,
  type DeadLetterPolicy,
  type Duration,
  durationOf,
  type ExpirationPolicy,
  type RetryPolicy,
  type Subscription,
} from './resources.ts';
import { checkRetryPolicy } from './retry-policy.ts';
import { maskOf } from './update-mask.ts';

/** A checked subscription with Google's defaults, as it is stored. */
export interface SubscriptionConfig {
  readonly name: string;
  readonly topic: string;
  readonly bigqueryConfig?: StoredBigQueryConfig | undefined;
  readonly pushConfig?: StoredPushConfig | undefined;
  readonly ackDeadlineSeconds: number;
  readonly retainAckedMessages: boolean;
  readonly messageRetentionDuration: Duration;
  readonly labels?: Record<string, string> | undefined;
  readonly enableMessageOrdering: boolean;
  /** Absent in the data of earlier versions. */
  readonly enableExactlyOnceDelivery?: boolean;
  readonly expirationPolicy: ExpirationPolicy;
  readonly filter: string;
  readonly deadLetterPolicy?: { deadLetterTopic: string; maxDeliveryAttempts: number } | undefined;
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly detached?: boolean;
}

export interface StoredBigQueryConfig {
  readonly table: string;
  readonly useTopicSchema: boolean;
  readonly useTableSchema: boolean;
  readonly writeMetadata: boolean;
  readonly dropUnknownFields: boolean;
  readonly serviceAccountEmail?: string | undefined;
}

const FIELDS = {
  message: 'Subscription',
  supported: [
    'name',
    'topic',
    'bigqueryConfig',
    'pushConfig',
    'enableExactlyOnceDelivery',
    'ackDeadlineSeconds',
    'retainAckedMessages',
    'messageRetentionDuration',
    'labels',
    'enableMessageOrdering',
    'expirationPolicy',
    'filter',
    'deadLetterPolicy',
    'retryPolicy',
  ],
  outputOnly: ['detached', 'topicMessageRetentionDuration', 'state', 'analyticsHubSubscriptionInfo'],
  notEmulated: {
    cloudStorageConfig: 'Cloud Storage is not emulated',
    bigtableConfig: 'Bigtable is not emulated',
    messageTransforms: 'message transforms (SMTs) are not run',
    tags: 'Resource Manager is not emulated',
  },
};

/** The listed fields cannot change after creation. https://docs.cloud.google.com/pubsub/docs/subscription-properties */
export const SUBSCRIPTION_MASK = maskOf(FIELDS, ['name', 'topic', 'filter', 'enableMessageOrdering']);

/** Makes the checks that need no other resource. Throws INVALID_ARGUMENT, OUT_OF_RANGE, UNIMPLEMENTED. */
export function checkSubscription(subscription: Subscription, topic: string): SubscriptionConfig {
  checkFields(subscription, FIELDS);
  const { ackDeadlineSeconds, retainAckedMessages, enableMessageOrdering, filter } = subscription;
  const destinations = checkDestinations(subscription);
  if (filter) parseFilter(filter);
  const retention = secondsIn(
    'message_retention_duration',
    subscription.messageRetentionDuration,
    SUBSCRIPTION_RETENTION_SECONDS,
  );
  return {
    name: checkName('subscriptions', subscription.name),
    topic,
    ...destinations,
    ackDeadlineSeconds: checkAckDeadline(ackDeadlineSeconds ?? 0) || ACK_DEADLINE_SECONDS.default,
    retainAckedMessages: retainAckedMessages ?? false,
    messageRetentionDuration: durationOf(retention ?? SUBSCRIPTION_RETENTION_SECONDS.default),
    labels: checkLabels(subscription.labels),
    enableMessageOrdering: enableMessageOrdering ?? false,
    enableExactlyOnceDelivery: subscription.enableExactlyOnceDelivery ?? false,
    expirationPolicy: checkExpiration(subscription.expirationPolicy),
    filter: filter ?? '',
    deadLetterPolicy: checkDeadLetterPolicy(subscription.deadLetterPolicy),
    retryPolicy: checkRetryPolicy(subscription.retryPolicy),
  };
}

/** At most one destination; exactly-once delivery is for pull. https://docs.cloud.google.com/pubsub/docs/exactly-once-delivery */
function checkDestinations({ bigqueryConfig, pushConfig, enableExactlyOnceDelivery }: Subscription) {
  const checked = {
    bigqueryConfig: checkBigQueryConfig(bigqueryConfig),
    pushConfig: checkPushConfig(pushConfig),
  };
  if (checked.bigqueryConfig && checked.pushConfig) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'Invalid subscription: bigquery_config and push_config exclude each other.',
    );
  }
  if (enableExactlyOnceDelivery && (checked.bigqueryConfig || checked.pushConfig)) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'Invalid subscription: only a pull subscription can have exactly-once delivery.',
      { hint: 'leave enable_exactly_once_delivery out, or the push and BigQuery configurations' },
    );
  }
  return checked;
}

/** Checks an ack deadline in seconds; 0 stands for the default. */
export function checkAckDeadline(seconds: number): number {
  const { min, max } = ACK_DEADLINE_SECONDS;
  if (seconds !== 0 && !(seconds >= min && seconds <= max)) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `Invalid ack deadline given: ${seconds}. It must be between ${min} and ${max} seconds.`,
    );
  }
  return seconds;
}

/** Stored without effect: subscriptions do not expire here. */
function checkExpiration(policy: ExpirationPolicy | null | undefined): ExpirationPolicy {
  if (!policy) return { ttl: durationOf(EXPIRATION_TTL_SECONDS.default) };
  const ttl = isSet(policy.ttl)
    ? secondsIn('expiration_policy.ttl', policy.ttl, EXPIRATION_TTL_SECONDS)
    : undefined;
  return ttl === undefined ? {} : { ttl: durationOf(ttl) };
}

function checkDeadLetterPolicy(policy: DeadLetterPolicy | null | undefined) {
  if (!policy || !isSet(policy)) return undefined;
  const attempts = policy.maxDeliveryAttempts || MAX_DELIVERY_ATTEMPTS.default;
  const { min, max } = MAX_DELIVERY_ATTEMPTS;
  if (attempts < min || attempts > max) {
    const [size, bound, value] = attempts < min ? ['small', 'minimum', min] : ['large', 'maximum', max];
    throw new CloudError(
      'OUT_OF_RANGE',
      `The value for max_delivery_attempts is too ${size}. You passed ${attempts} in the request, but the ${bound} value is ${value}.`,
    );
  }
  return { deadLetterTopic: checkName('topics', policy.deadLetterTopic), maxDeliveryAttempts: attempts };
}

function checkBigQueryConfig(config: BigQueryConfig | null | undefined): StoredBigQueryConfig | undefined {
  if (!config || !isSet(config)) return undefined;
  checkFields(config, {
    message: 'BigQueryConfig',
    supported: [
      'table',
      'useTopicSchema',
      'useTableSchema',
      'writeMetadata',
      'dropUnknownFields',
      'serviceAccountEmail',
    ],
    outputOnly: ['state'],
  });
  const { table, useTopicSchema, useTableSchema, writeMetadata, dropUnknownFields, serviceAccountEmail } =
    config;
  if (useTopicSchema && useTableSchema) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      'Invalid bigquery_config: use_topic_schema and use_table_schema cannot be enabled at the same time.',
    );
  }
  return {
    table: tableName(parseTable(table ?? '')),
    useTopicSchema: useTopicSchema ?? false,
    useTableSchema: useTableSchema ?? false,
    writeMetadata: writeMetadata ?? false,
    dropUnknownFields: dropUnknownFields ?? false,
    ...(serviceAccountEmail && { serviceAccountEmail }),
  };
}
