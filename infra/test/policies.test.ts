import { describe, expect, it } from '@jest/globals';
import { judgeStacks, violationsOf } from '../plans/violations.ts';
import type { Resource, Stack } from '../policies/declaration.ts';
import { resourceRules, stackRules } from '../policies/rules.ts';
import { cachedPlan } from './support/plan-cache.ts';
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

interface Case {
  readonly type: string;
  readonly props: Record<string, unknown>;
  readonly stack?: Partial<Stack>;
}

const env = (name: string, value: unknown) => container({ envs: [{ name, value }] });
const container = (props: Record<string, unknown>) => ({ template: { containers: [props] } });
const subscription = (props: Record<string, unknown>) => ({
  expirationPolicy: { ttl: '' },
  labels: LABELS,
  ...props,
});

/** For each rule what it lets pass, and what it must not. */
const CASES: Record<string, { readonly good: Case[]; readonly bad: Case[] }> = {
  'no-basic-roles': {
    good: [{ type: GRANT, props: { role: 'roles/bigquery.jobUser', member: ANA } }],
    bad: [
      { type: GRANT, props: { role: 'roles/editor', member: ANA } },
      { type: BINDING, props: { role: 'roles/owner', members: [ANA] } },
      {
        type: POLICY,
        props: { policyData: JSON.stringify({ bindings: [{ role: 'roles/viewer', members: [ANA] }] }) },
      },
    ],
  },
  'nothing-open-to-anybody': {
    good: [
      { type: INVOKER, props: { role: 'roles/run.invoker', member: 'allUsers' } },
      {
        type: INVOKER,
        props: { role: 'roles/run.invoker', member: 'allUsers' },
        stack: { access: 'load-balancer' },
      },
      { type: INVOKER, props: { role: 'roles/run.invoker', member: ANA }, stack: { access: 'private' } },
    ],
    bad: [
      {
        type: INVOKER,
        props: { role: 'roles/run.invoker', member: 'allUsers' },
        stack: { access: 'private' },
      },
      {
        type: INVOKER,
        props: { role: 'roles/run.invoker', member: 'allUsers' },
        stack: { access: undefined },
      },
      { type: INVOKER, props: { role: 'roles/run.invoker', member: 'allAuthenticatedUsers' } },
      { type: INVOKER, props: { role: 'roles/run.admin', member: 'allUsers' } },
      { type: GRANT, props: { role: 'roles/run.invoker', member: 'allUsers' } },
      { type: TOPIC, props: { role: 'roles/pubsub.publisher', members: [ANA, 'allUsers'] } },
    ],
  },
  'no-service-account-keys': {
    good: [{ type: 'gcp:serviceaccount/account:Account', props: {} }],
    bad: [{ type: 'gcp:serviceaccount/key:Key', props: {} }],
  },
  'no-open-datasets': {
    good: [
      { type: DATASET, props: { accesses: [{ specialGroup: 'projectOwners' }] } },
      { type: 'gcp:bigquery/datasetAccess:DatasetAccess', props: { userByEmail: 'ana@example.com' } },
    ],
    bad: [
      { type: DATASET, props: { accesses: [{ specialGroup: 'allAuthenticatedUsers' }] } },
      { type: DATASET, props: { accesses: [{ iamMember: 'allUsers' }] } },
      { type: 'gcp:bigquery/datasetAccess:DatasetAccess', props: { iamMember: 'allUsers' } },
    ],
  },
  'production-data-is-protected': {
    good: [
      { type: TABLE, props: { deletionProtection: true } },
      { type: TABLE, props: { deletionProtection: false }, stack: { name: 'dev' } },
      { type: DATASET, props: { deleteContentsOnDestroy: false } },
    ],
    bad: [
      { type: TABLE, props: { deletionProtection: false } },
      { type: TABLE, props: {} },
      { type: DATASET, props: { deleteContentsOnDestroy: true } },
    ],
  },
  'subscriptions-never-expire': {
    good: [{ type: SUBSCRIPTION, props: { expirationPolicy: { ttl: '' } } }],
    bad: [
      { type: SUBSCRIPTION, props: {} },
      { type: SUBSCRIPTION, props: { expirationPolicy: { ttl: '2678400s' } } },
    ],
  },
  labelled: {
    good: [{ type: TOPIC, props: { labels: { ...LABELS, team: 'data' } } }],
    bad: [
      { type: TOPIC, props: {} },
      { type: SERVICE, props: { labels: { system: 'records' } } },
      { type: BUCKET, props: { labels: { ...LABELS, stack: 'dev' } } },
    ],
  },
  'in-the-region': {
    good: [
      { type: DATASET, props: { location: 'southamerica-west1' } },
      {
        type: TOPIC,
        props: { messageStoragePolicy: { allowedPersistenceRegions: ['southamerica-west1'] } },
      },
      { type: SERVICE, props: { location: 'global' } },
      { type: TABLE, props: {} },
    ],
    bad: [
      { type: DATASET, props: { location: 'US' } },
      { type: SERVICE, props: { location: 'us-central1' } },
      { type: 'gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup', props: { region: 'x' } },
      { type: TOPIC, props: {} },
      {
        type: TOPIC,
        props: { messageStoragePolicy: { allowedPersistenceRegions: ['southamerica-west1', 'us-east1'] } },
      },
    ],
  },
  'images-by-digest': {
    good: [
      { type: SERVICE, props: container({ image: `host/records/api@${DIGEST}` }) },
      { type: SERVICE, props: container({ image: 'localhost/records/api:working-copy' }) },
    ],
    bad: [
      { type: SERVICE, props: container({ image: 'host/records/api:latest' }) },
      { type: SERVICE, props: container({ image: 'host/records/api' }) },
    ],
  },
  'no-plain-secrets': {
    good: [
      { type: SERVICE, props: env('LOG_LEVEL', 'info') },
      {
        type: SERVICE,
        props: container({ envs: [{ name: 'DB_PASSWORD', valueSource: { secretKeyRef: {} } }] }),
      },
    ],
    bad: [
      { type: SERVICE, props: env('DB_PASSWORD', 'hunter2') },
      { type: SERVICE, props: env('API_KEY', 'x') },
      { type: SERVICE, props: env('MAPS', `AIza${'x'.repeat(35)}`) },
      { type: SERVICE, props: env('ACCOUNT', '-----BEGIN PRIVATE KEY-----\n…') },
    ],
  },
  'buckets-are-closed': {
    good: [
      {
        type: BUCKET,
        props: {
          uniformBucketLevelAccess: true,
          publicAccessPrevention: 'enforced',
          versioning: { enabled: true },
        },
      },
    ],
    bad: [
      { type: BUCKET, props: { uniformBucketLevelAccess: true, publicAccessPrevention: 'enforced' } },
      { type: BUCKET, props: { uniformBucketLevelAccess: true, versioning: { enabled: true } } },
      { type: BUCKET, props: { publicAccessPrevention: 'enforced', versioning: { enabled: true } } },
    ],
  },
  'federation-by-number': {
    good: [{ type: PROVIDER, props: { attributeCondition: "assertion.repository_id == '2002'" } }],
    bad: [
      { type: PROVIDER, props: {} },
      { type: PROVIDER, props: { attributeCondition: "assertion.repository == 'owner/name'" } },
    ],
  },
};

