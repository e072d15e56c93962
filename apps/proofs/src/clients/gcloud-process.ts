/** An ordinary day with `gcloud pubsub`. Prints one line per step: right, refused or wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, expectEqual, refusalOf, step } from './steps.ts';

const { GOOGLE_CLOUD_PROJECT = '', BIGQUERY_EMULATOR_HOST = '', PROJECT_NUMBER = '' } = process.env;
const AGENT = `serviceAccount:service-${PROJECT_NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`;
const SCHEMA = JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'id', type: 'string' }] });

const folder = await mkdtemp(join(tmpdir(), 'records-gcloud-'));
process.env.CLOUDSDK_CONFIG = folder;

const gcloud = async (...args: readonly string[]) =>
  JSON.parse((await command('gcloud', 'pubsub', ...args, '--format=json', '--quiet')) || 'null');

async function bigquery(path: string, body: object): Promise<void> {
  const response = await fetch(`${BIGQUERY_EMULATOR_HOST}/projects/${GOOGLE_CLOUD_PROJECT}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

const pulled = async (subscription: string) => {
  const received = await gcloud('subscriptions', 'pull', subscription, '--auto-ack', '--limit=10');
  return (received as { message: { data: string } }[]).map(({ message }) =>
    Buffer.from(message.data, 'base64').toString(),
  );
};

await step('creates topics and a subscription with a dead-letter topic', async () => {
  await gcloud('topics', 'create', 'gcloud-orders', 'gcloud-dead', '--labels=team=data');
  const deadLetters = ['--dead-letter-topic=gcloud-dead', '--max-delivery-attempts=5'];
  await gcloud('subscriptions', 'create', 'gcloud-orders', '--topic=gcloud-orders', ...deadLetters);
  return undefined;
});

await step('grants the dead letters to the service agent', async () => {
  const policy = (role: string) => [`--member=${AGENT}`, `--role=roles/pubsub.${role}`];
  await gcloud('topics', 'add-iam-policy-binding', 'gcloud-dead', ...policy('publisher'));
  const granted = await gcloud(
    'subscriptions',
    'add-iam-policy-binding',
    'gcloud-orders',
    ...policy('subscriber'),
  );
  expectEqual(granted.bindings, [{ members: [AGENT], role: 'roles/pubsub.subscriber' }]);
  return undefined;
});

await step('publishes, pulls, and returns to a snapshot', async () => {
  await gcloud('snapshots', 'create', 'gcloud-before', '--subscription=gcloud-orders');
  await gcloud('topics', 'publish', 'gcloud-orders', '--message=hola', '--attribute=a=b');
  expectEqual(await pulled('gcloud-orders'), ['hola']);
  await gcloud('subscriptions', 'seek', 'gcloud-orders', '--snapshot=gcloud-before');
  expectEqual(await pulled('gcloud-orders'), ['hola']);
  await gcloud('snapshots', 'delete', 'gcloud-before');
  return undefined;
});

await step(
  'creates a schema, a topic with it and a BigQuery subscription to a table with a colon',
  async () => {
    await bigquery('datasets', { datasetReference: { datasetId: 'gcloud' } });
    const fields = [{ name: 'id', type: 'STRING' }];
    await bigquery('datasets/gcloud/tables', { tableReference: { tableId: 'orders' }, schema: { fields } });
    const bindings = [{ role: 'roles/bigquery.dataEditor', members: [AGENT] }];
    await bigquery('datasets/gcloud/tables/orders:setIamPolicy', { policy: { bindings } });
    await command(
      'gcloud',
      'pubsub',
      'schemas',
      'create',
      'gcloud-order',
      '--type=avro',
      `--definition=${SCHEMA}`,
    );
    const schema = ['--schema=gcloud-order', '--message-encoding=json'];
    await gcloud('topics', 'create', 'gcloud-checked', ...schema);
    const table = `--bigquery-table=${GOOGLE_CLOUD_PROJECT}:gcloud.orders`;
    const [created] = [
      await gcloud(
        'subscriptions',
        'create',
        'gcloud-rows',
        '--topic=gcloud-checked',
        table,
        '--use-topic-schema',
      ),
    ].flat();
    expectEqual(created.bigqueryConfig.table, `${GOOGLE_CLOUD_PROJECT}.gcloud.orders`);
    return undefined;
  },
);

await step('updates, describes and lists a subscription', async () => {
  await gcloud(
    'subscriptions',
    'update',
    'gcloud-orders',
    '--ack-deadline=42',
    '--enable-exactly-once-delivery',
  );
  const described = await gcloud('subscriptions', 'describe', 'gcloud-orders');
  expectEqual([described.ackDeadlineSeconds, described.enableExactlyOnceDelivery], [42, true]);
  const listed = (await gcloud('subscriptions', 'list')) as { name: string }[];
  expectEqual(listed.filter(({ name }) => name.includes('/gcloud-')).length, 2);
  return undefined;
});

await step('a Protocol Buffer schema', async () => {
  const definition = join(folder, 'schema.proto');
  await writeFile(definition, 'syntax = "proto3"; message R { string id = 1; }');
  const args = [
    'schemas',
    'create',
    'gcloud-proto',
    '--type=protocol-buffer',
    `--definition-file=${definition}`,
  ];
  return refusalOf('gcloud', 'pubsub', ...args);
});

await step('a push subscription to another machine', () => {
  const endpoint = '--push-endpoint=https://example.com/push';
  return refusalOf(
    'gcloud',
    'pubsub',
    'subscriptions',
    'create',
    'gcloud-push',
    '--topic=gcloud-orders',
    endpoint,
  );
});

await step('deletes what it made', async () => {
  await gcloud('subscriptions', 'delete', 'gcloud-orders', 'gcloud-rows');
  await gcloud('topics', 'delete', 'gcloud-orders', 'gcloud-dead', 'gcloud-checked');
  await gcloud('schemas', 'delete', 'gcloud-order');
  return undefined;
});

await rm(folder, { recursive: true, force: true });
