import type { Iam } from '../iam.ts';
import type { TableReference } from '../warehouse.ts';

type Resource = Readonly<Record<string, unknown>>;

/** The calls of the local BigQuery that resource types make, in the shapes of its REST API. */
interface BigQueryAdmin {
  insertDataset(dataset: Resource): Promise<unknown>;
  getDataset(datasetId: string): Promise<unknown>;
  patchDataset(datasetId: string, patch: Resource): Promise<unknown>;
  deleteDataset(datasetId: string, options: { deleteContents: boolean }): Promise<unknown>;
  authorizeView(datasetId: string, view: TableReference, isAuthorized: boolean): Promise<void>;
  insertTable(datasetId: string, table: Resource): Promise<unknown>;
  getTable(datasetId: string, tableId: string): Promise<unknown>;
  patchTable(datasetId: string, tableId: string, patch: Resource): Promise<unknown>;
  deleteTable(datasetId: string, tableId: string): Promise<unknown>;
  /** What each account may be billed a day, in bytes; undefined for no limit. */
  limitQueries(bytesPerAccountAndDay: number | undefined): void;
  query(request: { query: string; useLegacySql: false }): Promise<unknown>;
}

/** The calls of the local Pub/Sub that resource types make, in the shapes of its RPCs. */
interface PubSubAdmin {
  createTopic(topic: Resource): Promise<unknown>;
  getTopic(request: { topic: string }): Promise<unknown>;
  updateTopic(request: { topic: Resource; updateMask: { paths: string[] } }): Promise<unknown>;
  deleteTopic(request: { topic: string }): Promise<unknown>;
  createSubscription(subscription: Resource): Promise<unknown>;
  getSubscription(request: { subscription: string }): Promise<unknown>;
  updateSubscription(request: { subscription: Resource; updateMask: { paths: string[] } }): Promise<unknown>;
  deleteSubscription(request: { subscription: string }): Promise<unknown>;
  createSchema(request: { parent: string; schemaId: string; schema: Resource }): Promise<unknown>;
  getSchema(request: { name: string }): Promise<unknown>;
  commitSchema(request: { name: string; schema: Resource }): Promise<unknown>;
  deleteSchema(request: { name: string }): Promise<unknown>;
  listSchemaRevisions(request: { name: string; view: 'FULL' }): Promise<unknown>;
  deleteSchemaRevision(request: { name: string; revisionId: string }): Promise<unknown>;
}

/** A Cloud Run service, reduced to what runs it. https://docs.cloud.google.com/run/docs/container-contract */
export interface ContainerSpec {
  readonly service: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly startupProbe: ProbeSpec | undefined;
  readonly livenessProbe: ProbeSpec | undefined;
  /** The account that the service runs as. */
  readonly serviceAccount: string | undefined;
  /** Google's relative resource name, on which a caller must be an invoker; absent where anybody may call. */
  readonly invokersOf?: string;
}

/** A Cloud Run job of one task. https://docs.cloud.google.com/run/docs/create-jobs */
export interface JobSpec {
  readonly job: string;
  readonly image: string;
  /** Arguments of the container; empty: those of the image. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly serviceAccount: string | undefined;
  /** For one attempt. */
  readonly timeoutSeconds: number;
  readonly maxRetries: number;
}

export interface ProbeSpec {
  /** Absent: the probe passes when the port accepts connections. */
  readonly path: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface CloudRunAdmin {
  /** Starts a new revision in place of the one that runs. Resolves when its startup probe passes. Throws CloudError. */
  deploy(spec: ContainerSpec, revision: string): Promise<{ readonly uri: string }>;
  has(service: string): boolean;
  delete(service: string): Promise<void>;
  /** Creates the job, or changes what its next execution runs. Throws CloudError. */
  putJob(spec: JobSpec): void;
  hasJob(job: string): boolean;
  /** Cancels running executions. */
  deleteJob(job: string): Promise<void>;
}

export interface SecretAdmin {
  addVersion(secretId: string, data: string): void;
  /** Whether the secret has a version. */
  has(secretId: string): boolean;
  delete(secretId: string): void;
  /** The file that holds the newest version. */
  fileOf(secretId: string): string;
}

/** The services that resource types act on. */
export interface Cloud {
  readonly iam: Iam;
  readonly bigquery: BigQueryAdmin;
  readonly pubsub: PubSubAdmin;
  readonly cloudRun: CloudRunAdmin;
  readonly secrets: SecretAdmin;
}
