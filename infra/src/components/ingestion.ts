import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { avroDefinition } from '@records/records-schema';
import type { Warehouse } from './warehouse.ts';

export interface IngestionArgs {
  /** Messages are stored in this region only. */
  readonly region: pulumi.Input<string>;
  readonly warehouse: Warehouse;
  /** IAM members that may publish. */
  readonly publishers: readonly string[];
  readonly labels: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

const DAY_SECONDS = 24 * 60 * 60;

/** Longer than a long weekend: how long a broken table may stay broken before messages are lost. */
const BACKLOG_RETENTION = `${7 * DAY_SECONDS}s`;

/** The longest Pub/Sub keeps a message: dead letters wait for a person. */
const DEAD_LETTER_RETENTION = `${31 * DAY_SECONDS}s`;

/** The fewest that Pub/Sub allows: a message that the table refuses is not better the hundredth time. */
const MAX_DELIVERY_ATTEMPTS = 5;

/** Without it a subscription that nobody uses is deleted after 31 days, and its messages with it. */
const NEVER_EXPIRES = { ttl: '' };

/** The topic with its schema, the subscription that writes into the table, and what the table refuses. */
export class Ingestion extends pulumi.ComponentResource {
  readonly schema: gcp.pubsub.Schema;
  readonly topic: gcp.pubsub.Topic;
  readonly deadLetterTopic: gcp.pubsub.Topic;
  readonly deadLetterSubscription: gcp.pubsub.Subscription;
  readonly subscription: gcp.pubsub.Subscription;

  constructor(name: string, args: IngestionArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Ingestion', name, {}, options);
    const { region, warehouse, publishers, labels } = args;
    const messageStoragePolicy = { allowedPersistenceRegions: [region] };

    this.schema = new gcp.pubsub.Schema(
      name,
      { name, type: 'AVRO', definition: avroDefinition },
      // A new column comes before the revision that has its field: the other way round, nothing could be written meanwhile.
      { parent: this, dependsOn: [warehouse.table] },
    );

    this.topic = new gcp.pubsub.Topic(
      name,
      {
        name,
        // A malformed message is refused at publish, so its publisher hears of it.
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

    // A topic keeps nothing for a subscription that does not exist: without this one, dead letters vanish.
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

    // Pub/Sub writes, and forwards dead letters, as its own account in this project.
    const serviceAgent = new gcp.projects.ServiceIdentity(
      `${name}-pubsub-agent`,
      { service: 'pubsub.googleapis.com' },
      { parent: this },
    );

    const tableGrant = new gcp.bigquery.IamMember(
      `${name}-table-writer`,
      {
        datasetId: warehouse.table.datasetId,
        tableId: warehouse.table.tableId,
        role: 'roles/bigquery.dataEditor',
        member: serviceAgent.member,
      },
      { parent: this },
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
        // No dropUnknownFields: a field that the table has no column for is a mistake to look at, not to lose.
        bigqueryConfig: { table: warehouse.tableName, useTopicSchema: true },
        deadLetterPolicy: {
          deadLetterTopic: this.deadLetterTopic.id,
          maxDeliveryAttempts: MAX_DELIVERY_ATTEMPTS,
        },
        messageRetentionDuration: BACKLOG_RETENTION,
        expirationPolicy: NEVER_EXPIRES,
        labels,
      },
      // Pub/Sub checks the grant on the table when the subscription is created.
      { parent: this, dependsOn: [tableGrant, deadLetterGrant] },
    );

    // Forwarding a dead letter acknowledges the original, which takes this role on the subscription.
    new gcp.pubsub.SubscriptionIAMMember(
      `${name}-dead-letter-forwarder`,
      { subscription: this.subscription.id, role: 'roles/pubsub.subscriber', member: serviceAgent.member },
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
