import { Type } from '@sinclair/typebox';
import { pubsubServiceAgent } from '../../iam.ts';
import { applied, type Declared, type PermissionNeed, type Reference } from '../resource-type.ts';
import { tableName } from './bigquery-table.ts';
import {
  DeletionPolicy,
  DurationText,
  duration,
  fullName,
  Labels,
  labelOutputs,
  withProject,
} from './common.ts';
import { auditDeadLetters } from './dead-letter-audit.ts';
import { topicName } from './pubsub-topic.ts';

const closed = { additionalProperties: false };

const Inputs = Type.Object(
  {
    name: Type.Optional(Type.String()),
    project: Type.Optional(Type.String()),
    topic: Type.String(),
    labels: Type.Optional(Labels),
    ackDeadlineSeconds: Type.Optional(Type.Integer()),
    messageRetentionDuration: Type.Optional(DurationText),
    retainAckedMessages: Type.Optional(Type.Boolean()),
    enableMessageOrdering: Type.Optional(Type.Boolean()),
    enableExactlyOnceDelivery: Type.Optional(Type.Boolean()),
    filter: Type.Optional(Type.String()),
    expirationPolicy: Type.Optional(
      Type.Object({ ttl: Type.Union([Type.Literal(''), DurationText]) }, closed),
    ),
    retryPolicy: Type.Optional(
      Type.Object(
        { minimumBackoff: Type.Optional(DurationText), maximumBackoff: Type.Optional(DurationText) },
        closed,
      ),
    ),
    deadLetterPolicy: Type.Optional(
      Type.Object(
        { deadLetterTopic: Type.Optional(Type.String()), maxDeliveryAttempts: Type.Optional(Type.Integer()) },
        closed,
      ),
    ),
    bigqueryConfig: Type.Optional(
      Type.Object(
        {
          table: Type.String({
            pattern: '^[^.:]+[.:][^.]+\\.[^.]+$',
            description: 'a table as "PROJECT.DATASET.TABLE"',
          }),
          useTopicSchema: Type.Optional(Type.Boolean()),
          useTableSchema: Type.Optional(Type.Boolean()),
          writeMetadata: Type.Optional(Type.Boolean()),
          dropUnknownFields: Type.Optional(Type.Boolean()),
          serviceAccountEmail: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  closed,
);
type Inputs = typeof Inputs.static;

export const subscriptionName = (project: string, name: string) => fullName('subscriptions', name, project);

export const subscription = applied({
  effect: 'a subscription of the local Pub/Sub; with bigqueryConfig it writes into the local BigQuery',
  inputs: Inputs,
  notEmulated: {
    tags: 'no policy looks at tags',
  },
  refused: {
    pushConfig: 'push subscriptions are not emulated, and nothing would be delivered',
    cloudStorageConfig: 'Cloud Storage subscriptions are not emulated, and nothing would be written',
    messageTransforms:
      'single message transforms are not emulated, and without them subscribers get other messages',
  },
  autoname: 'name',
  holds: 'the messages that it has not delivered',
  defaults: (declared) => ({
    ...withProject(declared),
    topic: topicName(declared.inputs.project ?? declared.context.project, declared.inputs.topic),
  }),
  resourceName: nameOf,
  outputs: (declared) => ({ id: nameOf(declared), ...labelOutputs(declared.inputs.labels) }),
  references(declared) {
    const { inputs } = declared;
    const references: Reference[] = [{ property: 'topic', resource: inputs.topic }];
    const deadLetterTopic = deadLetterTopicOf(declared);
    if (deadLetterTopic) {
      references.push({ property: 'deadLetterPolicy.deadLetterTopic', resource: deadLetterTopic });
    }
    if (inputs.bigqueryConfig) {
      references.push({
        property: 'bigqueryConfig.table',
        resource: tableResource(inputs.bigqueryConfig.table),
      });
    }
    return references;
  },
  needs({ inputs, context }) {
    if (!inputs.bigqueryConfig) return [];
    const { table, serviceAccountEmail } = inputs.bigqueryConfig;
    // Checked when the subscription is created. https://docs.cloud.google.com/pubsub/docs/create-bigquery-subscription
    const need: PermissionNeed = {
      property: 'bigqueryConfig.table',
      member: serviceAccountEmail
        ? `serviceAccount:${serviceAccountEmail}`
        : pubsubServiceAgent(context.projectNumber),
      permissions: ['bigquery.tables.get', 'bigquery.tables.updateData'],
      resource: tableResource(table),
      role: 'roles/bigquery.dataEditor',
    };
    return [need];
  },
  audit(declared, resources) {
    const deadLetterTopic = deadLetterTopicOf(declared);
    if (!deadLetterTopic) return [];
    const agent = pubsubServiceAgent(declared.context.projectNumber);
    return auditDeadLetters({ subscription: nameOf(declared), deadLetterTopic, agent }, resources);
  },
  async create(resource) {
    await resource.cloud.pubsub.createSubscription(subscriptionOf(resource));
    return undefined;
  },
  async update(resource) {
    const paths = [...resource.changed].filter((name) => name !== 'deletionPolicy');
    if (paths.length > 0) {
      const subscription = subscriptionOf(resource);
      await resource.cloud.pubsub.updateSubscription({ subscription, updateMask: { paths } });
    }
    return undefined;
  },
  async delete(resource) {
    await resource.cloud.pubsub.deleteSubscription({ subscription: nameOf(resource) });
  },
});

function deadLetterTopicOf({ inputs, context }: Declared<Inputs>): string | undefined {
  const name = inputs.deadLetterPolicy?.deadLetterTopic;
  return name ? topicName(inputs.project ?? context.project, name) : undefined;
}

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return subscriptionName(inputs.project ?? context.project, inputs.name ?? '');
}

function tableResource(table: string): string {
  const [project = '', dataset = '', tableId = ''] = table.split(/[.:]/);
  return tableName(project, dataset, tableId);
}

function subscriptionOf(declared: Declared<Inputs>) {
  const { inputs } = declared;
  const { retryPolicy, expirationPolicy, deadLetterPolicy, bigqueryConfig, messageRetentionDuration } =
    inputs;
  return {
    name: nameOf(declared),
    topic: inputs.topic,
    labels: inputs.labels ?? {},
    ackDeadlineSeconds: inputs.ackDeadlineSeconds ?? null,
    messageRetentionDuration: messageRetentionDuration ? duration(messageRetentionDuration) : null,
    retainAckedMessages: inputs.retainAckedMessages ?? false,
    enableMessageOrdering: inputs.enableMessageOrdering ?? false,
    enableExactlyOnceDelivery: inputs.enableExactlyOnceDelivery ?? false,
    filter: inputs.filter ?? '',
    expirationPolicy: expirationPolicy
      ? expirationPolicy.ttl
        ? { ttl: duration(expirationPolicy.ttl) }
        : {}
      : null,
    retryPolicy: retryPolicy
      ? {
          minimumBackoff: retryPolicy.minimumBackoff ? duration(retryPolicy.minimumBackoff) : null,
          maximumBackoff: retryPolicy.maximumBackoff ? duration(retryPolicy.maximumBackoff) : null,
        }
      : null,
    deadLetterPolicy: deadLetterPolicy
      ? { ...deadLetterPolicy, deadLetterTopic: deadLetterTopicOf(declared) ?? null }
      : null,
    bigqueryConfig: bigqueryConfig
      ? { ...bigqueryConfig, table: bigqueryConfig.table.replace(':', '.') }
      : null,
  };
}
