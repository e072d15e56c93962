import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { LOG_METRICS, OBJECTIVES, policiesFor, UNKEPT_REQUESTS } from '@records/monitoring';
import { avroDefinition, bigQueryColumns } from '@records/records-schema';
import { PLATFORM } from '../plans/projects.ts';
import { EXPECTED } from './support/expected-stacks.ts';
import {
  dependenciesOf,
  inputsByName,
  planOf,
  projectOf,
  REGION,
  resourceOf,
  STACKS,
} from './support/plans.ts';

// These tests prove what the program declares, not that Google accepts it. docs/deploying.md says what is proved, and how.

const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const TOPIC = 'gcp:pubsub/topic:Topic';
const WEEK = '604800s';
const MONTH = '2678400s';

/** The prober's resources besides grants and accounts. */
const PROBER_COUNTS = {
  'records:index:Prober': 1,
  'gcp:cloudrunv2/job:Job': 1,
  'gcp:cloudrunv2/jobIamMember:JobIamMember': 1,
  'gcp:cloudscheduler/job:Job': 1,
};

/** The resources that packages/monitoring describes. */
function monitoringCounts(isPublic: boolean): Record<string, number> {
  const limits = { billedGibPerHour: 100, listGibPerMonth: 3437, maxInstances: 1, uptimeCheck: '' };
  const has = { 'uptime check': isPublic, prober: true, sweep: false };
  const policies = policiesFor(limits).filter(({ needs }) => needs === undefined || has[needs]);
  return {
    'records:index:Monitoring': 1,
    'gcp:logging/metric:Metric': LOG_METRICS.length,
    'gcp:monitoring/customService:CustomService': 1,
    'gcp:monitoring/slo:Slo': OBJECTIVES.length,
    'gcp:monitoring/alertPolicy:AlertPolicy': policies.length,
    'gcp:monitoring/dashboard:Dashboard': 2,
    ...(isPublic ? { 'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': 1 } : {}),
  };
}