describe.each(resourceRules)('the rule $name', ({ name, check }) => {
  const { good = [], bad = [] } = CASES[name] ?? {};
  const judge = ({ type, props, stack }: Case) => check({ type, name: 'it', props }, { ...PROD, ...stack });

  it('lets the good cases pass', () => {
    expect(good).not.toEqual([]);
    expect(good.filter((candidate) => judge(candidate).length > 0)).toEqual([]);
  });

  it('stops each bad case', () => {
    expect(bad).not.toEqual([]);
    expect(bad.filter((candidate) => judge(candidate).length === 0)).toEqual([]);
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

  it('lets a dead-letter topic with a subscription pass', () => {
    expect(messages([source, sink])).toEqual([]);
    expect(messages([source, { ...sink, props: subscription({ topic: 'dead' }) }])).toEqual([]);
  });

  it('stops one without', () => {
    expect(messages([source])).toEqual([
      'sends dead letters to projects/p/topics/dead, which has no subscription: declare one',
    ]);
  });
});

it('the rule labelled holds for everything that a stack labels', async () => {
  const plans = await Promise.all([planOf('prod', EVERYTHING), planBootstrap()]);
  const labelled = plans.flatMap(({ resources }) => resources.filter(({ inputs }) => 'labels' in inputs));
  expect(labelled.length).toBeGreaterThan(10);
  const bare = labelled.map((resource) => ({ ...resource, inputs: { ...resource.inputs, labels: {} } }));
  const stopped = violationsOf({ resources: bare }, PROD).filter((text) => text.startsWith('labelled: '));
  expect(bare.filter(({ name }) => !stopped.some((text) => text.includes(` ${name} `)))).toEqual([]);
}, 120_000);

it('a violation names the rule, the resource and the way out', () => {
  const resources = [
    {
      urn: '',
      type: GRANT,
      name: 'records-api-job-user',
      parent: undefined,
      inputs: { role: 'roles/editor', member: ANA },
      dependencies: [],
      notEmulated: {},
    },
  ];
  expect(violationsOf({ resources }, PROD)).toEqual([
    'no-basic-roles: records-api-job-user grants the basic role roles/editor to user:ana@example.com: grant a predefined role',
  ]);
});

it('every stack is judged, as it is configured', async () => {
  const judgements = await judgeStacks(cachedPlan);
  expect(judgements.map(({ name }) => name)).toEqual(['local', 'dev', 'staging', 'prod', 'bootstrap']);
  for (const { resources, violations } of judgements) {
    expect(resources).toBeGreaterThan(10);
    expect(violations).toEqual([]);
  }
}, 240_000);
