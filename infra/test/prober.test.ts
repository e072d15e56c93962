import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import {
  dependenciesOf,
  EVERYTHING,
  inputsByName,
  PUBSUB_AGENT,
  planOf,
  REGION,
  resourceOf,
} from './support/plans.ts';

const JOB = 'gcp:cloudrunv2/job:Job';
const SCHEDULE = 'gcp:cloudscheduler/job:Job';
const accountOf = (name: string) => `${name}@example-staging.iam.gserviceaccount.com`;

let planned: Plan;

beforeAll(async () => {
  planned = await planOf('staging');
});

/** Role and target of each grant to an account. */
function grantsTo(plan: Plan, member: string): Record<string, unknown>[] {
  return plan.resources
    .filter(({ inputs }) => inputs.member === `serviceAccount:${member}`)
    .map(({ inputs: { member: _, ...grant } }) => grant);
}

describe('the prober of a private stack', () => {
  it('may only publish to its topic, read its table, run queries and call the API', () => {
    expect(grantsTo(planned, accountOf('records-probe'))).toEqual([
      { datasetId: 'records', tableId: 'probes', role: 'roles/bigquery.dataViewer' },
      { name: 'records-api', location: REGION, role: 'roles/run.invoker' },
      { project: 'example-staging', role: 'roles/bigquery.jobUser' },
      { topic: 'projects/example-staging/topics/records-probe', role: 'roles/pubsub.publisher' },
    ]);
  });

  it('has a path of its own beside the records, made like theirs, whose probes never count late', () => {
    const of = (type: string, name: string) => resourceOf(planned, type, name).inputs;
    const records = of('gcp:bigquery/table:Table', 'records');
    expect(of('gcp:bigquery/table:Table', 'records-probes')).toMatchObject({
      datasetId: records.datasetId,
      tableId: 'probes',
      schema: records.schema,
      deletionProtection: records.deletionProtection,
    });
    const { schemaSettings, messageStoragePolicy } = of('gcp:pubsub/topic:Topic', 'records');
    expect(of('gcp:pubsub/topic:Topic', 'records-probe')).toMatchObject({
      schemaSettings,
      messageStoragePolicy,
    });
    const subscription = resourceOf(
      planned,
      'gcp:pubsub/subscription:Subscription',
      'records-probe-to-bigquery',
    );
    expect(subscription.inputs).toMatchObject({
      topic: 'projects/example-staging/topics/records-probe',
      bigqueryConfig: { table: 'example-staging.records.probes', useTopicSchema: true },
      messageRetentionDuration: '600s',
    });
    expect(grantsTo(planned, PUBSUB_AGENT.replace('serviceAccount:', ''))).toContainEqual({
      datasetId: 'records',
      tableId: 'probes',
      role: 'roles/bigquery.dataEditor',
    });
    expect(dependenciesOf(planned, subscription)).toContain('records-probe-table-writer');
  });

  it('is started every five minutes by an account that may only run this job', () => {
    expect(grantsTo(planned, accountOf('records-probe-starter'))).toEqual([
      { name: 'records-probe', location: REGION, role: 'roles/run.invoker' },
    ]);
    expect(resourceOf(planned, SCHEDULE, 'records-probe').inputs).toMatchObject({
      // The stack's region has no Cloud Scheduler: https://docs.cloud.google.com/scheduler/docs/locations
      region: 'southamerica-east1',
      schedule: '*/5 * * * *',
      httpTarget: {
        httpMethod: 'POST',
        uri: `https://run.googleapis.com/v2/projects/example-staging/locations/${REGION}/jobs/records-probe:run`,
        oauthToken: { serviceAccountEmail: accountOf('records-probe-starter') },
      },
    });
  });

  it('runs the image of the API once, after its grants, and ends before the next run', () => {
    const job = resourceOf(planned, JOB, 'records-probe');
    const { template } = (job.inputs as { template: { template: Record<string, unknown> } }).template;
    const service = resourceOf(planned, 'gcp:cloudrunv2/service:Service', 'records-api').inputs as {
      template: { containers: { image: string }[] };
    };
    expect(template).toMatchObject({
      serviceAccount: accountOf('records-probe'),
      timeout: '240s',
      maxRetries: 0,
    });
    expect(template.containers).toMatchObject([
      { image: service.template.containers[0]?.image, args: ['probe.js'] },
    ]);
    const grants = planned.resources.filter(
      ({ inputs }) => inputs.member === `serviceAccount:${accountOf('records-probe')}`,
    );
    expect(job.dependencies).toEqual(expect.arrayContaining(grants.map(({ urn }) => urn)));
  });
});

it('the prober of an open API has no grant to call it', async () => {
  const prod = await planOf('prod', EVERYTHING);
  expect(inputsByName(prod, 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember')).toEqual({});
});

it('a stack without the prober declares none of its resources', async () => {
  const dev = await planOf('dev');
  expect(dev.resources.filter(({ name }) => name.startsWith('records-probe'))).toEqual([]);
});
