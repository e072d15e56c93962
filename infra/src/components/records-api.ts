import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import type { Warehouse } from './warehouse.ts';

export interface RecordsApiArgs
  extends Pick<
    StackConfig,
    'project' | 'region' | 'image' | 'access' | 'minInstances' | 'maxInstances' | 'logLevel' | 'labels'
  > {
  readonly warehouse: Warehouse;
  readonly deletionProtection: boolean;
}

/** The API on Cloud Run, as an account of its own that can read one dataset and nothing else. */
export class RecordsApi extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;
  readonly service: gcp.cloudrunv2.Service;

  constructor(name: string, args: RecordsApiArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:RecordsApi', name, {}, options);
    const { project, region, warehouse } = args;

    this.account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records API',
        description: 'Runs the API; reads the records dataset.',
      },
      { parent: this },
    );

    const runsQueries = new gcp.projects.IAMMember(
      `${name}-job-user`,
      { project, role: 'roles/bigquery.jobUser', member: this.account.member },
      { parent: this },
    );

    const readsDataset = new gcp.bigquery.DatasetIamMember(
      `${name}-data-viewer`,
      {
        datasetId: warehouse.dataset.datasetId,
        role: 'roles/bigquery.dataViewer',
        member: this.account.member,
      },
      { parent: this },
    );

    this.service = new gcp.cloudrunv2.Service(
      name,
      {
        name,
        location: region,
        deletionProtection: args.deletionProtection,
        ingress: 'INGRESS_TRAFFIC_ALL',
        labels: args.labels,
        template: {
          serviceAccount: this.account.email,
          // A request is one query of a few seconds at most; the longest answer is bounded by the API itself.
          timeout: '60s',
          maxInstanceRequestConcurrency: 80,
          scaling: { minInstanceCount: args.minInstances, maxInstanceCount: args.maxInstances },
          containers: [
            {
              image: args.image,
              ports: { containerPort: 8080 },
              envs: [
                { name: 'GOOGLE_CLOUD_PROJECT', value: project },
                { name: 'BIGQUERY_LOCATION', value: region },
                { name: 'RECORDS_TABLE', value: warehouse.tableName },
                { name: 'LOG_LEVEL', value: args.logLevel },
              ],
              resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
              startupProbe: {
                httpGet: { path: '/health/ready' },
                periodSeconds: 1,
                timeoutSeconds: 1,
                failureThreshold: 30,
              },
              livenessProbe: { httpGet: { path: '/health/live' }, periodSeconds: 10, timeoutSeconds: 2 },
            },
          ],
        },
      },
      // A revision that may not read yet would fail its startup probe.
      { parent: this, dependsOn: [runsQueries, readsDataset] },
    );

    if (args.access === 'public') {
      new gcp.cloudrunv2.ServiceIamMember(
        `${name}-public`,
        { name: this.service.name, location: region, role: 'roles/run.invoker', member: 'allUsers' },
        { parent: this },
      );
    }

    this.registerOutputs({ url: this.service.uri });
  }
}
