import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { changed, deadLettering, ingestion, subscription, tableGrant, without } from './declarations.ts';
import {
  AGENT,
  type Declaration,
  type Declarations,
  deploy,
  openCloud,
  planOf,
  problemsOf,
  stepsOf,
} from './test-cloud.ts';

const AGENT_EMAIL = AGENT.slice('serviceAccount:'.length);
const ACCOUNT_EMAIL = 'shop-api@test-project.iam.gserviceaccount.com';
const SERVICE = 'gcp:cloudrunv2/service:Service "service"';
const TABLE = 'projects/test-project/datasets/shop/tables';
const SUBSCRIPTION = 'gcp:pubsub/subscription:Subscription';
const needs = (name: string, table: string) =>
  `${SUBSCRIPTION} "${name}", property "bigqueryConfig.table": needs roles/bigquery.dataEditor for ${AGENT_EMAIL} on ${TABLE}/${table} before it is created`;

/** A subscription into a table of its own, so that no grant serves two. */
function into(table: string, declaration: Partial<Declaration> = {}): Declarations {
  const { topic: _, ...config } = subscription.inputs;
  return {
    [`${table}Table`]: changed(ingestion.table, { tableId: table }),
    [`${table}Subscription`]: {
      type: subscription.type,
      inputs: {
        ...config,
        name: `${table}-subscription`,
        topic: '<topic.id>',
        bigqueryConfig: {
          table: `test-project.<${table}Table.datasetId>.<${table}Table.tableId>`,
          useTableSchema: true,
        },
      },
      ...declaration,
    },
  };
}

function grantOn(table: string, declaration: Partial<Declaration> = {}): Declaration {
  const inputs = {
    ...tableGrant.inputs,
    datasetId: '<dataset.datasetId>',
    tableId: `<${table}Table.tableId>`,
  };
  return { ...tableGrant, inputs, ...declaration };
}

const reader = (topic: string): Declaration => ({
  type: 'pubsub.Subscription',
  inputs: { name: `reader-of-${topic.slice(topic.lastIndexOf('/') + 1)}`, topic },
});

/** Every way to rely on luck, in one program. */
const unlucky: Declarations = {
  dataset: ingestion.dataset,
  topic: ingestion.topic,
  ...into('racing'),
  racingGrant: grantOn('racing'),
  ...into('backwards'),
  backwardsGrant: grantOn('backwards', { dependsOn: ['backwardsSubscription'] }),
  ...into('nobody'),
  ...into('viewed', { dependsOn: [] }),
  viewedGrant: {
    ...grantOn('viewed'),
    inputs: { ...grantOn('viewed').inputs, role: 'roles/bigquery.dataViewer' },
  },
  byName: reader('orders'),
  byWrongName: reader('invoices'),
  // An account of another program: the local cloud cannot know whether it exists.
  outsideGrant: {
    type: 'pubsub.TopicIAMMember',
    inputs: {
      topic: '<topic.id>',
      role: 'roles/pubsub.publisher',
      member: 'serviceAccount:crm@test-project.iam.gserviceaccount.com',
    },
  },
  account: { type: 'serviceaccount.Account', inputs: { accountId: 'shop-api' } },
  accountGrant: {
    type: 'projects.IAMMember',
    inputs: {
      project: 'test-project',
      role: 'roles/bigquery.jobUser',
      member: `serviceAccount:${ACCOUNT_EMAIL}`,
    },
  },
  secret: { type: 'secretmanager.Secret', inputs: { secretId: 'keys', replication: { auto: {} } } },
  service: {
    type: 'cloudrunv2.Service',
    inputs: {
      name: 'shop-api',
      location: 'southamerica-west1',
      template: {
        serviceAccount: ACCOUNT_EMAIL,
        volumes: [
          {
            name: 'keys',
            secret: { secret: '<secret.secretId>', items: [{ version: 'latest', path: 'k.json' }] },
          },
        ],
        containers: [{ image: 'localhost/shop:1' }],
      },
    },
  },
};

const race = 'but this resource does not depend on it: on Google Cloud the two race.';
const declare = 'Declare the grant and add it to dependsOn.';
const grants = (name: string) =>
  `gcp:bigquery/iamMember:IamMember "${name}" grants it, ${race} Add it to dependsOn.`;
