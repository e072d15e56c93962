import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { changed, ingestion } from './declarations.ts';
import {
  type Declarations,
  deploy,
  locatedProblemsOf,
  openCloud,
  planOf,
  problemsOf,
  stepsOf,
} from './test-cloud.ts';

let cloud: LocalCloud;
beforeEach(async () => {
  cloud = await openCloud();
});
afterEach(() => cloud.close());

const { topic: _, ...withoutTopic } = ingestion.subscription.inputs;

/** A mistake of each kind. The table depends on one wrong resource, the subscription on several. */
const mistaken = {
  dataset: changed(ingestion.dataset, { locaton: 'US', defaultTableExpirationMs: 1 }),
  table: changed(ingestion.table, { clusterings: 'id' }),
  topic: changed(ingestion.topic, { schemaSettings: { schema: 's', encoding: 'XML' } }),
  subscription: {
    type: 'pubsub.Subscription',
    inputs: {
      ...withoutTopic,
      pushConfig: { pushEndpoint: 'https://example.com' },
      labels: { of: '<topic.id>' },
    },
  },
  account: { type: 'serviceaccount.Account', inputs: { accountId: 'X' } },
  early: { type: 'pubsub.Topic', inputs: { name: 'early' } },
  later: { type: 'pubsub.Topic', inputs: { name: 'later' }, dependsOn: ['early'] },
} satisfies Declarations;

const PROBLEMS = [
  'gcp:bigquery/dataset:Dataset "dataset", property "defaultTableExpirationMs": must be 3600000 or more, not 1',
  'gcp:bigquery/dataset:Dataset "dataset", property "locaton": is not known here: did you mean "location"?',
  'gcp:bigquery/table:Table "table", property "clusterings": must be a list, not "id"',
  'gcp:pubsub/subscription:Subscription "subscription", property "topic": is required: text',
  'gcp:pubsub/subscription:Subscription "subscription": takes at most one of bigqueryConfig, cloudStorageConfig or pushConfig, and bigqueryConfig and pushConfig are given',
  'gcp:pubsub/topic:Topic "topic", property "schemaSettings.encoding": must be "ENCODING_UNSPECIFIED", "JSON" or "BINARY", not "XML"',
  'gcp:serviceaccount/account:Account "account", property "accountId": must be 6 to 30 lower-case letters, digits and dashes that start with a letter, not "X"',
];

describe('a program with mistakes', () => {
  it('is refused by a preview with all of them at once, whatever depends on what', async () => {
    expect((await problemsOf(planOf(mistaken))).sort()).toEqual(PROBLEMS);
  });

  it('is refused by a deployment with all of them at once, and nothing after the first is applied', async () => {
    const pushes = /pushConfig": the local cloud cannot do this/;
    const problems = await problemsOf(deploy(cloud, mistaken));
    expect(problems.filter((line) => !pushes.test(line)).sort()).toEqual(PROBLEMS);
    const later = cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/later' });
    await expect(later).rejects.toThrow('not found');
  });

  it('is refused with the line that declares each resource', async () => {
    const lines = await locatedProblemsOf(planOf(mistaken));
    expect(lines.filter((line) => !/programs\/declared\/index\.ts:26: gcp:/.test(line))).toEqual([]);
  });

  it('changes nothing of a stack that is in use', async () => {
    const { dataset, topic } = ingestion;
    await deploy(cloud, { dataset, topic });
    const changedFirst = { topic: changed(topic, { labels: { team: 'shop' } }), dataset: mistaken.dataset };
    expect(await problemsOf(deploy(cloud, changedFirst))).toHaveLength(2);
    const found = await cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/orders' });
    expect(found).toMatchObject({ labels: {} });
    expect(stepsOf(await deploy(cloud, { dataset, topic }))).toEqual(['same dataset', 'same topic']);
  });
});

describe('a change that Google cannot make in place', () => {
  const bucket = (inputs: Record<string, unknown>, options: Record<string, unknown> = {}): Declarations => ({
    bucket: { type: 'storage.Bucket', inputs: { name: 'states', location: 'US', ...inputs }, options },
  });

  it('is shown as a replacement, also of a resource that is not emulated', async () => {
    const settings = (profile: string, name: string): Declarations => ({
      tls: { type: 'compute.SSLPolicy', inputs: { name, profile } },
    });
    await deploy(cloud, settings('MODERN', 'tls'));
    expect(stepsOf(await deploy(cloud, settings('RESTRICTED', 'tls')))).toEqual(['update tls']);
    expect(stepsOf(await deploy(cloud, settings('RESTRICTED', 'tls-2')))).toEqual(['replace tls']);
  });

  it('is refused when it would lose data at Google, or the resource is protected', async () => {
    await deploy(cloud, bucket({}));
    expect(await problemsOf(deploy(cloud, bucket({ location: 'EU' })))).toEqual([
      'gcp:storage/bucket:Bucket "bucket", property "location": location cannot be changed, so this change would replace the resource and lose its objects. Undo it, or start with --fresh, which empties the local cloud.',
    ]);
    await deploy(cloud, bucket({}, { protect: true }));
    expect(await problemsOf(deploy(cloud, bucket({ location: 'EU' }, { protect: true })))).toEqual([
      'gcp:storage/bucket:Bucket "bucket": is protected, and this deployment would replace it. Remove protect, deploy, and then try again.',
    ]);
  });
});