describe.each(STACKS)('stack %s', (stack) => {
  const expected = EXPECTED[stack];
  const project = projectOf(stack);
  const labels = { system: 'records', stack };
  const messageStoragePolicy = { allowedPersistenceRegions: [REGION] };
  let plan: Plan;

  beforeAll(async () => {
    plan = await planOf(stack);
  });

  it('declares exactly these resources', () => {
    const counts = Map.groupBy(plan.resources, ({ type }) => type);
    expect(Object.fromEntries([...counts].map(([type, { length }]) => [type, length]))).toEqual({
      'pulumi:pulumi:Stack': 1,
      'records:index:Warehouse': 1,
      'records:index:ApiKeys': 1,
      ...(expected.hasProber ? PROBER_COUNTS : {}),
      'gcp:secretmanager/secret:Secret': 1,
      'gcp:secretmanager/secretIamMember:SecretIamMember': 1,
      'records:index:Analytics': 1,
      'gcp:bigquery/datasetAccess:DatasetAccess': 2,
      'records:index:Ingestion': 1,
      'records:index:Privacy': 1,
      'records:index:RecordsApi': 1,
      'gcp:bigquery/dataset:Dataset': 3,
      'gcp:bigquery/datasetIamMember:DatasetIamMember': 1 + expected.analysts.length,
      'gcp:projects/iAMCustomRole:IAMCustomRole': 2,
      'gcp:bigquery/table:Table': 4 + (expected.hasProber ? 1 : 0),
      'gcp:pubsub/schema:Schema': 1,
      'gcp:pubsub/topic:Topic': 2 + (expected.hasProber ? 1 : 0),
      'gcp:pubsub/subscription:Subscription': 2 + (expected.hasProber ? 1 : 0),
      'gcp:projects/serviceIdentity:ServiceIdentity': 1,
      'gcp:bigquery/iamMember:IamMember': expected.hasProber ? 5 : 3,
      'gcp:pubsub/topicIAMMember:TopicIAMMember': (expected.hasProber ? 2 : 1) + expected.publishers.length,
      'gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember': 1,
      'gcp:serviceaccount/account:Account': expected.hasProber ? 3 : 1,
      'gcp:projects/iAMMember:IAMMember': (expected.hasProber ? 2 : 1) + expected.analysts.length,
      'gcp:cloudrunv2/service:Service': 1,
      'gcp:logging/projectExclusion:ProjectExclusion': 1,
      ...(expected.hasProber && !expected.isPublic
        ? { 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': 1 }
        : {}),
      ...(expected.isMonitored ? monitoringCounts(expected.isPublic) : {}),
    });
  });

  it('keeps the records in one clustered table in the region', () => {
    expect(inputsByName(plan, 'gcp:bigquery/dataset:Dataset').records).toEqual({
      datasetId: 'records',
      description: expect.any(String),
      location: REGION,
      maxTimeTravelHours: '168',
      ...(!expected.deletionProtection && { deleteContentsOnDestroy: true }),
      labels,
    });
    const table = resourceOf(plan, 'gcp:bigquery/table:Table', 'records');
    expect(table.inputs).toEqual({
      datasetId: 'records',
      tableId: 'records',
      description: expect.any(String),
      schema: JSON.stringify(bigQueryColumns),
      clusterings: ['id'],
      deletionProtection: expected.deletionProtection,
      labels,
    });
    expect(dependenciesOf(plan, table)).toEqual(['records']);
  });

  it('keeps lists in a dataset of their own in the region, whose tables delete themselves', () => {
    expect(inputsByName(plan, 'gcp:bigquery/dataset:Dataset')['records-scratch']).toEqual({
      datasetId: 'records_scratch',
      description: expect.any(String),
      location: REGION,
      defaultTableExpirationMs: 24 * 60 * 60 * 1000,
      deleteContentsOnDestroy: true,
      labels,
    });
  });

  it('refuses malformed messages at publish by the schema of the topic', () => {
    expect(inputsByName(plan, 'gcp:pubsub/schema:Schema')).toEqual({
      records: { name: 'records', type: 'AVRO', definition: avroDefinition },
    });
    expect(inputsByName(plan, TOPIC).records).toEqual({
      name: 'records',
      schemaSettings: { schema: `projects/${project}/schemas/records`, encoding: 'JSON' },
      messageRetentionDuration: WEEK,
      messageStoragePolicy,
      labels,
    });
  });

  it('writes into the table and retries for a week', () => {
    expect(inputsByName(plan, SUBSCRIPTION)['records-to-bigquery']).toEqual({
      name: 'records-to-bigquery',
      topic: `projects/${project}/topics/records`,
      bigqueryConfig: { table: `${project}.records.records`, useTopicSchema: true },
      deadLetterPolicy: {
        deadLetterTopic: `projects/${project}/topics/records-dead-letters`,
        maxDeliveryAttempts: 5,
      },
      messageRetentionDuration: WEEK,
      expirationPolicy: { ttl: '' },
      labels,
    });
  });

  it('keeps dead letters for a month, in a subscription that never expires', () => {
    expect(inputsByName(plan, TOPIC)['records-dead-letters']).toEqual({
      name: 'records-dead-letters',
      messageStoragePolicy,
      labels,
    });
    expect(inputsByName(plan, SUBSCRIPTION)['records-dead-letters']).toEqual({
      name: 'records-dead-letters',
      topic: `projects/${project}/topics/records-dead-letters`,
      ackDeadlineSeconds: 60,
      messageRetentionDuration: MONTH,
      expirationPolicy: { ttl: '' },
      labels,
    });
  });

  it('commits a revision of the schema after the table has the new column', () => {
    const schema = resourceOf(plan, 'gcp:pubsub/schema:Schema', 'records');
    const table = resourceOf(plan, 'gcp:bigquery/table:Table', 'records');
    expect(schema.dependencies).toContain(table.urn);
    const probes = plan.resources.find(({ name, type }) => name === 'records-probes' && type === table.type);
    expect(probes !== undefined).toBe(expected.hasProber);
    if (probes) expect(schema.dependencies).toContain(probes.urn);
  });

  it('runs the API as declared', () => {
    const service = resourceOf(plan, 'gcp:cloudrunv2/service:Service', 'records-api');
    expect(service.inputs).toEqual({
      name: 'records-api',
      location: REGION,
      deletionProtection: expected.deletionProtection,
      ingress: 'INGRESS_TRAFFIC_ALL',
      ...(expected.isPublic && { invokerIamDisabled: true }),
      labels,
      scaling: {
        ...(expected.minInstances > 0 && { minInstanceCount: expected.minInstances }),
        maxInstanceCount: expected.maxInstances,
      },
      traffics: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
      template: {
        serviceAccount: `records-api@${project}.iam.gserviceaccount.com`,
        timeout: '3600s',
        maxInstanceRequestConcurrency: 80,
        containers: [
          {
            image: expect.stringMatching(
              stack === 'local' ? /^localhost\/records\/api:working-copy$/ : /@sha256:[0-9a-f]{64}$/,
            ),
            ports: { containerPort: 8080 },
            envs: [
              { name: 'NODE_OPTIONS', value: '--max-old-space-size=256 --max-semi-space-size=8' },
              { name: 'GOOGLE_CLOUD_PROJECT', value: project },
              { name: 'BIGQUERY_LOCATION', value: REGION },
              { name: 'RECORDS_TABLE', value: `${project}.records.records` },
              { name: 'AMENDMENTS_TABLE', value: `${project}.records.amendments` },
              { name: 'SCRATCH_DATASET', value: `${project}.records_scratch` },
              { name: 'LIST_GIB_PER_MONTH', value: stack === 'local' ? '114573426' : '3437' },
              { name: 'LOOKUP_GIB_PER_MONTH', value: expected.lookupGib },
              { name: 'LIST_TIME_PERCENT', value: '10' },
              { name: 'FRESHNESS_SECONDS', value: expected.freshnessSeconds },
              { name: 'LOG_LEVEL', value: expected.logLevel },
              { name: 'ANONYMOUS_REQUESTS_PER_MINUTE', value: stack === 'local' ? '1000000' : '600' },
              ...(stack === 'local' ? [{ name: 'API_KEYS_FILE', value: '/api-keys/keys.json' }] : []),
              // No proxy writes X-Forwarded-For on a laptop, so the API must not trust it.
              { name: 'TRUSTED_PROXIES', value: stack === 'local' ? '0' : '1' },
              { name: 'MAX_REQUESTS_IN_FLIGHT', value: '80' },
              ...(stack === 'local' ? [{ name: 'METRICS_PORT', value: '9464' }] : []),
            ],
            resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
            startupProbe: {
              httpGet: { path: '/health/ready' },
              periodSeconds: 1,
              timeoutSeconds: 1,
              failureThreshold: stack === 'local' ? 30 : 240,
            },
            livenessProbe: { httpGet: { path: '/health/live' }, periodSeconds: 10, timeoutSeconds: 2 },
            ...(stack === 'local' && { volumeMounts: [{ name: 'api-keys', mountPath: '/api-keys' }] }),
          },
        ],
        // At Google an operator creates the list first.
        ...(stack === 'local' && {
          volumes: [
            {
              name: 'api-keys',
              secret: { secret: 'records-api-keys', items: [{ version: 'latest', path: 'keys.json' }] },
            },
          ],
        }),
      },
    });
    expect(dependenciesOf(plan, service)).toEqual(
      expect.arrayContaining(
        ['data-viewer', 'job-user', 'keys-reader', 'list-writer'].map((grant) => `records-api-${grant}`),
      ),
    );
  });

  it('lets Google keep no line of a request that may name people, from the first request on', () => {
    const { name, filter } = UNKEPT_REQUESTS;
    expect(inputsByName(plan, 'gcp:logging/projectExclusion:ProjectExclusion')[name]).toMatchObject({
      name,
      filter,
    });
    const service = resourceOf(plan, 'gcp:cloudrunv2/service:Service', 'records-api');
    expect(dependenciesOf(plan, service)).toContain(name);
  });

  it('outputs where everything is', () => {
    expect(plan.outputs).toEqual({
      project,
      region: REGION,
      apiUrl: `https://records-api-123456789012.${REGION}.run.app`,
      topic: `projects/${project}/topics/records`,
      publishers: expected.publishers,
      analysts: expected.analysts,
      table: `${project}.records.records`,
      ...(expected.hasProber && {
        probeTopic: `projects/${project}/topics/records-probe`,
        probeTable: `${project}.records.probes`,
      }),
      amendments: `${project}.records.amendments`,
      scratch: `${project}.records_scratch`,
      deadLetterSubscription: `projects/${project}/subscriptions/records-dead-letters`,
      apiKeysSecret: `projects/${project}/secrets/records-api-keys`,
      revision: '[known after deployment]',
      image: PLATFORM.environment?.(stack).DEPLOY_IMAGE,
    });
  });
});
