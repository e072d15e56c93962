import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { avroDefinition } from '@records/records-schema';
import type { StackConfig } from '../config.ts';
import type { Patience } from '../patience.ts';
import type { Warehouse } from './warehouse.ts';

export interface IngestionArgs extends Pick<StackConfig, 'region' | 'publishers' | 'labels'> {
  readonly warehouse: Warehouse;
  readonly patience: Patience;
}

const DAY_SECONDS = 24 * 60 * 60;

/** Messages are lost when the table stays broken for longer. A week covers a long weekend. */
const BACKLOG_RETENTION = `${7 * DAY_SECONDS}s`;

/** Pub/Sub's maximum, because dead letters wait for a person. */
const DEAD_LETTER_RETENTION = `${31 * DAY_SECONDS}s`;

/** Pub/Sub's minimum: the table refuses a message the hundredth time as well. */
const MAX_DELIVERY_ATTEMPTS = 5;

/** By default Pub/Sub deletes an unused subscription, and its messages, after 31 days. */
export const NEVER_EXPIRES = { ttl: '' };

/** The topic with its schema, the subscription that writes into the table, and the dead-letter queue. */
export class Ingestion extends pulumi.ComponentResource {
  readonly schema: gcp.pubsub.Schema;
  readonly topic: gcp.pubsub.Topic;
  readonly deadLetterTopic: gcp.pubsub.Topic;
  readonly deadLetterSubscription: gcp.pubsub.Subscription;
  readonly subscription: gcp.pubsub.Subscription;
  /** Pub/Sub's own account in this project. */
  readonly serviceAgent: gcp.projects.ServiceIdentity;
  readonly projectNumber: pulumi.Output<string>;

  constructor(name: string, args: IngestionArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Ingestion', name, {}, options);
    const { region, warehouse, publishers, labels, patience } = args;
    const messageStoragePolicy = { allowedPersistenceRegions: [region] };

    this.schema = new gcp.pubsub.Schema(
      name,
      { name, type: 'AVRO', definition: avroDefinition },
      // A new column must exist before messages can have its field. In the other order, every write would fail meanwhile.
      { parent: this, dependsOn: [warehouse.table, ...(warehouse.probes ? [warehouse.probes] : [])] },
    );

    this.topic = new gcp.pubsub.Topic(
      name,
      {
        name,
        // Pub/Sub refuses a malformed message at publish, so the publisher gets the error.
        schemaSettings: { schema: this.schema.id, encoding: 'JSON' },
        messageRetentionDuration: BACKLOG_RETENTION,
        messageStoragePolicy,
        labels,
      },
      { parent: this },
    );

    this.deadLetterTopic = new gcp.pubsub.Topic(
      `${name}-dead-letters`,
      { name: `${name}-dead-letters`, messageStoragePolicy, labels },
      { parent: this },
    );

    // A topic without a subscription keeps nothing: dead letters would be lost.
    this.deadLetterSubscription = new gcp.pubsub.Subscription(
      `${name}-dead-letters`,
      {
        name: `${name}-dead-letters`,
        topic: this.deadLetterTopic.id,
        ackDeadlineSeconds: 60,
        messageRetentionDuration: DEAD_LETTER_RETENTION,
        expirationPolicy: NEVER_EXPIRES,
        labels,
      },
      { parent: this },
    );

    // Pub/Sub's own account in this project writes rows and forwards dead letters.
    const serviceAgent = new gcp.projects.ServiceIdentity(
      `${name}-pubsub-agent`,
      { service: 'pubsub.googleapis.com' },
      { parent: this },
    );
    this.serviceAgent = serviceAgent;
    this.projectNumber = serviceAgent.email.apply(numberIn);

    const tableGrant = warehouse.grant(
      `${name}-table-writer`,
      'roles/bigquery.dataEditor',
      serviceAgent.member,
      { parent: this, hooks: patience.grant },
    );

    const deadLetterGrant = new gcp.pubsub.TopicIAMMember(
      `${name}-dead-letter-publisher`,
      { topic: this.deadLetterTopic.id, role: 'roles/pubsub.publisher', member: serviceAgent.member },
      { parent: this },
    );

    this.subscription = new gcp.pubsub.Subscription(
      `${name}-to-bigquery`,
      {
        name: `${name}-to-bigquery`,
        topic: this.topic.id,
        // No dropUnknownFields: a field without a column is a mistake, and becomes a dead letter.
        bigqueryConfig: { table: warehouse.tableName, useTopicSchema: true },
        deadLetterPolicy: {
          deadLetterTopic: this.deadLetterTopic.id,
          maxDeliveryAttempts: MAX_DELIVERY_ATTEMPTS,
        },
        messageRetentionDuration: BACKLOG_RETENTION,
        expirationPolicy: NEVER_EXPIRES,
        labels,
      },
      // Pub/Sub checks the grant on the table when it creates the subscription.
      { parent: this, dependsOn: [tableGrant, deadLetterGrant], hooks: patience.needsGrant },
    );

    // Pub/Sub acknowledges a dead letter's original, which needs this role.
    new gcp.pubsub.SubscriptionIAMMember(
      `${name}-dead-letter-forwarder`,
      {
        subscription: this.subscription.id,
        role: 'roles/pubsub.subscriber',
        member: serviceAgent.member,
      },
      { parent: this },
    );

    for (const member of publishers) {
      new gcp.pubsub.TopicIAMMember(
        `${name}-publisher-${member}`,
        { topic: this.topic.id, role: 'roles/pubsub.publisher', member },
        { parent: this },
      );
    }

    this.registerOutputs({ topic: this.topic.id, subscription: this.subscription.id });
  }
}

/** The project's number, from the e-mail of its service agent. https://docs.cloud.google.com/iam/docs/service-agents */
function numberIn(email: string): string {
  const [, number] = /^service-(\d+)@/.exec(email) ?? [];
  if (!number) throw new pulumi.RunError(`${email} is not service-NUMBER@…, the e-mail of a service agent`);
  return number;
}
