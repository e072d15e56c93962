import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Access, ServiceConfig, StackConfig } from '../config.ts';
import { ApiKeys } from './api-keys.ts';
import { LoadBalancer } from './load-balancer.ts';
import { CANARY_TAG, trafficOf } from './traffic.ts';
import type { Warehouse } from './warehouse.ts';

export interface RecordsApiArgs extends Omit<StackConfig, 'publishers'> {
  readonly warehouse: Warehouse;
}

const ANYBODY = 'allUsers';

const MEMORY_MIB = 512;
/**
 * Node takes what it is given before it looks for garbage. Half of the memory may be its heap; the other half is for buffers, which are
 * pages in memory, and for Node itself. Half of Node's own new space: with a quarter, a busy instance spends more of its time on garbage;
 * with all of it, a walk over a million records takes 100 MB more.
 */
const NODE_OPTIONS = `--max-old-space-size=${MEMORY_MIB / 2} --max-semi-space-size=8`;

/** The API on Cloud Run, as an account of its own that can read one table and one secret, and nothing else. */
export class RecordsApi extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;
  readonly keys: ApiKeys;
  readonly service: gcp.cloudrunv2.Service;
  readonly loadBalancer: LoadBalancer | undefined;
  readonly url: pulumi.Output<string>;
  /** Name of the newest revision that is ready. */
  readonly revision: pulumi.Output<string>;
  /** Where the newest revision can be tried before it takes requests. */
  readonly canaryUrl: pulumi.Output<string> | undefined;

  constructor(name: string, args: RecordsApiArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:RecordsApi', name, {}, options);
    const { project, region, warehouse, access } = args;

    this.account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records API',
        description: 'Runs the API; reads the records table.',
      },
      { parent: this },
    );

    const runsQueries = new gcp.projects.IAMMember(
      `${name}-job-user`,
      { project, role: 'roles/bigquery.jobUser', member: this.account.member },
      { parent: this },
    );

    const readsTable = new gcp.bigquery.IamMember(
      `${name}-data-viewer`,
      {
        datasetId: warehouse.table.datasetId,
        tableId: warehouse.table.tableId,
        role: 'roles/bigquery.dataViewer',
        member: this.account.member,
      },
      { parent: this },
    );

    const { deletionProtection, labels } = args;
    this.keys = new ApiKeys(
      `${name}-keys`,
      { region, reader: this.account.member, deletionProtection, labels },
      { parent: this },
    );

    this.service = new gcp.cloudrunv2.Service(
      name,
      {
        name,
        location: region,
        deletionProtection: args.deletionProtection,
        ingress: ingressOf(access),
        labels: args.labels,
        // On the service, not on revisions: a canary without requests then keeps no instance warm.
        scaling: {
          minInstanceCount: args.service.minInstances,
          maxInstanceCount: args.service.maxInstances,
        },
        traffics: trafficOf(args.service.rollout),
        template: {
          serviceAccount: this.account.email,
          timeout: `${args.service.requestTimeoutSeconds}s`,
          maxInstanceRequestConcurrency: args.service.concurrency,
          // Cloud Run refuses to mount `latest` of a secret that has no version.
          ...(args.service.apiKeys && { volumes: this.keys.volumes }),
          containers: [
            {
              ...containerOf(args.service, this.#environment(args)),
              ...(args.service.apiKeys && { volumeMounts: this.keys.volumeMounts }),
            },
          ],
        },
      },
      // A revision that may not read yet would fail its startup probe.
      { parent: this, dependsOn: [runsQueries, readsTable, ...this.keys.ready] },
    );

    for (const member of invokersOf(access)) {
      new gcp.cloudrunv2.ServiceIamMember(
        member === ANYBODY ? `${name}-public` : `${name}-invoker-${member}`,
        { name: this.service.name, location: region, role: 'roles/run.invoker', member },
        { parent: this },
      );
    }

    this.loadBalancer =
      access.kind === 'load-balancer'
        ? new LoadBalancer(name, { ...access, region, labels, service: this.service }, { parent: this })
        : undefined;
    this.url = this.loadBalancer?.url ?? this.service.uri;
    this.revision = this.service.latestReadyRevision.apply((path) => path.slice(path.lastIndexOf('/') + 1));
    this.canaryUrl =
      args.service.rollout && this.service.uri.apply((uri) => uri.replace('://', `://${CANARY_TAG}---`));
    this.registerOutputs({ url: this.url });
  }

  #environment({ project, region, warehouse, service, access }: RecordsApiArgs) {
    return [
      { name: 'NODE_OPTIONS', value: NODE_OPTIONS },
      { name: 'GOOGLE_CLOUD_PROJECT', value: project },
      { name: 'BIGQUERY_LOCATION', value: region },
      { name: 'RECORDS_TABLE', value: warehouse.tableName },
      { name: 'FRESHNESS_SECONDS', value: String(service.freshnessSeconds) },
      { name: 'LOG_LEVEL', value: service.logLevel },
      { name: 'ANONYMOUS_REQUESTS_PER_MINUTE', value: String(service.anonymousRequestsPerMinute) },
      ...(service.apiKeys ? [{ name: 'API_KEYS_FILE', value: this.keys.file }] : []),
      // Cloud Run appends the caller's address to X-Forwarded-For; before it, the load balancer appends that and its own.
      { name: 'TRUSTED_PROXIES', value: String(proxiesOf(access, service)) },
      // Cloud Run sends no more at one time.
      { name: 'MAX_REQUESTS_IN_FLIGHT', value: String(service.concurrency) },
      ...(service.metricsPort > 0 ? [{ name: 'METRICS_PORT', value: String(service.metricsPort) }] : []),
      ...(service.otlpEndpoint ? [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: service.otlpEndpoint }] : []),
    ];
  }
}

function containerOf(
  { image, cpuAllocation, startupCpuBoost }: ServiceConfig,
  envs: pulumi.Input<gcp.types.input.cloudrunv2.ServiceTemplateContainerEnv>[],
): gcp.types.input.cloudrunv2.ServiceTemplateContainer {
  return {
    image,
    ports: { containerPort: 8080 },
    envs,
    resources: {
      limits: { cpu: '1', memory: `${MEMORY_MIB}Mi` },
      cpuIdle: cpuAllocation === 'request',
      startupCpuBoost,
    },
    startupProbe: {
      httpGet: { path: '/health/ready' },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 30,
    },
    livenessProbe: { httpGet: { path: '/health/live' }, periodSeconds: 10, timeoutSeconds: 2 },
  };
}

/** Behind a load balancer, the service's own address would lead past Cloud Armor. */
function ingressOf({ kind }: Access): string {
  return kind === 'load-balancer' ? 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER' : 'INGRESS_TRAFFIC_ALL';
}

/** Each appends to `X-Forwarded-For`. */
function proxiesOf({ kind }: Access, { behindFrontEnd }: ServiceConfig): number {
  if (!behindFrontEnd) return 0;
  return kind === 'load-balancer' ? 2 : 1;
}

/** A load balancer adds no identity to a request, so behind one anybody must be allowed, too. */
function invokersOf(access: Access): readonly string[] {
  return access.kind === 'private' ? access.invokers : [ANYBODY];
}
