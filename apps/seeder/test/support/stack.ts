import type { BigQuery as BigQueryClient } from '@google-cloud/bigquery';
import type { PubSub as PubSubClient } from '@google-cloud/pubsub';
import { BigQuery, BigQueryServer, Iam, PubSub, PubSubServer, systemClock } from '@records/local-cloud';
import { avroDefinition, bigQueryColumns } from '@records/records-schema';
import type { Target } from '@records/stack';
import { bigqueryClient, pubsubClient } from '@records/stack/clients';

const PROJECT = 'records-test';
const PROJECT_NUMBER = '123456789012';
const LOCATION = 'southamerica-west1';
const TOPIC = `projects/${PROJECT}/topics/records`;
const DEAD_LETTERS = `projects/${PROJECT}/topics/records-dead-letter`;
const SUBSCRIPTION = `projects/${PROJECT}/subscriptions/records-bigquery`;
const SERVICE_AGENT = `serviceAccount:service-${PROJECT_NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`;

export interface TestStack {
  readonly target: Target;
  /** The content of `.local/stack.json`. */
  readonly description: object;
  readonly pubsub: PubSubClient;
  readonly bigquery: BigQueryClient;
  /** Rows of the table, duplicates included. */
  rows(): Promise<Record<string, string>[]>;
  close(): Promise<void>;
}

export interface TestStackOptions {
  /** Avro schema of the topic; that of a record by default. */
  readonly topicSchema?: string;
  /** Columns of the table; those of a record by default. */
  readonly columns?: readonly { readonly name: string; readonly type: string; readonly mode: string }[];
}

/** The local cloud with topic, subscription and table, made through Google's clients. */
export async function startStack(options: TestStackOptions = {}): Promise<TestStack> {
  const iam = new Iam();
  const bigqueryService = await BigQuery.open({ projectId: PROJECT, location: LOCATION, clock: systemClock });
  const bigqueryServer = await BigQueryServer.listen(bigqueryService, { port: 0 });
  const pubsubService = await PubSub.open({
    clock: systemClock,
    iam,
    warehouse: bigqueryService,
    projectNumber: () => PROJECT_NUMBER,
  });
  const pubsubServer = await PubSubServer.listen(pubsubService, { port: 0 });
  const target: Target = {
    projectId: PROJECT,
    topic: TOPIC,
    table: `${PROJECT}.records.records`,
    deadLetterSubscription: `projects/${PROJECT}/subscriptions/records-dead-letter`,
    environment: {
      PUBSUB_EMULATOR_HOST: pubsubServer.host,
      BIGQUERY_EMULATOR_HOST: `${bigqueryServer.url}/bigquery/v2`,
    },
  };
  const pubsub = pubsubClient(target);
  const bigquery = bigqueryClient(target);
  const [dataset] = await bigquery.createDataset('records', { location: LOCATION });
  await dataset.createTable('records', { schema: { fields: [...(options.columns ?? bigQueryColumns)] } });
  for (const [resource, role] of [
    [`projects/${PROJECT}/datasets/records/tables/records`, 'roles/bigquery.dataEditor'],
    [DEAD_LETTERS, 'roles/pubsub.publisher'],
    [SUBSCRIPTION, 'roles/pubsub.subscriber'],
  ] as const) {
    iam.grant({ resource, role, member: SERVICE_AGENT });
  }
  await pubsub.createTopic({ name: DEAD_LETTERS });
  await pubsub.createSubscription(DEAD_LETTERS, 'records-dead-letter');
  await pubsub.createSchema('records', 'AVRO', options.topicSchema ?? avroDefinition);
  await pubsub.createTopic({
    name: TOPIC,
    schemaSettings: { schema: `projects/${PROJECT}/schemas/records`, encoding: 'JSON' },
  });
  await pubsub.createSubscription(TOPIC, 'records-bigquery', {
    bigqueryConfig: { table: target.table, useTopicSchema: true },
    deadLetterPolicy: { deadLetterTopic: DEAD_LETTERS, maxDeliveryAttempts: 5 },
  });
  return {
    target,
    description: {
      pid: process.pid,
      outputs: {
        project: PROJECT,
        region: LOCATION,
        apiUrl: 'http://127.0.0.1:1',
        topic: target.topic,
        table: target.table,
        deadLetterSubscription: target.deadLetterSubscription,
        apiKeysSecret: `projects/${PROJECT}/secrets/keys`,
      },
      environment: target.environment,
    },
    pubsub,
    bigquery,
    rows: async () => (await bigquery.query(`SELECT * FROM \`${target.table}\``))[0],
    close: async () => {
      await pubsub.close();
      await pubsubServer.close();
      await pubsubService.close();
      await bigqueryServer.close();
      await bigqueryService.close();
    },
  };
}
