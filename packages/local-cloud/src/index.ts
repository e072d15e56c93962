import './bigquery/allocator.ts';

export { BigQuery } from './bigquery/bigquery.ts';
export type { TracedCall } from './bigquery/rest/traced-call.ts';
export { BigQueryServer } from './bigquery/server.ts';
export { type FunctionSignature, functionSignatures } from './bigquery/sql/functions/functions.ts';
export type { ChaosOptions } from './chaos.ts';
export { type Clock, FakeClock, systemClock, type Timer } from './clock.ts';
export type { CloudEvent, PropertyChange } from './cloud-event.ts';
export type { Execution } from './cloud-run/execution.ts';
export { CloudError } from './errors.ts';
export { readBody } from './http/body.ts';
export { foreignRefusal, hostRefusal } from './http/guard.ts';
export { type Grant, Iam } from './iam.ts';
export { LocalCloud, PortTakenError } from './local-cloud.ts';
export { freePort, isTaken } from './ports.ts';
export type { MessageStep } from './pubsub/followers.ts';
export { PubSub } from './pubsub/pubsub.ts';
export { PubSubServer } from './pubsub/server.ts';
export { DeploymentError, type Problem } from './pulumi/deployment-error.ts';
export {
  type Deployment,
  type Plan,
  type PlannedResource,
  type PlanOptions,
  type ProgramOptions,
  plan,
} from './pulumi/engine.ts';
export type { GoneColumns } from './pulumi/resource-type.ts';
