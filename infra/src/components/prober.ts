import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import type { Ingestion } from './ingestion.ts';
import type { RecordsApi } from './records-api.ts';
import type { Warehouse } from './warehouse.ts';

export interface ProberArgs
  extends Pick<StackConfig, 'project' | 'region' | 'schedulerRegion' | 'access' | 'service' | 'labels'> {
  readonly image: pulumi.Input<string>;
  readonly warehouse: Warehouse;
  readonly ingestion: Ingestion;
  readonly api: RecordsApi;
}

/** Every five minutes. The alert on the prober waits for five runs. */
const SCHEDULE = '*/5 * * * *';

/** Longer than the prober itself waits, and shorter than the time between runs. */
const TIMEOUT = '240s';

/** A job that publishes a record, reads it back and deletes it, and its schedule. Each has an account of its own. */
export class Prober extends pulumi.ComponentResource {
  readonly #job: gcp.cloudrunv2.Job;

  constructor(name: string, args: ProberArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Prober', name, {}, options);
    const { region, labels } = args;

    const account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records prober',
        description: 'Publishes a record, reads it back and deletes it.',
      },
      { parent: this },
    );

    this.#job = new gcp.cloudrunv2.Job(
      name,
      {
        name,
        location: region,
        // The job holds no data, so destroying the stack may delete it.
        deletionProtection: false,
        labels,
        template: {
          template: {
            serviceAccount: account.email,
            timeout: TIMEOUT,
            // A retry would hide the failure that the first run found.
            maxRetries: 0,
            containers: [
              {
                // The API's image has both programs, so a promoted digest brings its own prober.
                image: args.image,
                args: ['probe.js'],
                envs: environmentOf(args),
                resources: { limits: { cpu: '1', memory: '512Mi' } },
              },
            ],
          },
        },
      },
      { parent: this, dependsOn: this.#grants(name, account.member, args) },
    );

    this.#schedule(name, args);
    this.registerOutputs({ job: this.#job.name });
  }

  /** To publish to one topic, change one table, run queries, and call the API if it is private. */
  #grants(
    name: string,
    member: pulumi.Output<string>,
    { project, region, access, warehouse, ingestion, api }: ProberArgs,
  ): pulumi.Resource[] {
    const publishes = new gcp.pubsub.TopicIAMMember(
      `${name}-publisher`,
      { topic: ingestion.topic.id, role: 'roles/pubsub.publisher', member },
      { parent: this },
    );
    // The narrowest predefined role that may delete rows.
    const deletes = warehouse.grant(`${name}-table-writer`, 'roles/bigquery.dataEditor', member, {
      parent: this,
    });
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
        description: 'Runs one job on a schedule.',
      },
      { parent: this },
    );
    const mayRun = new gcp.cloudrunv2.JobIamMember(
      `${name}-starter`,
      { name: this.#job.name, location: region, role: 'roles/run.invoker', member: starter.member },
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
        httpTarget: {
          httpMethod: 'POST',
          uri: pulumi.interpolate`https://run.googleapis.com/v2/${this.#job.id}:run`,
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
