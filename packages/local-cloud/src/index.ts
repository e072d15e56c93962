export { BigQuery, type BigQueryOptions } from './bigquery/bigquery.ts';
export type { DatasetInput, DatasetResource, TableInput, TableResource } from './bigquery/resources.ts';
export { type Clock, FakeClock, systemClock, type Timer } from './clock.ts';
export { CloudError } from './errors.ts';
export { type Grant, Iam } from './iam.ts';
export { PubSub, type PubSubOptions } from './pubsub/pubsub.ts';
export type * from './pubsub/resources.ts';
export { PubSubServer } from './pubsub/server.ts';
export type { RowError, TableField, TableReference, Warehouse } from './warehouse.ts';
