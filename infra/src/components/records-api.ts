import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { UNKEPT_REQUESTS } from '@records/monitoring';
import type { Access, ServiceConfig, StackConfig } from '../config.ts';
import type { Decided } from '../last-deployment.ts';
import { type Patience, STARTUP_SECONDS } from '../patience.ts';
import { ApiKeys } from './api-keys.ts';
import { LoadBalancer } from './load-balancer.ts';
import { CANARY_TAG, trafficOf } from './traffic.ts';
import { fullName, type Warehouse } from './warehouse.ts';

export interface RecordsApiArgs extends Omit<StackConfig, 'publishers'>, Decided {
  readonly warehouse: Warehouse;
  readonly patience: Patience;
}

const MEMORY_MIB = 512;
/**
 * Half of the memory is for the heap, and the rest for Node itself and buffers, which hold the cached pages. The young generation is half
 * of Node's default: a quarter spends more time on garbage, and the default takes 100 MB more in a walk over a million records.
 */
const NODE_OPTIONS = `--max-old-space-size=${MEMORY_MIB / 2} --max-semi-space-size=8`;

/** What writing the result of a query, reading it and keeping it longer needs. https://docs.cloud.google.com/bigquery/docs/writing-results#permissions */
const LIST_PERMISSIONS = ['create', 'get', 'getData', 'update', 'updateData'].map(
  (name) => `bigquery.tables.${name}`,
);

/** The API on Cloud Run. Its account can read two tables and one secret, and keep lists in a dataset of their own. */
export class RecordsApi extends pulumi.ComponentResource {
  readonly keys: ApiKeys;
  readonly service: gcp.cloudrunv2.Service;
  readonly loadBalancer: LoadBalancer | undefined;
  readonly url: pulumi.Output<string>;
  /** Name of the newest ready revision. */
  readonly revision: pulumi.Output<string>;
  /** URL of the newest revision alone during a rollout; undefined at other times. */
  readonly canaryUrl: pulumi.Output<string> | undefined;

