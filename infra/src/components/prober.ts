import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import type { Ingestion } from './ingestion.ts';
import type { RecordsApi } from './records-api.ts';
import type { Warehouse } from './warehouse.ts';

export interface ProberArgs
  extends Pick<StackConfig, 'project' | 'region' | 'schedulerRegion' | 'access' | 'service' | 'labels'> {
  readonly warehouse: Warehouse;
  readonly ingestion: Ingestion;
  readonly api: RecordsApi;
}

/** Every five minutes: the alert on it waits for five runs. */
const SCHEDULE = '*/5 * * * *';

/** Longer than the prober itself waits, and shorter than the time to the next run. */
const TIMEOUT = '240s';

/** The job that publishes a record, reads it back and deletes it, and what starts it: an account for each. */
export class Prober extends pulumi.ComponentResource {
  readonly account: gcp.serviceaccount.Account;
  readonly job: gcp.cloudrunv2.Job;

  constructor(name: string, args: ProberArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Prober', name, {}, options);
    const { region, labels, service } = args;

    this.account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records prober',
        description: 'Publishes a record, reads it back, deletes it.',
      },
      { parent: this },
    );

    this.job = new gcp.cloudrunv2.Job(
      name,
      {
        name,
        location: region,
        // It holds nothing: a stack that is taken down takes it along.
        deletionProtection: false,
        labels,
        template: {
          template: {
            serviceAccount: this.account.email,
            timeout: TIMEOUT,
            // A second try would hide what the first one found.
            maxRetries: 0,
            containers: [
              {
                // The image of the API has both programs, so what is promoted by its digest is promoted with its prober.
                image: service.image,
                args: ['probe.js'],
                envs: environmentOf(args),
                resources: { limits: { cpu: '1', memory: '512Mi' } },
              },
            ],
          },
        },
      },
      { parent: this, dependsOn: this.#grants(name, args) },
    );

    this.#schedule(name, args);
    this.registerOutputs({ job: this.job.name });
  }

  /** Publish to one topic, change one table, run queries, and call the API where that takes a grant. */
  #grants(
    name: string,
    { project, region, access, warehouse, ingestion, api }: ProberArgs,
  ): pulumi.Resource[] {
    const { member } = this.account;
    const publishes = new gcp.pubsub.TopicIAMMember(
      `${name}-publisher`,
      { topic: ingestion.topic.id, role: 'roles/pubsub.publisher', member },
      { parent: this },
    );
    // The narrowest predefined role that may delete rows.
    const deletes = new gcp.bigquery.IamMember(
      `${name}-table-writer`,
      {
        datasetId: warehouse.table.datasetId,
        tableId: warehouse.table.tableId,
        role: 'roles/bigquery.dataEditor',
        member,
      },
      { parent: this },
    );
    const runsQueries = new gcp.projects.IAMMember(
      `${name}-job-user`,
      { project, role: 'roles/bigquery.jobUser', member },
      { parent: this },
    );
    if (access.kind !== 'private') return [publishes, deletes, runsQueries];
    const calls = new gcp.cloudrunv2.ServiceIamMember(
      `${name}-invoker`,
      { name: api.service.name, location: region, role: 'roles/run.invoker', member },
      { parent: this },
    );
    return [publishes, deletes, runsQueries, calls];
  }

  /** https://docs.cloud.google.com/run/docs/execute/jobs-on-schedule */
  #schedule(name: string, { region, schedulerRegion }: ProberArgs): void {
    const starter = new gcp.serviceaccount.Account(
      `${name}-starter`,
      {
        accountId: `${name}-starter`,
        displayName: 'Starts the prober',
        description: 'Runs one job, on schedule.',
      },
      { parent: this },
    );
    const mayRun = new gcp.cloudrunv2.JobIamMember(
      `${name}-starter`,
      { name: this.job.name, location: region, role: 'roles/run.invoker', member: starter.member },
      { parent: this },
    );
    new gcp.cloudscheduler.Job(
      name,
      {
        name,
        region: schedulerRegion,
        description: 'Starts the prober.',
        schedule: SCHEDULE,
        timeZone: 'Etc/UTC',
        attemptDeadline: '30s',
        // The next run comes soon enough.
        retryConfig: { retryCount: 0 },
        httpTarget: {
          httpMethod: 'POST',
          uri: pulumi.interpolate`https://run.googleapis.com/v2/${this.job.id}:run`,
          oauthToken: {
            serviceAccountEmail: starter.email,
            scope: 'https://www.googleapis.com/auth/cloud-platform',
          },
        },
      },
      { parent: this, dependsOn: [mayRun] },
    );
  }
}

function environmentOf({ project, region, warehouse, ingestion, api, access, service }: ProberArgs) {
  return [
    { name: 'GOOGLE_CLOUD_PROJECT', value: project },
    { name: 'BIGQUERY_LOCATION', value: region },
    { name: 'RECORDS_TABLE', value: warehouse.tableName },
    { name: 'RECORDS_TOPIC', value: ingestion.topic.id },
    { name: 'API_URL', value: api.url },
    { name: 'API_PRIVATE', value: String(access.kind === 'private') },
    ...(service.otlpEndpoint ? [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: service.otlpEndpoint }] : []),
  ];
}
