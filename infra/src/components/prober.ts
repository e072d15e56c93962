import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../config.ts';
import type { Patience } from '../patience.ts';
import { type Ingestion, NEVER_EXPIRES } from './ingestion.ts';
import type { RecordsApi } from './records-api.ts';
import { scheduledJob } from './scheduled-job.ts';
import { fullName, type Warehouse } from './warehouse.ts';

export interface ProberArgs
  extends Pick<StackConfig, 'project' | 'region' | 'schedulerRegion' | 'access' | 'service' | 'labels'> {
  readonly image: pulumi.Input<string>;
  readonly warehouse: Warehouse;
  readonly ingestion: Ingestion;
  readonly api: RecordsApi;
  readonly patience: Patience;
}

/** Every five minutes. The alert on the prober waits for five runs. */
const SCHEDULE = '*/5 * * * *';

/** Longer than the prober itself waits, and shorter than the time between runs. */
const TIMEOUT = '240s';

/** Pub/Sub's minimum: a probe that comes late must not count for a later one. */
const RETENTION = '600s';

/**
 * A job that publishes a made-up record and waits until it is stored, and its schedule; each has an account of its own. Topic, subscription
 * and table are the prober's, made like those of the records: no reader sees a probe, and nothing of it makes the API read its table again.
 */
export class Prober extends pulumi.ComponentResource {
  readonly topic: gcp.pubsub.Topic;
  /** `project.dataset.table` */
  readonly tableName: pulumi.Output<string>;

  constructor(name: string, args: ProberArgs, options?: pulumi.ComponentResourceOptions) {
    super('records:index:Prober', name, {}, options);
    const { region, labels, warehouse, ingestion, patience } = args;
    const { probes } = warehouse;
    if (!probes) throw new TypeError('a warehouse without probes: pass it the setting prober');
    this.tableName = fullName(probes);

    this.topic = new gcp.pubsub.Topic(
      name,
      {
        name,
        schemaSettings: { schema: ingestion.schema.id, encoding: 'JSON' },
        messageStoragePolicy: { allowedPersistenceRegions: [region] },
        labels,
      },
      { parent: this },
    );
    const written = warehouse.grant(
      `${name}-table-writer`,
      'roles/bigquery.dataEditor',
      ingestion.serviceAgent.member,
      { parent: this, hooks: patience.grant },
      probes,
    );
    const subscription = new gcp.pubsub.Subscription(
      `${name}-to-bigquery`,
      {
        name: `${name}-to-bigquery`,
        topic: this.topic.id,
        bigqueryConfig: { table: this.tableName, useTopicSchema: true },
        messageRetentionDuration: RETENTION,
        expirationPolicy: NEVER_EXPIRES,
        labels,
      },
      { parent: this, dependsOn: [written], hooks: patience.needsGrant },
    );

    const account = new gcp.serviceaccount.Account(
      name,
      {
        accountId: name,
        displayName: 'Records prober',
        description: 'Publishes probes and counts those that are stored.',
      },
      { parent: this },
    );

    const job = scheduledJob(
      name,
      {
        region,
        schedulerRegion: args.schedulerRegion,
        labels,
        image: args.image,
        program: 'probe.js',
        envs: this.#environment(args),
        account,
        dependsOn: [subscription, ...this.#grants(name, account.member, probes, args)],
        timeout: TIMEOUT,
        // A retry would hide the failure that the first run found.
        maxRetries: 0,
        schedule: SCHEDULE,
        what: 'the prober',
      },
      this,
    );
    this.registerOutputs({ job: job.name });
  }

  /** To publish to one topic, read one table, run queries, and call the API if it is private. */
  #grants(
    name: string,
    member: pulumi.Output<string>,
    probes: gcp.bigquery.Table,
    { project, region, access, warehouse, api }: ProberArgs,
  ): pulumi.Resource[] {
    const publishes = new gcp.pubsub.TopicIAMMember(
      `${name}-publisher`,
      { topic: this.topic.id, role: 'roles/pubsub.publisher', member },
      { parent: this },
    );
    const counts = warehouse.grant(
      `${name}-table-viewer`,
      'roles/bigquery.dataViewer',
      member,
      { parent: this },
      probes,
    );
    const runsQueries = new gcp.projects.IAMMember(
      `${name}-job-user`,
      { project, role: 'roles/bigquery.jobUser', member },
      { parent: this },
    );
    if (access.kind !== 'private') return [publishes, counts, runsQueries];
    const calls = new gcp.cloudrunv2.ServiceIamMember(
      `${name}-invoker`,
      { name: api.service.name, location: region, role: 'roles/run.invoker', member },
      { parent: this },
    );
    return [publishes, counts, runsQueries, calls];
  }

  #environment({ project, region, api, access, service }: ProberArgs) {
    return [
      { name: 'GOOGLE_CLOUD_PROJECT', value: project },
      { name: 'BIGQUERY_LOCATION', value: region },
      { name: 'PROBE_TABLE', value: this.tableName },
      { name: 'PROBE_TOPIC', value: this.topic.id },
      { name: 'API_URL', value: api.url },
      { name: 'API_PRIVATE', value: String(access.kind === 'private') },
      ...(service.otlpEndpoint ? [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: service.otlpEndpoint }] : []),
    ];
  }
}
