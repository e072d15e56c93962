import { clientsOf, LocalStack, type LocalStackOptions } from '@records/local';
import { avroDefinition, type RecordRow } from '@records/records-schema';
import { whole } from './report.ts';

const BATCH = 10_000;
/** The most messages in one request. https://docs.cloud.google.com/pubsub/quotas */
const PUBLISH_BATCH = 1_000;

export const personOf = (id: string): RecordRow => ({
  id,
  nombre: 'María José',
  apellido: 'Núñez Cárdenas',
  pais: 'México',
});

const ID = { factor: 2_654_435_761, range: 2 ** 32, digits: 10 } as const;
/** The most people in one statement: an array of GENERATE_ARRAY has at most 1,048,576 elements. */
const STATEMENT = 1_000_000;

/** The id of the nth person. All ids have the same length and no order. */
export const idOf = (n: number): string =>
  `${String(Math.imul(n, ID.factor) >>> 0).padStart(ID.digits, '0')}-${String(n).padStart(ID.digits, '0')}`;

/** The n of `idOf(n)`. Undefined for another id. */
export const personNumber = (id: string): number | undefined => {
  const n = Number(id.slice(ID.digits + 1));
  return idOf(n) === id ? n : undefined;
};

/** Starts a stack of its own whose table has so many people. Ten million take a minute. */
export async function stackOf(people: number, options: LocalStackOptions = {}): Promise<LocalStack> {
  const stack = await LocalStack.create(options);
  const { bigquery, pubsub } = clientsOf(stack);
  await pubsub.close();
  const { nombre, apellido, pais } = personOf('');
  const query =
    `INSERT INTO \`${stack.outputs.table}\` (id, nombre, apellido, pais) ` +
    `SELECT CONCAT(LPAD(CAST(MOD(n * ${ID.factor}, ${ID.range}) AS STRING), ${ID.digits}, '0'), '-', ` +
    `LPAD(CAST(n AS STRING), ${ID.digits}, '0')), @nombre, @apellido, @pais ` +
    'FROM UNNEST(GENERATE_ARRAY(@from, @to)) AS n';
  for (let from = 0; from < people; from += STATEMENT) {
    const to = Math.min(people, from + STATEMENT) - 1;
    await bigquery.query({ query, params: { from, to, nombre, apellido, pais } });
    if (people > STATEMENT) console.error(`${whole(to + 1)} of ${whole(people)} records are in the table`);
  }
  return stack;
}

export interface TableId {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

export function tableOf(stack: LocalStack): TableId {
  const [projectId = '', datasetId = '', tableId = ''] = stack.outputs.table.split('.');
  return { projectId, datasetId, tableId };
}

/** Writes people directly into the table. */
export async function appendPeople(stack: LocalStack, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) {
    const people = ids.slice(start, start + BATCH).map(personOf);
    const refused = await stack.cloud.bigquery.appendRows(tableOf(stack), people);
    if (refused.length > 0) throw new Error(JSON.stringify(refused[0]));
  }
}

/** Publishes people, each with further fields, and resolves when the topic has them. */
export async function publishPeople(
  { cloud: { pubsub }, outputs: { topic } }: LocalStack,
  ids: readonly string[],
  extra: object = {},
): Promise<void> {
  for (let start = 0; start < ids.length; start += PUBLISH_BATCH) {
    const messages = ids
      .slice(start, start + PUBLISH_BATCH)
      .map((id) => ({ data: Buffer.from(JSON.stringify({ ...personOf(id), ...extra })) }));
    await pubsub.publish({ topic, messages });
  }
}

/** Messages of the topic that are not in the table yet. */
export async function backlogOf({ cloud: { pubsub }, outputs: { topic } }: LocalStack): Promise<number> {
  const { subscriptions } = await pubsub.listTopicSubscriptions({ topic });
  const sizes = await Promise.all(subscriptions.map((subscription) => pubsub.backlogSize({ subscription })));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A field that the contract does not have yet: in the Avro schema, in the table, and in a message. */
export const AGE = {
  field: { name: 'edad', type: ['null', 'string'], default: null },
  column: { name: 'edad', type: 'STRING', mode: 'NULLABLE' },
  value: { edad: { string: '41' } },
} as const;

/** Adds the field to the topic's schema. */
export async function addAgeToTopic({ cloud: { pubsub }, outputs: { topic } }: LocalStack): Promise<void> {
  const name = (await pubsub.getTopic({ topic })).schemaSettings?.schema ?? '';
  const avro = JSON.parse(avroDefinition) as { fields: object[] };
  const definition = JSON.stringify({ ...avro, fields: [...avro.fields, AGE.field] });
  await pubsub.commitSchema({ name, schema: { name, type: 'AVRO', definition } });
}
