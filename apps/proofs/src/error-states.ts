/**
 * pnpm error-states [MESSAGES]: breaks what a BigQuery subscription needs, one thing after the other, publishes meanwhile,
 * and mends it. Prints what an operator sees, and how many messages waited, became dead letters, and were stored at last.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { avroDefinition } from '@records/records-schema';
import { LocalStack } from '../src/local-stack.ts';

const messages = Number(process.argv[2] ?? 1_000);
if (!Number.isSafeInteger(messages) || messages < 1)
  throw new TypeError('usage: pnpm error-states [MESSAGES], from 1');

const POLL_MS = 50;
const WAIT_MS = 60_000;
const AT_ONCE = 1_000;

const said: string[] = [];
await using stack = await LocalStack.create({
  onEvent: (event) => {
    if (event.type === 'log' && event.source === 'pubsub') said.push(event.message);
  },
});
const { pubsub, bigquery, iam } = stack.cloud;
const { topic, table, deadLetterSubscription } = stack.outputs;
const [, datasetId = '', tableId = ''] = table.split('.');
const { subscriptions } = await pubsub.listTopicSubscriptions({ topic });
const [subscription = ''] = subscriptions;
if (subscription === '') throw new Error(`${topic} has no subscription`);
const { schema: tableSchema } = await bigquery.getTable(datasetId, tableId);
const columns = tableSchema?.fields ?? [];
const grant = iam.grants().find(({ role }) => role === 'roles/bigquery.dataEditor');
const { messageStoragePolicy: storagePolicy } = await pubsub.getTopic({ topic });
if (grant === undefined) throw new Error('the program grants nothing on the table');

/** Answers how many rows the table has. */
async function makeTable(fields: typeof columns): Promise<number> {
  await bigquery.insertTable(datasetId, { tableReference: { datasetId, tableId }, schema: { fields } });
  return 0;
}

async function remakeTable(fields: typeof columns): Promise<number> {
  await bigquery.deleteTable(datasetId, tableId);
  return await makeTable(fields);
}

interface Case {
  readonly cause: string;
  readonly state: string;
  /** Beside the record's own fields. */
  readonly extra?: object;
  spoil(): Promise<unknown>;
  /** Answers how many rows the table has when writing may begin again. */
  mend(): Promise<number>;
}

const AGE = { name: 'edad', type: ['null', 'string'], default: null };

const cases: readonly Case[] = [
  {
    cause: 'the table is deleted',
    state: 'NOT_FOUND',
    spoil: () => bigquery.deleteTable(datasetId, tableId),
    mend: () => makeTable(columns),
  },
  {
    cause: 'the grant on the table is taken',
    state: 'PERMISSION_DENIED',
    spoil: async () => iam.revoke(grant),
    mend: async () => {
      const before = await rows();
      iam.grant(grant);
      return before;
    },
  },
  {
    cause: 'the table loses a column',
    state: 'SCHEMA_MISMATCH',
    spoil: () => remakeTable(columns.slice(0, -1)),
    mend: () => remakeTable(columns),
  },
  {
    cause: 'the topic gets a field that the table lacks',
    state: 'SCHEMA_MISMATCH',
    extra: { edad: { string: '41' } },
    spoil: async () => {
      const { schemaSettings } = await pubsub.getTopic({ topic });
      const name = schemaSettings?.schema ?? '';
      const avro = JSON.parse(avroDefinition) as { fields: object[] };
      const definition = JSON.stringify({ ...avro, fields: [...avro.fields, AGE] });
      await pubsub.commitSchema({ name, schema: { name, type: 'AVRO', definition } });
    },
    mend: () => remakeTable([...columns, { name: 'edad', type: 'STRING', mode: 'NULLABLE' }]),
  },
  {
    cause: "the topic's messages may not travel to the table's region",
    state: 'IN_TRANSIT_LOCATION_RESTRICTION',
    extra: { edad: { string: '41' } },
    spoil: () => allowRegions({ allowedPersistenceRegions: ['europe-west1'], enforceInTransit: true }),
    mend: async () => {
      const before = await rows();
      await allowRegions(storagePolicy);
      return before;
    },
  },
];

async function allowRegions(messageStoragePolicy: typeof storagePolicy): Promise<void> {
  await pubsub.updateTopic({
    topic: { name: topic, messageStoragePolicy },
    updateMask: { paths: ['message_storage_policy'] },
  });
}

async function stateOf(): Promise<string> {
  return String((await pubsub.getSubscription({ subscription })).bigqueryConfig?.state);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${WAIT_MS / 1_000} s in vain for ${what}`);
    await delay(POLL_MS);
  }
}

async function publish(name: string, extra: object): Promise<void> {
  for (let start = 0; start < messages; start += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, messages - start) }, (_, index) => ({
      id: `${name}-${start + index}`,
      nombre: 'Inés',
      apellido: 'Ávila',
      pais: 'Chile',
      ...extra,
    }));
    await pubsub.publish({
      topic,
      messages: batch.map((record) => ({ data: Buffer.from(JSON.stringify(record)) })),
    });
  }
}

const rows = async (): Promise<number> => Number((await bigquery.getTable(datasetId, tableId)).numRows);
const backlog = () => pubsub.backlogSize({ subscription });
let failed = false;

for (const [index, { cause, state, extra = {}, spoil, mend }] of cases.entries()) {
  said.length = 0;
  await spoil();
  await publish(`case${index}`, extra);
  await until(`state ${state}`, async () => (await stateOf()) === state);
  const waited = await backlog();
  const before = await mend();
  await until(
    'ACTIVE and an empty backlog',
    async () => (await stateOf()) === 'ACTIVE' && (await backlog()) === 0,
  );
  const stored = (await rows()) - before;
  const dead = await pubsub.backlogSize({ subscription: deadLetterSubscription });
  const isGood = waited === messages && stored === messages && dead === 0;
  failed ||= !isGood;
  console.log(`${state}: ${cause}`);
  console.log(
    `  ${waited} of ${messages} waited, ${dead} dead letters, ${stored} stored after it was mended`,
  );
  for (const line of said) console.log(`  says: ${line}`);
  if (!isGood) console.log('  BAD');
}
process.exitCode = failed ? 1 : 0;
