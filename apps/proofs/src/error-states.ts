import { LocalStack } from '@records/local';
import { AGE, addAgeToTopic, publishPeople, tableOf } from './shared/people.ts';
import { conclude } from './shared/report.ts';
import { until } from './shared/waiting.ts';

interface ErrorCase {
  readonly cause: string;
  /** The state of the subscription that must follow. */
  readonly state: string;
  /** Fields of the messages besides the record's own. */
  readonly extra?: object;
  breakIt(): Promise<unknown>;
  /** Answers the number of rows before the messages arrive. */
  mend(): Promise<number>;
}

/** Breaks whatever a BigQuery subscription needs, publishes meanwhile, and mends it. */
export async function proveErrorStates(messages: number): Promise<void> {
  const log: string[] = [];
  await using stack = await LocalStack.create({
    onEvent: (event) => {
      if (event.type === 'log' && event.source === 'pubsub') log.push(event.message);
    },
  });
  const { pubsub } = stack.cloud;
  const { deadLetterSubscription } = stack.outputs;
  const { subscriptions } = await pubsub.listTopicSubscriptions({ topic: stack.outputs.topic });
  const [subscription = ''] = subscriptions;
  const stateOf = async () => String((await pubsub.getSubscription({ subscription })).bigqueryConfig?.state);
  const backlog = () => pubsub.backlogSize({ subscription });
  const broken: string[] = [];
  for (const [index, { cause, state, extra = {}, breakIt, mend }] of (await casesOf(stack)).entries()) {
    log.length = 0;
    await breakIt();
    await publishPeople(
      stack,
      Array.from({ length: messages }, (_, n) => `case${index}-${n}`),
      extra,
    );
    await until(`state ${state}`, async () => (await stateOf()) === state);
    const waited = await backlog();
    const before = await mend();
    await until(
      'state ACTIVE with an empty backlog',
      async () => (await stateOf()) === 'ACTIVE' && (await backlog()) === 0,
    );
    const stored = (await rowsOf(stack)) - before;
    const dead = await pubsub.backlogSize({ subscription: deadLetterSubscription });
    console.log(`${state}: ${cause}`);
    console.log(`  ${waited} of ${messages} waited, ${dead} dead letters, ${stored} stored after the repair`);
    for (const line of log) console.log(`  log: ${line}`);
    if (waited !== messages || stored !== messages || dead !== 0)
      broken.push(`${state}: not every message waited and was stored`);
  }
  conclude(broken);
}

async function rowsOf(stack: LocalStack): Promise<number> {
  const { datasetId, tableId } = tableOf(stack);
  return Number((await stack.cloud.bigquery.getTable(datasetId, tableId)).numRows);
}

/** In an order in which each can follow the one before. */
async function casesOf(stack: LocalStack): Promise<ErrorCase[]> {
  const { pubsub, bigquery, iam } = stack.cloud;
  const { topic } = stack.outputs;
  const { datasetId, tableId } = tableOf(stack);
  const columns = (await bigquery.getTable(datasetId, tableId)).schema?.fields ?? [];
  const { messageStoragePolicy: storagePolicy } = await pubsub.getTopic({ topic });
  const grant = iam.grants().find(({ role }) => role === 'roles/bigquery.dataEditor');
  if (grant === undefined) throw new Error('the program grants nothing on the table');

  async function makeTable(fields: typeof columns): Promise<number> {
    await bigquery.insertTable(datasetId, { tableReference: { datasetId, tableId }, schema: { fields } });
    return 0;
  }
  async function remakeTable(fields: typeof columns): Promise<number> {
    await bigquery.deleteTable(datasetId, tableId);
    return await makeTable(fields);
  }
  async function allowRegions(messageStoragePolicy: typeof storagePolicy): Promise<void> {
    await pubsub.updateTopic({
      topic: { name: topic, messageStoragePolicy },
      updateMask: { paths: ['message_storage_policy'] },
    });
  }

  return [
    {
      cause: 'the table is deleted',
      state: 'NOT_FOUND',
      breakIt: () => bigquery.deleteTable(datasetId, tableId),
      mend: () => makeTable(columns),
    },
    {
      cause: 'the grant on the table is revoked',
      state: 'PERMISSION_DENIED',
      breakIt: async () => iam.revoke(grant),
      mend: async () => {
        const before = await rowsOf(stack);
        iam.grant(grant);
        return before;
      },
    },
    {
      cause: 'the table loses a column',
      state: 'SCHEMA_MISMATCH',
      breakIt: () => remakeTable(columns.slice(0, -1)),
      mend: () => remakeTable(columns),
    },
    {
      cause: 'the topic gets a field that the table lacks',
      state: 'SCHEMA_MISMATCH',
      extra: AGE.value,
      breakIt: () => addAgeToTopic(stack),
      mend: () => remakeTable([...columns, AGE.column]),
    },
    {
      cause: "the topic's messages may not travel to the table's region",
      state: 'IN_TRANSIT_LOCATION_RESTRICTION',
      extra: AGE.value,
      breakIt: () => allowRegions({ allowedPersistenceRegions: ['europe-west1'], enforceInTransit: true }),
      mend: async () => {
        const before = await rowsOf(stack);
        await allowRegions(storagePolicy);
        return before;
      },
    },
  ];
}