  constructor(name: string, args: RecordsApiArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:RecordsApi', name, {}, options);
    const { project, region, warehouse, access } = args;

    const account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records API',
        description: 'Runs the API; reads the records table and makes lists of it.',
      },
      { parent: this },
    );

    const runsQueries = new gcp.projects.IAMMember(
      `${name}-job-user`,
      { project, role: 'roles/bigquery.jobUser', member: account.member },
      { parent: this },
    );

    const readsTable = warehouse.grant(`${name}-data-viewer`, 'roles/bigquery.dataViewer', account.member, {
      parent: this,
    });

    const readsAmendments = warehouse.grant(
      `${name}-amendments-viewer`,
      'roles/bigquery.dataViewer',
      account.member,
      { parent: this },
      warehouse.amendments,
    );

    const listWriter = new gcp.projects.IAMCustomRole(
      `${name}-list-writer`,
      {
        roleId: 'recordsListWriter',
        title: 'Writer of lists',
        description: 'Makes tables from queries and reads them.',
        permissions: LIST_PERMISSIONS,
      },
      { parent: this },
    );
    const writesLists = warehouse.grantScratch(`${name}-list-writer`, listWriter.name, account.member, {
      parent: this,
    });

    const { deletionProtection, labels } = args;
    this.keys = new ApiKeys(
      `${name}-keys`,
      { region, reader: account.member, deletionProtection, labels },
      { parent: this },
    );

    // Google keeps request lines in no region of ours. The log-based metrics count them all the same.
    const unkeptRequests = new gcp.logging.ProjectExclusion(
      UNKEPT_REQUESTS.name,
      { ...UNKEPT_REQUESTS },
      { parent: this },
    );

    this.service = new gcp.cloudrunv2.Service(
      name,
      {
        name,
        location: region,
        deletionProtection: args.deletionProtection,
        ingress: ingressOf(access),
        // Not a grant to allUsers, which many organisations refuse. https://docs.cloud.google.com/run/docs/authenticating/public
        ...(access.kind !== 'private' && { invokerIamDisabled: true }),
        labels: args.labels,
        // On the service, not on revisions, so that a canary without requests keeps no instance warm.
        scaling: {
          ...(args.service.minInstances > 0 && { minInstanceCount: args.service.minInstances }),
          maxInstanceCount: args.service.maxInstances,
        },
        traffics: trafficOf(args.rollout),
        template: {
          serviceAccount: account.email,
          timeout: `${args.service.requestTimeoutSeconds}s`,
          maxInstanceRequestConcurrency: args.service.concurrency,
          // Cloud Run cannot mount `latest` of a secret without versions.
          ...(args.service.apiKeys && { volumes: this.keys.volumes }),
          containers: [
            {
              ...containerOf(args, this.#environment(args)),
              ...(args.service.apiKeys && { volumeMounts: this.keys.volumeMounts }),
            },
          ],
        },
      },
      // Without its grants, a revision fails its startup probe.
      {
        parent: this,
        dependsOn: [
          unkeptRequests,
          runsQueries,
          readsTable,
          readsAmendments,
          writesLists,
          ...this.keys.ready,
        ],
        hooks: args.patience.startsWithGrant,
      },
    );

    for (const member of access.kind === 'private' ? access.invokers : []) {
      new gcp.cloudrunv2.ServiceIamMember(
        `${name}-invoker-${member}`,
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
      args.rollout && this.service.uri.apply((uri) => uri.replace('://', `://${CANARY_TAG}---`));
    this.registerOutputs({ url: this.url });
  }

  #environment({ project, region, warehouse, service, access, ...args }: RecordsApiArgs) {
    return [
      { name: 'NODE_OPTIONS', value: NODE_OPTIONS },
      { name: 'GOOGLE_CLOUD_PROJECT', value: project },
      { name: 'BIGQUERY_LOCATION', value: region },
      { name: 'RECORDS_TABLE', value: warehouse.tableName },
      { name: 'AMENDMENTS_TABLE', value: fullName(warehouse.amendments) },
      { name: 'SCRATCH_DATASET', value: warehouse.scratchName },
      { name: 'LIST_GIB_PER_MONTH', value: String(args.listGibPerMonth) },
      { name: 'LOOKUP_GIB_PER_MONTH', value: String(args.lookupGibPerMonth) },
      { name: 'LIST_TIME_PERCENT', value: String(service.listTimePercent) },
      { name: 'FRESHNESS_SECONDS', value: String(service.freshnessSeconds) },
      { name: 'LOG_LEVEL', value: service.logLevel },
      { name: 'ANONYMOUS_REQUESTS_PER_MINUTE', value: String(service.anonymousRequestsPerMinute) },
      ...(service.apiKeys ? [{ name: 'API_KEYS_FILE', value: this.keys.file }] : []),
      { name: 'TRUSTED_PROXIES', value: String(proxiesOf(access, service)) },
      // Cloud Run sends no more concurrent requests.
      { name: 'MAX_REQUESTS_IN_FLIGHT', value: String(service.concurrency) },
      ...(service.metricsPort > 0 ? [{ name: 'METRICS_PORT', value: String(service.metricsPort) }] : []),
      ...(service.otlpEndpoint ? [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: service.otlpEndpoint }] : []),
    ];
  }
}

function containerOf(
  { image, service: { cpuAllocation, startupCpuBoost }, eventualConsistency }: RecordsApiArgs,
  envs: pulumi.Input<gcp.types.input.cloudrunv2.ServiceTemplateContainerEnv>[],
): gcp.types.input.cloudrunv2.ServiceTemplateContainer {
  return {
    image,
    ports: { containerPort: 8080 },
    envs,
    resources: {
      limits: { cpu: '1', memory: `${MEMORY_MIB}Mi` },
      ...(cpuAllocation === 'request' && { cpuIdle: true }),
      ...(startupCpuBoost && { startupCpuBoost }),
    },
    startupProbe: {
      httpGet: { path: '/health/ready' },
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: eventualConsistency ? STARTUP_SECONDS : 30,
    },
    livenessProbe: { httpGet: { path: '/health/live' }, periodSeconds: 10, timeoutSeconds: 2 },
  };
}

/** Behind a load balancer, the service's own URL must not bypass Cloud Armor. */
function ingressOf({ kind }: Access): string {
  return kind === 'load-balancer' ? 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER' : 'INGRESS_TRAFFIC_ALL';
}

/** How many proxies append to `X-Forwarded-For`: Cloud Run's front end, and the load balancer before it. */
function proxiesOf({ kind }: Access, { behindFrontEnd }: ServiceConfig): number {
  if (!behindFrontEnd) return 0;
  return kind === 'load-balancer' ? 2 : 1;
}
