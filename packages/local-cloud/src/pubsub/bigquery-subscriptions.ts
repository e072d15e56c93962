import { BigQueryDelivery } from '../bigquery-subscription/delivery.ts';
import {
  Destination,
  DestinationError,
  type DestinationTopic,
  refusalOf,
} from '../bigquery-subscription/destination.ts';
import { rowOf } from '../bigquery-subscription/rows.ts';
import type { Chaos } from '../chaos.ts';
import type { Clock } from '../clock.ts';
import type { Iam } from '../iam.ts';
import type { Warehouse } from '../warehouse.ts';
import { projectIdOf } from './names.ts';
import { reasonOf } from './reason.ts';
import { backoffOf, PUSH_BACKOFF } from './retry-policy.ts';
import type { Schemas } from './schemas.ts';
import type { SubscriptionState, TopicState } from './state.ts';
import type { MessageTable } from './store/message-table.ts';
import type { StoredBigQueryConfig, SubscriptionConfig } from './subscription-config.ts';

interface BigQuerySubscriptionsOptions {
  readonly clock: Clock;
  readonly chaos: Chaos;
  readonly iam: Iam;
  readonly warehouse: Warehouse;
  readonly schemas: Schemas;
  readonly messages: MessageTable;
  projectNumber(projectId: string): string;
  warn(message: string): void;
}

/** Checks and starts BigQuery subscriptions. */
export class BigQuerySubscriptions {
  readonly #options: BigQuerySubscriptionsOptions;

  constructor(options: BigQuerySubscriptionsOptions) {
    this.#options = options;
  }

  /** Throws the error that Google answers when the subscription cannot write to its table. */
  async check(config: SubscriptionConfig, topic: TopicState): Promise<void> {
    const { bigqueryConfig } = config;
    if (!bigqueryConfig) return;
    try {
      await this.#destination(config.name, bigqueryConfig).check(this.#topicOf(topic));
    } catch (error) {
      throw error instanceof DestinationError ? refusalOf(error) : error;
    }
  }

  start(subscription: SubscriptionState, config: StoredBigQueryConfig): BigQueryDelivery {
    const { clock, chaos, warehouse, schemas, messages, warn } = this.#options;
    const { name, retryPolicy, deadLetterPolicy } = subscription.config;
    const destination = this.#destination(name, config);
    return new BigQueryDelivery({
      clock,
      chaos,
      warehouse,
      destination,
      queue: subscription.queue,
      backoff: backoffOf(retryPolicy, PUSH_BACKOFF),
      hasDeadLetterTopic: deadLetterPolicy !== undefined,
      columns: () => destination.check(this.#topicOf(subscription.topic)),
      rowOf: (delivery, columns) =>
        rowOf(delivery, {
          config,
          columns,
          subscription: name,
          attributesOf: ({ message }) => messages.attributesOf(message),
          revision: (schema, revisionId) => schemas.revision(schema, revisionId),
        }),
      stateChanged: (error) =>
        warn(
          error
            ? `${name} is in state ${error.state}: ${error.message}${error.hint ? ` To fix it: ${error.hint}.` : ''} Its messages stay in the backlog.`
            : `${name} is ACTIVE again.`,
        ),
      failed: (reason) => warn(`${name} cannot write to ${config.table}: ${reason}`),
    });
  }

  #destination(subscription: string, config: StoredBigQueryConfig): Destination {
    const { iam, warehouse, projectNumber } = this.#options;
    return new Destination(config, {
      iam,
      warehouse,
      projectNumber: projectNumber(projectIdOf(subscription)),
    });
  }

  #topicOf(topic: TopicState): DestinationTopic {
    return {
      storagePolicy: topic.config.messageStoragePolicy,
      schemas: () => this.#topicSchemas(topic),
    };
  }

  #topicSchemas({ config: { name, schemaSettings } }: TopicState) {
    if (!schemaSettings) {
      throw new DestinationError(
        'SCHEMA_MISMATCH',
        `use_topic_schema is set, but the topic ${name} has no schema.`,
      );
    }
    try {
      return this.#options.schemas.accepted(schemaSettings).map(({ avro }) => avro.type);
    } catch (error) {
      throw new DestinationError('SCHEMA_MISMATCH', reasonOf(error));
    }
  }
}
