import { AGENT, type Declaration, type Declarations } from './test-cloud.ts';

export const columns = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'name', type: 'STRING', mode: 'NULLABLE' },
];

export const avro = {
  type: 'record',
  name: 'Row',
  fields: [{ name: 'id', type: 'string' }],
};

const dataset: Declaration = {
  type: 'bigquery.Dataset',
  inputs: { datasetId: 'shop', location: 'southamerica-west1', deleteContentsOnDestroy: true },
};

const table: Declaration = {
  type: 'bigquery.Table',
  inputs: {
    datasetId: '<dataset.datasetId>',
    tableId: 'orders',
    schema: JSON.stringify(columns),
    deletionProtection: false,
  },
};

const topic: Declaration = { type: 'pubsub.Topic', inputs: { name: 'orders' } };

export const tableGrant: Declaration = {
  type: 'bigquery.IamMember',
  inputs: {
    datasetId: '<table.datasetId>',
    tableId: '<table.tableId>',
    role: 'roles/bigquery.dataEditor',
    member: AGENT,
  },
};

export const subscription: Declaration = {
  type: 'pubsub.Subscription',
  inputs: {
    name: 'orders-to-bigquery',
    topic: '<topic.id>',
    bigqueryConfig: { table: '<table.project>.<table.datasetId>.<table.tableId>', useTableSchema: true },
  },
  dependsOn: ['tableGrant'],
};

/** A topic that a BigQuery subscription writes into a table. */
export const ingestion = { dataset, table, topic, tableGrant, subscription } satisfies Declarations;

/** The same, with a dead-letter topic that works. */
export const deadLettering = {
  dataset,
  table,
  topic,
  tableGrant,
  deadLetters: { type: 'pubsub.Topic', inputs: { name: 'dead-letters' } },
  deadLetterReader: {
    type: 'pubsub.Subscription',
    inputs: { name: 'dead-letters', topic: '<deadLetters.id>' },
  },
  publisher: {
    type: 'pubsub.TopicIAMMember',
    inputs: { topic: '<deadLetters.id>', role: 'roles/pubsub.publisher', member: AGENT },
  },
  subscription: {
    ...subscription,
    inputs: { ...subscription.inputs, deadLetterPolicy: { deadLetterTopic: '<deadLetters.id>' } },
  },
  forwarder: {
    type: 'pubsub.SubscriptionIAMMember',
    inputs: { subscription: '<subscription.id>', role: 'roles/pubsub.subscriber', member: AGENT },
  },
} satisfies Declarations;

export function without<T extends Declarations>(declarations: T, name: keyof T & string): Declarations {
  return Object.fromEntries(Object.entries(declarations).filter(([key]) => key !== name));
}

/** The declaration with other inputs. */
export function changed(declaration: Declaration, inputs: Record<string, unknown>): Declaration {
  return { ...declaration, inputs: { ...declaration.inputs, ...inputs } };
}
