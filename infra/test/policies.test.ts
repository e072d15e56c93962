import { describe, expect, it } from '@jest/globals';
import { type Resource, type Stack, UNKNOWN } from '../policies/declaration.ts';
import { violationsOf, violationsTogether } from '../policies/judge.ts';
import { resourceRules, stackRules } from '../policies/rules.ts';
import { EVERYTHING, planBootstrap, planOf } from './support/plans.ts';

const PROD: Stack = { name: 'prod', region: 'southamerica-west1', access: 'public' };
const LABELS = { system: 'records', stack: 'prod' };
const DIGEST = `sha256:${'a'.repeat(64)}`;

const SERVICE = 'gcp:cloudrunv2/service:Service';
const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const TABLE = 'gcp:bigquery/table:Table';
const DATASET = 'gcp:bigquery/dataset:Dataset';
const TOPIC = 'gcp:pubsub/topic:Topic';
const BUCKET = 'gcp:storage/bucket:Bucket';
const GRANT = 'gcp:projects/iAMMember:IAMMember';
const BINDING = 'gcp:projects/iAMBinding:IAMBinding';
const POLICY = 'gcp:projects/iAMPolicy:IAMPolicy';
const INVOKER = 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember';
const PROVIDER = 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider';

const ANA = 'user:ana@example.com';

type Case = readonly [type: string, props: Record<string, unknown>, stack?: Partial<Stack>];

const env = (name: string, value: unknown) => container({ envs: [{ name, value }] });
const container = (props: Record<string, unknown>) => ({ template: { containers: [props] } });
const subscription = (props: Record<string, unknown>) => ({
  expirationPolicy: { ttl: '' },
  labels: LABELS,
  ...props,
});

/** The value with each of its parts unknown in turn. */
function unknowns(value: Record<string, unknown>): Record<string, unknown>[] {
  return Object.entries(value).flatMap(([key, part]) =>
    partly(part).map((instead) => ({ ...value, [key]: instead })),
  );
}

function partly(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return [UNKNOWN, ...value.flatMap((item, at) => partly(item).map((instead) => value.with(at, instead)))];
  }
  const isObject = typeof value === 'object' && value !== null;
  return [UNKNOWN, ...(isObject ? unknowns(value as Record<string, unknown>) : [])];
}

