import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '@records/local-cloud';
import { EXPECTED } from './support/expected-stacks.ts';
import {
  dependenciesOf,
  inputsByName,
  PUBSUB_AGENT,
  planOf,
  projectOf,
  resourceOf,
  STACKS,
} from './support/plans.ts';

const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const ANALYSTS = 'group:analysts@example.com';
const OFFICERS = 'group:privacy@example.com';
const TOPIC_GRANT = 'gcp:pubsub/topicIAMMember:TopicIAMMember';

describe.each(STACKS)('the grants of stack %s', (stack) => {
  const expected = EXPECTED[stack];
  const project = projectOf(stack);
  let plan: Plan;
  /** With analysts and privacy officers. */
  let peopled: Plan;

  beforeAll(async () => {
    plan = await planOf(stack);
    peopled = await planOf(stack, {
      analysts: JSON.stringify([ANALYSTS]),
      privacyOfficers: JSON.stringify([OFFICERS]),
    });
  });

  it('lets only named members publish', () => {
    const topic = `projects/${project}/topics/records`;
    const grants = Object.values(inputsByName(plan, TOPIC_GRANT)).filter((grant) => grant.topic === topic);
    expect(grants.sort((a, b) => (String(a.member) < String(b.member) ? -1 : 1))).toEqual(
      expected.publishers.map((member) => ({ topic, role: 'roles/pubsub.publisher', member })),
    );
  });

  it("grants Pub/Sub's own account the roles for delivery and dead letters", () => {
    expect(inputsByName(plan, 'gcp:bigquery/iamMember:IamMember')).toMatchObject({
      'records-table-writer': {
        datasetId: 'records',
        tableId: 'records',
        role: 'roles/bigquery.dataEditor',
        member: PUBSUB_AGENT,
      },
    });
    expect(inputsByName(plan, TOPIC_GRANT)).toMatchObject({
      'records-dead-letter-publisher': {
        topic: `projects/${project}/topics/records-dead-letters`,
        role: 'roles/pubsub.publisher',
        member: PUBSUB_AGENT,
      },
    });
    expect(inputsByName(plan, 'gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember')).toEqual({
      'records-dead-letter-forwarder': {
        subscription: `projects/${project}/subscriptions/records-to-bigquery`,
        role: 'roles/pubsub.subscriber',
        member: PUBSUB_AGENT,
      },
    });
  });

  it('creates the subscription after the grants that Pub/Sub checks', () => {
    const subscription = resourceOf(plan, SUBSCRIPTION, 'records-to-bigquery');
    expect(dependenciesOf(plan, subscription)).toEqual(
      expect.arrayContaining(['records-dead-letter-publisher', 'records-table-writer']),
    );
  });

  it('lets the API only run queries, read two tables and one secret, and keep lists in one dataset', () => {
    const member = `serviceAccount:records-api@${project}.iam.gserviceaccount.com`;
    const grants = plan.resources.filter(({ inputs }) => inputs.member === member);
    expect(Object.fromEntries(grants.map(({ name, inputs }) => [name, inputs]))).toEqual({
      'records-api-job-user': { project, role: 'roles/bigquery.jobUser', member },
      'records-api-data-viewer': {
        ...{ datasetId: 'records', tableId: 'records' },
        role: 'roles/bigquery.dataViewer',
        member,
      },
      'records-api-amendments-viewer': {
        ...{ datasetId: 'records', tableId: 'amendments' },
        role: 'roles/bigquery.dataViewer',
        member,
      },
      'records-api-list-writer': {
        datasetId: 'records_scratch',
        role: `projects/${project}/roles/recordsListWriter`,
        member,
      },
      'records-api-keys-reader': {
        secretId: 'records-api-keys',
        role: 'roles/secretmanager.secretAccessor',
        member,
      },
    });
  });

  it('lets a writer of lists make tables, keep them longer and read them, and nothing else', () => {
    expect(
      resourceOf(plan, 'gcp:projects/iAMCustomRole:IAMCustomRole', 'records-api-list-writer').inputs,
    ).toMatchObject({
      roleId: 'recordsListWriter',
      permissions: ['create', 'get', 'getData', 'update', 'updateData'].map(
        (name) => `bigquery.tables.${name}`,
      ),
    });
  });

  it('lets analysts run queries and read the dataset of views, and nothing else', () => {
    const member = ANALYSTS;
    const grants = peopled.resources
      .filter(({ inputs }) => inputs.member === member)
      .map(({ inputs }) => inputs);
    expect(grants).toHaveLength(2);
    expect(grants).toEqual(
      expect.arrayContaining([
        { datasetId: 'records_analytics', role: 'roles/bigquery.dataViewer', member },
        { project, role: 'roles/bigquery.jobUser', member },
      ]),
    );
  });

  it('lets privacy officers change rows of two tables, count lists, query and read dead letters, the sweep change those of one, and neither anything else', () => {
    const member = OFFICERS;
    const role = `projects/${project}/roles/recordsPrivacyOfficer`;
    const grants = peopled.resources.filter(({ inputs }) => inputs.member === member);
    expect(Object.fromEntries(grants.map(({ name, inputs }) => [name, inputs]))).toEqual({
      [`records-privacy-records-${member}`]: { datasetId: 'records', tableId: 'records', role, member },
      [`records-privacy-amendments-${member}`]: { datasetId: 'records', tableId: 'amendments', role, member },
      [`records-privacy-lists-${member}`]: {
        datasetId: 'records_scratch',
        role: 'roles/bigquery.metadataViewer',
        member,
      },
      [`records-privacy-job-user-${member}`]: { project, role: 'roles/bigquery.jobUser', member },
      [`records-privacy-dead-letters-${member}`]: {
        subscription: `projects/${project}/subscriptions/records-dead-letters`,
        role: 'roles/pubsub.subscriber',
        member,
      },
    });
    const sweep = `serviceAccount:records-sweep@${project}.iam.gserviceaccount.com`;
    const ofSweep = peopled.resources.filter(({ inputs }) => inputs.member === sweep);
    expect(
      Object.fromEntries(ofSweep.map(({ name, inputs: { member: _, ...inputs } }) => [name, inputs])),
    ).toEqual({
      'records-sweep-records': { datasetId: 'records', tableId: 'records', role },
      'records-sweep-amendments': {
        ...{ datasetId: 'records', tableId: 'amendments', role: 'roles/bigquery.dataViewer' },
      },
      'records-sweep-job-user': { project, role: 'roles/bigquery.jobUser' },
    });
    expect(
      resourceOf(peopled, 'gcp:projects/iAMCustomRole:IAMCustomRole', 'records-privacy-officer').inputs,
    ).toMatchObject({
      permissions: ['get', 'getData', 'updateData'].map((name) => `bigquery.tables.${name}`),
    });
  });

  it('tells somebody when the sweep fails, where it is monitored and there is a sweep', () => {
    const policies = (of: Plan) => inputsByName(of, 'gcp:monitoring/alertPolicy:AlertPolicy');
    const isMonitored = 'dead-letters' in policies(plan);
    expect('sweep-failing' in policies(peopled)).toBe(isMonitored);
    expect(policies(plan)).not.toHaveProperty('sweep-failing');
  });

  it('lets the views, and no other, read the records for those who may read the views', () => {
    expect(inputsByName(plan, 'gcp:bigquery/datasetAccess:DatasetAccess')).toEqual(
      Object.fromEntries(
        ['conflicts', 'records'].map((tableId) => [
          `records-analytics-${tableId}`,
          { datasetId: 'records', view: { projectId: project, datasetId: 'records_analytics', tableId } },
        ]),
      ),
    );
  });

  it(
    expected.isPublic ? 'lets anybody call the API, without a grant' : 'lets only named members call the API',
    () => {
      const { invokerIamDisabled } = resourceOf(plan, 'gcp:cloudrunv2/service:Service', 'records-api').inputs;
      expect(invokerIamDisabled).toBe(expected.isPublic || undefined);
      expect(inputsByName(plan, 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember')).toEqual(
        expected.hasProber && !expected.isPublic
          ? { 'records-probe-invoker': expect.objectContaining({ role: 'roles/run.invoker' }) }
          : {},
      );
    },
  );
});
