export { BigQuery, type BigQueryOptions } from './bigquery/bigquery.ts';
export type { DatasetInput, DatasetResource, TableInput, TableResource } from './bigquery/resources.ts';
export { BigQueryServer } from './bigquery/server.ts';
export type { UsageTotals } from './bigquery/usage.ts';
export { Chaos, type ChaosOptions } from './chaos.ts';
export { type Clock, FakeClock, systemClock, type Timer } from './clock.ts';
export type {
  CloudEvent,
  ContainerState,
  OnEvent,
  Severity,
  StepEvent,
  StepOperation,
} from './cloud-event.ts';
export type { CloudRun, RunningService } from './cloud-run/cloud-run.ts';
export type { ImageCommand, Images } from './cloud-run/images.ts';
export { CloudError } from './errors.ts';
export { type Grant, Iam, permissionsOf } from './iam.ts';
export { LocalCloud, type LocalCloudOptions, PortTakenError } from './local-cloud.ts';
export { freePort } from './ports.ts';
export { PubSub, type PubSubOptions } from './pubsub/pubsub.ts';
export type * from './pubsub/resources.ts';
export { PubSubServer } from './pubsub/server.ts';
export { DeploymentError, type Problem } from './pulumi/deployment-error.ts';
export {
  type Deployment,
  type Plan,
  type PlannedResource,
  type ProgramOptions,
  plan,
} from './pulumi/engine.ts';
export { UNKNOWN } from './pulumi/property-values.ts';
export type { ResourceState } from './pulumi/state.ts';
export type { RowError, TableField, TableReference, Warehouse } from './warehouse.ts';