/** For each rule, cases that pass and cases that it stops. */
const CASES: Record<string, { readonly good: Case[]; readonly bad: Case[] }> = {
  'no-basic-roles': {
    good: [[GRANT, { role: 'roles/bigquery.jobUser', member: ANA }]],
    bad: [
      [GRANT, { role: 'roles/editor', member: ANA }],
      [BINDING, { role: 'roles/owner', members: [ANA] }],
      [POLICY, { policyData: JSON.stringify({ bindings: [{ role: 'roles/viewer', members: [ANA] }] }) }],
    ],
  },
  'nothing-open-to-anybody': {
    good: [
      [SERVICE, { invokerIamDisabled: true }],
      [SERVICE, { invokerIamDisabled: true }, { access: 'load-balancer' }],
      [SERVICE, { invokerIamDisabled: false }, { access: 'private' }],
      [INVOKER, { role: 'roles/run.invoker', member: ANA }, { access: 'private' }],
    ],
    bad: [
      [SERVICE, { invokerIamDisabled: true }, { access: 'private' }],
      [SERVICE, { invokerIamDisabled: true }, { access: undefined }],
      ['gcp:cloudrunv2/workerPool:WorkerPool', { invokerIamDisabled: true }],
      [INVOKER, { role: 'roles/run.invoker', member: 'allUsers' }],
      [INVOKER, { role: 'roles/run.invoker', member: 'allUsers' }, { access: 'load-balancer' }],
      [INVOKER, { role: 'roles/run.invoker', member: 'allAuthenticatedUsers' }],
      [INVOKER, { role: 'roles/run.admin', member: 'allUsers' }],
      [GRANT, { role: 'roles/run.invoker', member: 'allUsers' }],
      [TOPIC, { role: 'roles/pubsub.publisher', members: [ANA, 'allUsers'] }],
    ],
  },
  'no-service-account-keys': {
    good: [['gcp:serviceaccount/account:Account', {}]],
    bad: [['gcp:serviceaccount/key:Key', {}]],
  },
  'no-open-datasets': {
    good: [
      [DATASET, { accesses: [{ specialGroup: 'projectOwners' }] }],
      ['gcp:bigquery/datasetAccess:DatasetAccess', { userByEmail: 'ana@example.com' }],
    ],
    bad: [
      [DATASET, { accesses: [{ specialGroup: 'allAuthenticatedUsers' }] }],
      [DATASET, { accesses: [{ iamMember: 'allUsers' }] }],
      ['gcp:bigquery/datasetAccess:DatasetAccess', { iamMember: 'allUsers' }],
    ],
  },
  'production-data-is-protected': {
    good: [
      [TABLE, { deletionProtection: true }],
      [TABLE, { deletionProtection: false }, { name: 'dev' }],
      [DATASET, { deleteContentsOnDestroy: false }],
      [DATASET, { deleteContentsOnDestroy: true, defaultTableExpirationMs: 86_400_000 }],
    ],
    bad: [
      [TABLE, { deletionProtection: false }],
      [TABLE, {}],
      [DATASET, { deleteContentsOnDestroy: true }],
    ],
  },
  'subscriptions-never-expire': {
    good: [[SUBSCRIPTION, { expirationPolicy: { ttl: '' } }]],
    bad: [
      [SUBSCRIPTION, {}],
      [SUBSCRIPTION, { expirationPolicy: { ttl: '2678400s' } }],
    ],
  },
  labelled: {
    good: [[TOPIC, { labels: { ...LABELS, team: 'data' } }]],
    bad: [
      [TOPIC, {}],
      [SERVICE, { labels: { system: 'records' } }],
      [BUCKET, { labels: { ...LABELS, stack: 'dev' } }],
    ],
  },
  'in-the-region': {
    good: [
      [DATASET, { location: 'southamerica-west1' }],
      [TOPIC, { messageStoragePolicy: { allowedPersistenceRegions: ['southamerica-west1'] } }],
      [SERVICE, { location: 'global' }],
      [TABLE, {}],
    ],
    bad: [
      [DATASET, { location: 'US' }],
      [SERVICE, { location: 'us-central1' }],
      ['gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup', { region: 'x' }],
      [TOPIC, {}],
      [TOPIC, { messageStoragePolicy: { allowedPersistenceRegions: ['southamerica-west1', 'us-east1'] } }],
    ],
  },
  'images-by-digest': {
    good: [
      [SERVICE, container({ image: `host/records/api@${DIGEST}` })],
      [SERVICE, container({ image: 'localhost/records/api:working-copy' })],
    ],
    bad: [
      [SERVICE, container({ image: 'host/records/api:latest' })],
      [SERVICE, container({ image: 'host/records/api' })],
    ],
  },
  'no-plain-secrets': {
    good: [
      [SERVICE, env('LOG_LEVEL', 'info')],
      [SERVICE, container({ envs: [{ name: 'DB_PASSWORD', valueSource: { secretKeyRef: {} } }] })],
    ],
    bad: [
      [SERVICE, env('DB_PASSWORD', 'hunter2')],
      [SERVICE, env('API_KEY', 'x')],
      [SERVICE, env('MAPS', `AIza${'x'.repeat(35)}`)],
      [SERVICE, env('ACCOUNT', '-----BEGIN PRIVATE KEY-----\n…')],
    ],
  },
  'buckets-are-closed': {
    good: [
      [
        BUCKET,
        {
          uniformBucketLevelAccess: true,
          publicAccessPrevention: 'enforced',
          versioning: { enabled: true },
        },
      ],
    ],
    bad: [
      [BUCKET, { uniformBucketLevelAccess: true, publicAccessPrevention: 'enforced' }],
      [BUCKET, { uniformBucketLevelAccess: true, versioning: { enabled: true } }],
      [BUCKET, { publicAccessPrevention: 'enforced', versioning: { enabled: true } }],
    ],
  },
  'federation-by-number': {
    good: [[PROVIDER, { attributeCondition: "assertion.repository_id == '2002'" }]],
    bad: [
      [PROVIDER, {}],
      [PROVIDER, { attributeCondition: "assertion.repository == 'owner/name'" }],
    ],
  },
};