const useOutputs = 'Use its outputs here instead of the plain text, or add it to dependsOn.';
const MISSING_TOPIC = `${SUBSCRIPTION} "byWrongName", property "topic": projects/test-project/topics/invoices does not exist: this program does not declare it, and it is not in the local cloud. Correct the name, or declare it.`;

const unluckyProblems = [
  `${SERVICE}, property "template.volumes": needs roles/secretmanager.secretAccessor for ${ACCOUNT_EMAIL} on projects/test-project/secrets/keys before it is created, and nothing in the program grants it (gcp:projects/iAMMember:IAMMember "accountGrant" grants roles/bigquery.jobUser on projects/test-project, which does not include secretmanager.versions.access). ${declare}`,
  `${SERVICE}, property "template.serviceAccount": projects/test-project/serviceAccounts/${ACCOUNT_EMAIL} is declared by gcp:serviceaccount/account:Account "account", ${race} ${useOutputs}`,
  `${needs('backwardsSubscription', 'backwards')}; ${grants('backwardsGrant')}`,
  `${SUBSCRIPTION} "byName", property "topic": projects/test-project/topics/orders is declared by gcp:pubsub/topic:Topic "topic", ${race} ${useOutputs}`,
  MISSING_TOPIC,
  `${needs('nobodySubscription', 'nobody')}, and nothing in the program grants it. ${declare}`,
  `${needs('racingSubscription', 'racing')}; ${grants('racingGrant')}`,
  `${needs('viewedSubscription', 'viewed')}, and nothing in the program grants it (gcp:bigquery/iamMember:IamMember "viewedGrant" grants roles/bigquery.dataViewer on ${TABLE}/viewed, which does not include bigquery.tables.updateData). ${declare}`,
  `gcp:projects/iAMMember:IAMMember "accountGrant", property "member": projects/test-project/serviceAccounts/shop-api@test-project.iam.gserviceaccount.com is declared by gcp:serviceaccount/account:Account "account", ${race} ${useOutputs}`,
];

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await openCloud();
});
afterAll(() => cloud.close());

