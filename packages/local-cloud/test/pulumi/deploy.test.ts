import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { type Message, PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import type { Deployment } from '../../src/pulumi/engine.ts';
import { avro, changed, columns, deadLettering } from './declarations.ts';
import { type Declarations, deploy, openCloud, PROJECT, problemsOf, stepsOf } from './test-cloud.ts';

const schema = {
  type: 'pubsub.Schema',
  inputs: { name: 'order', type: 'AVRO', definition: JSON.stringify(avro) },
};

const program = {
  ...deadLettering,
  archive: changed(deadLettering.dataset, {
    datasetId: 'archive',
    description: 'Old orders.',
    labels: { team: 'shop' },
    deleteContentsOnDestroy: false,
  }),
  archived: changed(deadLettering.table, {
    datasetId: '<archive.datasetId>',
    labels: { team: 'shop', tier: 'cold' },
    deletionProtection: true,
  }),
  deadLetters: changed(deadLettering.deadLetters, {
    labels: { team: 'shop' },
    messageRetentionDuration: '3600s',
  }),
  schema,
  checkedTopic: {
    type: 'pubsub.Topic',
    inputs: { name: 'checked-orders', schemaSettings: { schema: '<schema.id>', encoding: 'JSON' } },
  },
  account: { type: 'serviceaccount.Account', inputs: { accountId: 'shop-api', displayName: 'Shop' } },
  jobs: {
    type: 'projects.IAMMember',
    inputs: { project: PROJECT, role: 'roles/bigquery.jobUser', member: '<account.member>' },
  },
} satisfies Declarations;

let folder: string;
let cloud: LocalCloud;
let bigquery: BigQuery;
let pubsub: PubSub;

/** Opens the cloud and Google's own clients, which find it by its environment variables alone. */
async function open(): Promise<void> {
  cloud = await openCloud({ dataDir: folder });
  Object.assign(process.env, cloud.environment);
  bigquery = new BigQuery({ projectId: PROJECT });
  pubsub = new PubSub({ projectId: PROJECT });
}

async function close(): Promise<void> {
  await pubsub.close();
  await cloud.close();
}

async function rows(): Promise<unknown[]> {
  const [found] = await bigquery.query('SELECT * FROM shop.orders ORDER BY id');
  return found;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  await open();
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

describe('the deployment of a program', () => {
  let deployment: Deployment;
  it('creates every resource', async () => {
    deployment = await deploy(cloud, program);
    expect(stepsOf(deployment)).toEqual(
      Object.keys(program)
        .map((name) => `create ${name}`)
        .sort(),
    );
  });

  it('returns the ids that the provider returns', () => {
    const ids = Object.fromEntries(
      Object.entries(deployment.outputs as Record<string, { id: string }>).map(([name, { id }]) => [
        name,
        id,
      ]),
    );
    const agent = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';
    const email = 'shop-api@test-project.iam.gserviceaccount.com';
    expect(ids).toEqual({
      dataset: 'projects/test-project/datasets/shop',
      archive: 'projects/test-project/datasets/archive',
      archived: 'projects/test-project/datasets/archive/tables/orders',
      table: 'projects/test-project/datasets/shop/tables/orders',
      topic: 'projects/test-project/topics/orders',
      checkedTopic: 'projects/test-project/topics/checked-orders',
      schema: 'projects/test-project/schemas/order',
      subscription: 'projects/test-project/subscriptions/orders-to-bigquery',
      deadLetters: 'projects/test-project/topics/dead-letters',
      deadLetterReader: 'projects/test-project/subscriptions/dead-letters',
      tableGrant: `projects/test-project/datasets/shop/tables/orders/roles/bigquery.dataEditor/${agent}`,
      publisher: `projects/test-project/topics/dead-letters/roles/pubsub.publisher/${agent}`,
      forwarder: `projects/test-project/subscriptions/orders-to-bigquery/roles/pubsub.subscriber/${agent}`,
      account: `projects/test-project/serviceAccounts/${email}`,
      jobs: `test-project/roles/bigquery.jobUser/serviceAccount:${email}`,
    });
  });

  it('returns the computed outputs that the provider returns', () => {
    const outputs = Object.fromEntries(
      deployment.resources.map((resource) => [resource.urn.split('::').at(-1), resource.outputs]),
    );
    expect(outputs.account).toMatchObject({
      email: 'shop-api@test-project.iam.gserviceaccount.com',
      member: 'serviceAccount:shop-api@test-project.iam.gserviceaccount.com',
      name: 'projects/test-project/serviceAccounts/shop-api@test-project.iam.gserviceaccount.com',
      uniqueId: expect.stringMatching(/^\d{21}$/),
    });
    expect(outputs.dataset).toMatchObject({
      project: 'test-project',
      selfLink: 'https://bigquery.googleapis.com/bigquery/v2/projects/test-project/datasets/shop',
      effectiveLabels: { 'goog-pulumi-provisioned': 'true' },
    });
    expect(outputs.table).toMatchObject({ project: 'test-project', datasetId: 'shop', type: 'TABLE' });
    expect(outputs.subscription).toMatchObject({ topic: 'projects/test-project/topics/orders' });
    expect(outputs.schema).toMatchObject({ revisionId: expect.stringMatching(/^[0-9a-f]{8}$/) });
  });

  it('serves the real clients: a message becomes a row, a bad one a dead letter', async () => {
    const deadLetters = pubsub.subscription('dead-letters');
    const dead = once(deadLetters, 'message') as Promise<[Message]>;
    const topic = pubsub.topic('orders');
    await topic.publishMessage({ json: { id: '1', name: 'one' } });
    await topic.publishMessage({ json: { id: '2', colour: 'red' } });
    const [deadLetter] = await dead;
    deadLetter.ack();
    expect(JSON.parse(deadLetter.data.toString())).toEqual({ id: '2', colour: 'red' });
    await deadLetters.close();
    let found = await rows();
    while (found.length === 0) found = await rows();
    expect(found).toEqual([{ id: '1', name: 'one' }]);
    await expect(pubsub.topic('checked-orders').publishMessage({ json: { id: 7 } })).rejects.toMatchObject({
      code: 3,
    });
  });

  it('writes its state to a file that only its owner can read', async () => {
    const file = join(folder, 'pulumi', 'declared', 'test.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1, replaced: [] });
  });
});

// Later programs keep the column: BigQuery removes none.
const wider = [...columns, { name: 'colour', type: 'STRING', mode: 'NULLABLE' }];
const { description: _, labels: __, ...plainArchive } = program.archive.inputs;

/** Changes what can be changed in place, and protects what a later test tries to delete. */
const updated = {
  ...program,
  dataset: changed(program.dataset, { description: 'Orders.', labels: { team: 'shop' } }),
  archive: { ...program.archive, inputs: plainArchive },
  archived: changed(program.archived, { labels: { team: 'shop' } }),
  table: changed(program.table, { schema: JSON.stringify(wider), clusterings: ['id'] }),
  topic: changed(program.topic, { labels: { team: 'shop' }, messageRetentionDuration: '3600s' }),
  deadLetters: deadLettering.deadLetters,
  subscription: changed(program.subscription, {
    deadLetterPolicy: { deadLetterTopic: '<deadLetters.id>', maxDeliveryAttempts: 7 },
    ackDeadlineSeconds: 60,
  }),
  schema: changed(schema, {
    definition: JSON.stringify({ ...avro, doc: 'An order.' }),
    deletionPolicy: 'ABANDON',
  }),
  jobs: changed(program.jobs, { role: 'roles/bigquery.user' }),
  account: { ...program.account, options: { protect: true } },
  checkedTopic: changed(program.checkedTopic, { deletionPolicy: 'PREVENT' }),
  publisher: { ...program.publisher, options: { retainOnDelete: true } },
} satisfies Declarations;

describe('the deployment of a changed program', () => {
  it('updates resources in place and reports the changed paths', async () => {
    const { steps } = await deploy(cloud, updated);
    const changes = steps.filter(({ operation }) => operation !== 'same');
    expect(
      Object.fromEntries(
        changes.map((step) => [`${step.operation} ${step.name}`, step.changes.map(({ path }) => path)]),
      ),
    ).toEqual({
      'update dataset': ['description', 'labels'],
      'update archive': ['description', 'labels'],
      'update archived': ['labels.tier'],
      'update table': ['clusterings', 'schema'],
      'update topic': ['labels', 'messageRetentionDuration'],
      'update deadLetters': ['labels', 'messageRetentionDuration'],
      'update checkedTopic': ['deletionPolicy'],
      'update subscription': ['ackDeadlineSeconds', 'deadLetterPolicy.maxDeliveryAttempts'],
      'update schema': ['definition', 'deletionPolicy'],
      'replace jobs': ['role'],
    });
  });

  it('keeps the data and shows the changes to clients', async () => {
    expect(await rows()).toEqual([{ id: '1', name: 'one', colour: null }]);
    const [table] = await bigquery.dataset('shop').table('orders').getMetadata();
    expect(table).toMatchObject({ clustering: { fields: ['id'] }, numRows: '1' });
    const [dataset] = await bigquery.dataset('shop').getMetadata();
    expect(dataset).toMatchObject({ description: 'Orders.', labels: { team: 'shop' } });
    const [topic] = await pubsub.topic('orders').getMetadata();
    expect(topic).toMatchObject({ labels: { team: 'shop' }, messageRetentionDuration: { seconds: '3600' } });
    const [subscription] = await pubsub.subscription('orders-to-bigquery').getMetadata();
    expect(subscription).toMatchObject({
      ackDeadlineSeconds: 60,
      deadLetterPolicy: { maxDeliveryAttempts: 7 },
    });
    const jobs = cloud.iam.grants().filter(({ resource }) => resource === 'projects/test-project');
    expect(jobs.map(({ role }) => role)).toEqual(['roles/bigquery.user']);
  });

  it('removes a description, labels and a retention that are no longer declared', async () => {
    const [dataset] = await bigquery.dataset('archive').getMetadata();
    expect(dataset.description).toBeUndefined();
    expect(dataset.labels).toBeUndefined();
    const [table] = await bigquery.dataset('archive').table('orders').getMetadata();
    expect(table.labels).toEqual({ team: 'shop' });
    const [topic] = await pubsub.topic('dead-letters').getMetadata();
    expect(topic).toMatchObject({ labels: {}, messageRetentionDuration: null });
  });

  it('fails with every reason when it would lose data, and changes nothing', async () => {
    const lossy = {
      ...updated,
      archive: changed(updated.archive, { location: 'US' }),
      table: changed(updated.table, {
        schema: JSON.stringify([{ name: 'id', type: 'INTEGER', mode: 'REQUIRED' }]),
      }),
      deadLetters: changed(updated.deadLetters, { name: 'dead-letter-box' }),
      subscription: changed(updated.subscription, { filter: 'attributes:colour' }),
    };
    const before = await rows();
    const undo = 'Undo it, or start with --fresh, which empties the local cloud.';
    expect(await problemsOf(deploy(cloud, lossy))).toEqual([
      `gcp:bigquery/dataset:Dataset "archive", property "location": location cannot be changed, so this change would replace the resource and lose its tables and their rows. ${undo}`,
      `gcp:bigquery/table:Table "table", property "schema": column id changes from STRING to INTEGER, so this change would replace the resource and lose its rows. ${undo}`,
      `gcp:pubsub/topic:Topic "deadLetters", property "name": name cannot be changed, so this change would replace the resource and lose the messages that it retains, and its subscriptions. ${undo}`,
    ]);
    expect(await rows()).toEqual(before);
  });

  it('changes nothing when the next process repeats it', async () => {
    await close();
    await open();
    expect(stepsOf(await deploy(cloud, updated))).toEqual(
      Object.keys(program)
        .map((name) => `same ${name}`)
        .sort(),
    );
    expect(cloud.iam.grants()).toHaveLength(4);
    expect(await rows()).toHaveLength(1);
  });

  it('grants again what was revoked by hand', async () => {
    const before = cloud.iam.grants();
    for (const grant of before) cloud.iam.revoke(grant);
    expect(stepsOf(await deploy(cloud, updated)).filter((step) => !step.startsWith('same '))).toEqual([]);
    expect(new Set(cloud.iam.grants())).toEqual(new Set(before));
  });
});

describe('a resource that a program no longer declares', () => {
  it('stays with all others when one of them is protected', async () => {
    expect((await problemsOf(deploy(cloud, {}))).sort()).toEqual([
      'gcp:bigquery/table:Table "archived", property "deletionProtection": is on, and this deployment would delete the resource. Set it to false, deploy, and then try again.',
      'gcp:pubsub/topic:Topic "checkedTopic", property "deletionPolicy": is PREVENT, and this deployment would delete the resource. Set it to DELETE, deploy, and then try again.',
      'gcp:serviceaccount/account:Account "account": is protected, and this deployment would delete it. Remove protect, deploy, and then try again.',
    ]);
    expect(await rows()).toHaveLength(1);
  });

  it('loses its protection without another change', async () => {
    const archived = changed(updated.archived, { deletionProtection: false });
    const { account, checkedTopic } = program;
    const { steps } = await deploy(cloud, { ...updated, archived, account, checkedTopic });
    const changes = steps.filter(({ operation }) => operation !== 'same');
    expect(changes.map(({ operation, name }) => `${operation} ${name}`).sort()).toEqual([
      'update archived',
      'update checkedTopic',
    ]);
    expect(steps).toHaveLength(Object.keys(program).length);
  });

  it('is deleted before its dependencies, and kept if it declares so', async () => {
    const { account, archive } = program;
    const { steps } = await deploy(cloud, { account, archive });
    const order = steps.map(({ operation, name }) => `${operation} ${name}`);
    const isBefore = (a: string, b: string) => order.indexOf(`delete ${a}`) < order.indexOf(`delete ${b}`);
    expect(order).toHaveLength(Object.keys(program).length);
    expect(isBefore('forwarder', 'subscription')).toBe(true);
    expect(isBefore('subscription', 'tableGrant')).toBe(true);
    expect(isBefore('tableGrant', 'table')).toBe(true);
    expect(isBefore('table', 'dataset')).toBe(true);
    expect(await bigquery.dataset('shop').exists()).toEqual([false]);
    expect((await pubsub.getTopics())[0]).toEqual([]);
    await expect(
      cloud.pubsub.getSchema({ name: 'projects/test-project/schemas/order' }),
    ).resolves.toBeDefined();
    expect(cloud.iam.grants().map(({ role }) => role)).toEqual(['roles/pubsub.publisher']);
  });

  it('cannot be created under another name, or over an existing one', async () => {
    const { account, archive } = program;
    expect(await problemsOf(deploy(cloud, { renamed: account, archive }))).toEqual([
      `gcp:serviceaccount/account:Account "renamed": the last deployment made projects/test-project/serviceAccounts/shop-api@test-project.iam.gserviceaccount.com as gcp:serviceaccount/account:Account "account". If this resource is the same one, add aliases: [{ name: 'account' }]; if not, choose another name.`,
    ]);
    expect(await problemsOf(deploy(cloud, { account, archive, schema }))).toEqual([
      'gcp:pubsub/schema:Schema "schema": Resource already exists in the project (resource=projects/test-project/schemas/order). (it is in the local cloud, but not in the state of this stack: delete it, or start with --fresh, which empties the local cloud)',
    ]);
  });

  it('stays while the cloud refuses to delete it', async () => {
    const table = bigquery.dataset('archive').table('made-by-hand');
    await table.create({ schema: [{ name: 'id', type: 'STRING' }] });
    expect(await problemsOf(deploy(cloud, {}))).toEqual([
      expect.stringContaining('gcp:bigquery/dataset:Dataset "archive": cannot be deleted: '),
    ]);
    await table.delete();
    expect(stepsOf(await deploy(cloud, {}))).toContain('delete archive');
    expect(await bigquery.dataset('archive').exists()).toEqual([false]);
  });
});