describe.each(resourceRules)('the rule $name', ({ name, check }) => {
  const { good = [], bad = [] } = CASES[name] ?? {};
  const judge = ([type, props, stack]: Case) => check({ type, name: 'it', props }, { ...PROD, ...stack });

  it('passes the good cases', () => {
    expect(good).not.toEqual([]);
    expect(good.filter((candidate) => judge(candidate).length > 0)).toEqual([]);
  });

  it('stops each bad case', () => {
    expect(bad).not.toEqual([]);
    expect(bad.filter((candidate) => judge(candidate).length === 0)).toEqual([]);
  });

  it('waits for values that a preview does not know', () => {
    const unknown = good.flatMap(([type, props, stack]) =>
      unknowns(props).map((instead): Case => (stack ? [type, instead, stack] : [type, instead])),
    );
    expect(unknown.filter((candidate) => judge(candidate).length > 0)).toEqual([]);
  });
});

describe('the rule dead-letters-are-kept', () => {
  const topic = (name: string) => `projects/p/topics/${name}`;
  const source = {
    type: SUBSCRIPTION,
    name: 'source',
    props: subscription({
      topic: topic('records'),
      deadLetterPolicy: { deadLetterTopic: topic('dead') },
    }),
  };
  const sink = { type: SUBSCRIPTION, name: 'sink', props: subscription({ topic: topic('dead') }) };
  const messages = (resources: Resource[]) =>
    stackRules.flatMap(({ checkAll }) => checkAll(resources).map(({ message }) => message));

  it('passes a dead-letter topic with a subscription', () => {
    expect(messages([source, sink])).toEqual([]);
    expect(messages([source, { ...sink, props: subscription({ topic: 'dead' }) }])).toEqual([]);
    expect(messages([source, { ...sink, props: subscription({ topic: UNKNOWN }) }])).toEqual([]);
  });

  it('stops a dead-letter topic without a subscription', () => {
    expect(messages([source])).toEqual([
      'sends dead letters to projects/p/topics/dead, which has no subscription: declare one',
    ]);
  });
});

it('the rule tables-do-not-expire stops a table in a dataset that deletes its tables', () => {
  const dataset = (props: object) => ({ type: DATASET, name: 'd', props: { datasetId: 'd', ...props } });
  const table = { type: TABLE, name: 't', props: { datasetId: 'd' } };
  const messages = (resources: Resource[]) =>
    stackRules.flatMap(({ checkAll }) => checkAll(resources).map(({ message }) => message));
  expect(messages([dataset({}), table])).toEqual([]);
  expect(messages([dataset({ defaultTableExpirationMs: 86_400_000 }), table])).toEqual([
    'is in d, which deletes its tables: declare it in another dataset',
  ]);
});

it('the rule labelled covers every resource that a stack labels', async () => {
  const plans = await Promise.all([planOf('prod', EVERYTHING), planBootstrap()]);
  const labelled = plans.flatMap(({ resources }) => resources.filter(({ inputs }) => 'labels' in inputs));
  expect(labelled.length).toBeGreaterThan(10);
  const bare = labelled.map(({ type, name, inputs }) => ({ type, name, props: { ...inputs, labels: {} } }));
  const isStopped = (resource: Resource) => violationsOf(resource, PROD).join().includes('labelled: ');
  expect(bare.filter((resource) => !isStopped(resource))).toEqual([]);
});

it('a violation names the rule, the resource and the fix', () => {
  const grant = { type: GRANT, name: 'records-api-job-user', props: { role: 'roles/editor', member: ANA } };
  expect(violationsOf(grant, PROD)).toEqual([
    `no-basic-roles: ${GRANT} "records-api-job-user" grants the basic role roles/editor to user:ana@example.com: grant a predefined role`,
  ]);
  expect(violationsTogether([grant])).toEqual([]);
});