describe('a program that leaves an order to luck', () => {
  it('fails with everything that it relies on and does not depend on', async () => {
    expect(sorted(await problemsOf(deploy(cloud, unlucky)))).toEqual(sorted(unluckyProblems));
  });

  it('is applied except for the resources that rely on luck', async () => {
    const topics = await cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/orders' });
    expect(topics).toMatchObject({ name: 'projects/test-project/topics/orders' });
    const name = 'projects/test-project/subscriptions/racing-subscription';
    await expect(cloud.pubsub.getSubscription({ subscription: name })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const granted = cloud.iam.grants().map(({ resource }) => resource.split('/').at(-1));
    // The grant on a withheld subscription is withheld, too.
    expect(granted.sort()).toEqual(['orders', 'racing', 'test-project', 'viewed']);
  });

  it('fails with the same messages in another order and in a preview, which accepts a missing topic', async () => {
    const names = Object.keys(unlucky);
    const inAnotherOrder = ['dataset', 'topic', 'secret', ...names.filter((name) => name.endsWith('Table'))];
    const backwards = names.filter((name) => !name.startsWith('backwards')).reverse();
    const order = [...new Set([...inAnotherOrder, ...backwards, ...names])];
    const reordered = Object.fromEntries(order.map((name) => [name, unlucky[name] as Declaration]));
    expect(sorted(await problemsOf(planOf(reordered)))).toEqual(
      sorted(unluckyProblems.filter((problem) => problem !== MISSING_TOPIC)),
    );
  });
});

describe('a program that was deployed in the right order', () => {
  const declarations: Declarations = {
    ...deadLettering,
    spare: { type: 'pubsub.Topic', inputs: { name: 'spare' } },
    outsider: reader('projects/test-project/topics/outside'),
  };
  let other: LocalCloud;
  beforeAll(async () => {
    other = await openCloud();
  });
  afterAll(() => other.close());

  it('may rely on existing resources, such as the topic of another program', async () => {
    await other.pubsub.createTopic({ name: 'projects/test-project/topics/outside' });
    // Fails for another reason, after everything else is applied.
    const [problem] = await problemsOf(deploy(other, without(declarations, 'forwarder')));
    expect(problem).toContain('roles/pubsub.subscriber');
    const made = { subscription: 'projects/test-project/subscriptions/reader-of-outside' };
    expect(await other.pubsub.getSubscription(made)).toMatchObject({ state: 'ACTIVE' });
  });

  it('only adds the missing grant after a deployment that failed for it', async () => {
    const steps = stepsOf(await deploy(other, declarations));
    expect(steps.filter((step) => !step.startsWith('same'))).toEqual(['create forwarder']);
    expect(steps).toEqual(expect.arrayContaining(['same outsider', 'same subscription']));
  });

  it('fails when it leaves the order to luck, or relies on a resource that this deployment deletes', async () => {
    const { topic, spare: _, ...rest } = declarations;
    const lucky = {
      ...rest,
      subscription: {
        ...changed(deadLettering.subscription, { topic: 'projects/test-project/topics/orders' }),
        dependsOn: [],
      },
      topic,
      orphan: reader('projects/test-project/topics/spare'),
    } as Declarations;
    expect(await problemsOf(deploy(other, lucky))).toEqual([
      expect.stringContaining(
        '"orphan", property "topic": projects/test-project/topics/spare does not exist',
      ),
      expect.stringContaining(
        '"subscription", property "topic": projects/test-project/topics/orders is declared by',
      ),
      expect.stringContaining('"tableGrant" grants it, but this resource does not depend on it'),
    ]);
  });

  it('may rely on a grant made without it', async () => {
    other.iam.grant({ resource: 'projects/test-project', role: 'roles/bigquery.dataEditor', member: AGENT });
    const { tableGrant: _, ...rest } = declarations;
    const subscription = { ...deadLettering.subscription, dependsOn: [] };
    const steps = stepsOf(await deploy(other, { ...rest, subscription }));
    expect(steps).toEqual(expect.arrayContaining(['same subscription', 'delete tableGrant']));
  });
});

describe('a dead-letter policy', () => {
  const start = (name: string) =>
    `${SUBSCRIPTION} "${name}", property "deadLetterPolicy.deadLetterTopic": dead letters`;
  const notForwarded = (name: string, role: string, resource: string, kind: string) =>
    `${start(name)} cannot be forwarded: nothing in this program grants ${role} on projects/test-project/${resource} to ${AGENT_EMAIL}, the service agent of Pub/Sub. Google accepts this and leaves undeliverable messages in the subscription. Declare a ${kind}.`;

  /** `deadLettering` under names of its own, without one part. */
  function copy(suffix: string, missing?: string): Declarations {
    const entries = Object.entries(without(deadLettering, missing as 'publisher'));
    const text = JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name + suffix, value])));
    const renamed = text
      .replace(/<(\w+)\./g, `<$1${suffix}.`)
      .replaceAll('"tableGrant"', `"tableGrant${suffix}"`)
      .replace(/"(name|datasetId)":"([a-z-]+)"/g, `"$1":"$2${suffix}"`);
    return JSON.parse(renamed) as Declarations;
  }

  it('that cannot work, or would lose the messages, fails and names what is missing', async () => {
    const problems = await problemsOf(
      planOf({
        ...copy('A'),
        ...copy('B', 'publisher'),
        ...copy('C', 'forwarder'),
        ...copy('D', 'deadLetterReader'),
      }),
    );
    expect(problems).toEqual([
      notForwarded(
        'subscriptionB',
        'roles/pubsub.publisher',
        'topics/dead-lettersB',
        'gcp.pubsub.TopicIAMMember',
      ),
      notForwarded(
        'subscriptionC',
        'roles/pubsub.subscriber',
        'subscriptions/orders-to-bigqueryC',
        'gcp.pubsub.SubscriptionIAMMember',
      ),
      `${start('subscriptionD')} are lost: no subscription of this program reads projects/test-project/topics/dead-lettersD, and a topic without a subscription drops its messages. Declare a gcp.pubsub.Subscription on it.`,
    ]);
  });
});

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}
