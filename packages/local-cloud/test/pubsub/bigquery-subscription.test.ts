import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../src/clock.ts';
import { CloudError } from '../../src/errors.ts';
import type { Subscription } from '../../src/pubsub/resources.ts';
import type { TableField } from '../../src/warehouse.ts';
import { AGENT, errorOf, Harness, schemaName, subscriptionName, topicName, until } from './harness.ts';
import { COLUMNS, DATASET, TABLE, TestWarehouse } from './warehouse.ts';

const EDITOR = {
  resource: 'projects/local/datasets/records',
  role: 'roles/bigquery.dataEditor',
  member: AGENT,
};
const AVRO = {
  type: 'record',
  name: 'Record',
  fields: COLUMNS.map(({ name }) => ({ name, type: 'string' })),
};
const BIGQUERY_CONFIG = { table: 'local.records.records', useTopicSchema: true };
const DEAD_LETTERS = { deadLetterTopic: topicName('dead'), maxDeliveryAttempts: 5 };
const writer = subscriptionName('writer');

const recordOf = (id: string, extra: object = {}) =>
  JSON.stringify({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile', ...extra });

class Pipeline extends AsyncDisposableStack {
  readonly harness: Harness;
  readonly warehouse: TestWarehouse;

  private constructor(harness: Harness, warehouse: TestWarehouse) {
    super();
    this.harness = harness;
    this.warehouse = warehouse;
    this.defer(() => warehouse.bigquery.close());
    this.use(harness);
  }

  /** A topic with a schema, a table, the grants and a dead-letter topic, but no subscription yet. */
  static async prepare(columns: readonly TableField[] = COLUMNS): Promise<Pipeline> {
    const clock = new FakeClock();
    const warehouse = await TestWarehouse.open(clock, columns);
    const pipeline = new Pipeline(await Harness.start({ clock, warehouse }), warehouse);
    const { client, iam, pubsub } = pipeline.harness;
    iam.grant(EDITOR);
    iam.grant({ resource: topicName('dead'), role: 'roles/pubsub.publisher', member: AGENT });
    iam.grant({ resource: writer, role: 'roles/pubsub.subscriber', member: AGENT });
    await client.createSchema('record', 'AVRO', JSON.stringify(AVRO));
    const schemaSettings = { schema: schemaName('record'), encoding: 'JSON' } as const;
    await pubsub.createTopic({ name: topicName('records'), schemaSettings });
    await pipeline.harness.topicWith({}, 'dead', 'graveyard');
    return pipeline;
  }

  static async start(subscription: Subscription = {}, columns?: readonly TableField[]): Promise<Pipeline> {
    const pipeline = await Pipeline.prepare(columns);
    await pipeline.subscribe(subscription);
    return pipeline;
  }

  subscribe(subscription: Subscription = {}): Promise<Subscription> {
    return this.harness.pubsub.createSubscription({
      name: writer,
      topic: topicName('records'),
      bigqueryConfig: BIGQUERY_CONFIG,
      deadLetterPolicy: DEAD_LETTERS,
      ...subscription,
    });
  }

  backlog(): Promise<number> {
    return this.harness.pubsub.backlogSize({ subscription: writer });
  }

  /** Waits until nothing is left to write. */
  async drained(): Promise<void> {
    await until(async () => (await this.backlog()) === 0);
  }

  async state(): Promise<[unknown, unknown]> {
    const [subscription] = await this.harness.subscriber.getSubscription({ subscription: writer });
    return [subscription.state, subscription.bigqueryConfig?.state];
  }
}

describe('a BigQuery subscription', () => {
  it('writes each message as a row, and acknowledges it only when the row is committed', async () => {
    await using pipeline = await Pipeline.start();
    const { warehouse, harness } = pipeline;
    const gate = Promise.withResolvers<void>();
    warehouse.gate = gate.promise;
    await harness.publish([recordOf('1'), recordOf('2', { nombre: 'José' })]);
    await until(() => warehouse.appends.length === 1);
    expect(await pipeline.backlog()).toBe(2);
    gate.resolve();
    await pipeline.drained();
    expect(warehouse.rows).toEqual([
      { id: '1', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' },
      { id: '2', nombre: 'José', apellido: 'Pérez', pais: 'Chile' },
    ]);
    expect(await pipeline.state()).toEqual(['ACTIVE', 'ACTIVE']);
  });

  it('leaves no message behind, whenever it arrives', async () => {
    await using pipeline = await Pipeline.start();
    const { pubsub } = pipeline.harness;
    const published: Promise<unknown>[] = [];
    for (let index = 0; index < 2_000; index++) {
      const messages = [{ data: Buffer.from(recordOf(String(index))) }];
      published.push(pubsub.publish({ topic: topicName('records'), messages }));
      // Now and then the queue runs empty, at another moment of a delivery each time.
      for (let turn = 0; turn < index % 7; turn++)
        await (turn % 2 ? Promise.resolve() : new Promise(setImmediate));
    }
    await Promise.all(published);
    await pipeline.drained();
    expect(new Set(pipeline.warehouse.rows.map(({ id }) => id)).size).toBe(2_000);
    expect(pipeline.warehouse.rows).toHaveLength(2_000);
  });

  it('sends a message that the table refuses to the dead letters with its reason, at once, and the good ones beside it to the table', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    await harness.publish([recordOf('1'), recordOf('poison', { edad: '41' }), recordOf('2')]);
    await pipeline.drained();
    expect(warehouse.rows.map(({ id }) => id)).toEqual(['1', '2']);
    const [letter, ...others] = await harness.pull('graveyard');
    expect(others).toEqual([]);
    expect(letter?.text).toBe(recordOf('poison', { edad: '41' }));
    expect(letter?.attributes).toMatchObject({
      CloudPubSubDeadLetterSourceDeliveryErrorMessage:
        'Unknown field "edad": it is not in the topic schema, and drop_unknown_fields is off',
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
      CloudPubSubDeadLetterSourceSubscription: 'writer',
      CloudPubSubDeadLetterSourceSubscriptionProject: 'local',
      CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00.000+00:00',
      googclient_schemaname: schemaName('record'),
    });
  });

  it('sends a row that BigQuery refuses to the dead letters with what BigQuery said', async () => {
    const columns = COLUMNS.map((column) => (column.name === 'pais' ? { ...column, type: 'DATE' } : column));
    await using pipeline = await Pipeline.start({}, columns);
    await pipeline.harness.publish([
      recordOf('1', { pais: '2026-02-30' }),
      recordOf('2', { pais: '2026-02-28' }),
    ]);
    await pipeline.drained();
    expect(pipeline.warehouse.rows.map(({ id }) => id)).toEqual(['2']);
    const [letter] = await pipeline.harness.pull('graveyard');
    expect(letter?.attributes.CloudPubSubDeadLetterSourceDeliveryErrorMessage).toContain('2026-02-30');
  });

  it('keeps a message that does not fit and backs off from it, where there is no dead-letter topic', async () => {
    await using pipeline = await Pipeline.start({
      deadLetterPolicy: null,
      retryPolicy: { minimumBackoff: { seconds: 10 } },
    });
    const { harness, warehouse } = pipeline;
    await harness.publish([recordOf('poison', { edad: '41' }), recordOf('1')]);
    await until(() => warehouse.rows.length === 1);
    await harness.clock.advance(3_600_000);
    expect(await pipeline.backlog()).toBe(1);
    expect(await pipeline.state()).toEqual(['ACTIVE', 'ACTIVE']);
  });

  it('drops unknown fields where it is told to', async () => {
    await using pipeline = await Pipeline.start({
      bigqueryConfig: { ...BIGQUERY_CONFIG, dropUnknownFields: true },
    });
    await pipeline.harness.publish([recordOf('1', { edad: '41' })]);
    await pipeline.drained();
    expect(pipeline.warehouse.rows).toEqual([JSON.parse(recordOf('1'))]);
  });

  it('counts a failure of BigQuery as an attempt and backs off before the next', async () => {
    await using pipeline = await Pipeline.start({ retryPolicy: { minimumBackoff: { seconds: 10 } } });
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'The warehouse is on fire.');
    await harness.publish([recordOf('1'), recordOf('2')]);
    for (const [failures, seconds] of [10, 20, 40, 80].entries()) {
      await until(() => warehouse.appends.length === failures + 1);
      await harness.clock.advance(seconds * 1_000 - 1);
      expect(warehouse.appends).toHaveLength(failures + 1);
      await harness.clock.advance(1);
    }
    await pipeline.drained();
    expect(warehouse.appends).toEqual([2, 2, 2, 2, 2]);
    expect(warehouse.rows).toEqual([]);
    expect(harness.warnings).toEqual([
      `${writer} could not write to local.records.records: The warehouse is on fire.`,
    ]);
    const letters = await harness.pull('graveyard');
    expect(letters.map(({ attributes }) => attributes)).toEqual(
      ['5', '5'].map((count) =>
        expect.objectContaining({
          CloudPubSubDeadLetterSourceDeliveryCount: count,
          CloudPubSubDeadLetterSourceDeliveryErrorMessage: 'The warehouse is on fire.',
        }),
      ),
    );
  });

  it('delivers when BigQuery is back before the last attempt', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'The warehouse is on fire.');
    await harness.publish([recordOf('1')]);
    await until(() => harness.warnings.length === 1);
    warehouse.failure = undefined;
    await harness.clock.advance(100);
    await pipeline.drained();
    expect(warehouse.rows).toHaveLength(1);
    expect(await harness.pull('graveyard')).toEqual([]);
  });
});

describe('the error states of a BigQuery subscription', () => {
  it.each([
    {
      state: 'PERMISSION_DENIED',
      break: async ({ harness }: Pipeline) => harness.iam.revoke(EDITOR),
      mend: async ({ harness }: Pipeline) => harness.iam.grant(EDITOR),
      says: 'is missing permissions required to write to the BigQuery table: bigquery.tables.get, bigquery.tables.updateData. To mend it: grant roles/bigquery.dataEditor to',
    },
    {
      state: 'NOT_FOUND',
      break: ({ warehouse }: Pipeline) => warehouse.bigquery.deleteTable(DATASET, TABLE),
      mend: ({ warehouse }: Pipeline) => warehouse.createTable(COLUMNS),
      says: 'The BigQuery table or dataset specified cannot be found: local.records.records.',
    },
    {
      state: 'SCHEMA_MISMATCH',
      break: async ({ warehouse }: Pipeline) => {
        await warehouse.bigquery.deleteTable(DATASET, TABLE);
        await warehouse.createTable(COLUMNS.slice(0, 3));
      },
      mend: async ({ warehouse }: Pipeline) => {
        await warehouse.bigquery.deleteTable(DATASET, TABLE);
        await warehouse.createTable(COLUMNS);
      },
      says: 'Incompatible schema for field pais: it is in the topic schema but not in the BigQuery table',
    },
  ])('$state keeps every message, dead-letters none, and ends when the cause is mended', async (fault) => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    await fault.break(pipeline);
    const texts = Array.from({ length: 100 }, (_, index) => recordOf(String(index)));
    await harness.publish(texts);
    await until(async () => (await pipeline.state())[1] === fault.state);
    expect(await pipeline.state()).toEqual(['RESOURCE_ERROR', fault.state]);
    await harness.publish([recordOf('100')]);
    await harness.clock.advance(3_600_000);
    expect(await pipeline.backlog()).toBe(101);
    expect(warehouse.rows).toEqual([]);
    expect(await harness.pull('graveyard')).toEqual([]);
    expect(harness.warnings).toEqual([expect.stringContaining(`${writer} is in state ${fault.state}: `)]);
    expect(harness.warnings[0]).toContain(fault.says);
    await fault.mend(pipeline);
    await harness.clock.advance(1_000);
    await pipeline.drained();
    expect(warehouse.rows.map(({ id }) => id)).toEqual(
      Array.from({ length: 101 }, (_, index) => String(index)),
    );
    expect(await pipeline.state()).toEqual(['ACTIVE', 'ACTIVE']);
    expect(harness.warnings[1]).toBe(`${writer} is ACTIVE again.`);
  });

  it('a new revision with a field that the table lacks is a schema mismatch, until the table has it', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    const fields = [...AVRO.fields, { name: 'edad', type: ['null', 'string'], default: null }];
    await harness.schemas.commitSchema({
      name: schemaName('record'),
      schema: { name: schemaName('record'), type: 'AVRO', definition: JSON.stringify({ ...AVRO, fields }) },
    });
    await harness.publish([recordOf('1', { edad: { string: '41' } })]);
    await until(async () => (await pipeline.state())[1] === 'SCHEMA_MISMATCH');
    await warehouse.bigquery.deleteTable(DATASET, TABLE);
    await warehouse.createTable([...COLUMNS, { name: 'edad', type: 'STRING', mode: 'NULLABLE' }]);
    await harness.clock.advance(1_000);
    await pipeline.drained();
    expect(warehouse.rows).toEqual([JSON.parse(recordOf('1', { edad: '41' }))]);
  });
});

describe('creating a BigQuery subscription', () => {
  it('needs the grants of the service agent, and says which role is missing', async () => {
    await using pipeline = await Pipeline.prepare();
    pipeline.harness.iam.revoke(EDITOR);
    const error = await errorOf(pipeline.subscribe());
    expect(error).toMatchObject({
      code: 'PERMISSION_DENIED',
      message:
        'Service account service-1@gcp-sa-pubsub.iam.gserviceaccount.com is missing permissions required to write to the BigQuery table: bigquery.tables.get, bigquery.tables.updateData.',
      hint: expect.stringContaining(
        `grant roles/bigquery.dataEditor to ${AGENT} on projects/local/datasets/records/tables/records`,
      ),
    });
  });

  it('needs only the permissions that are not there', async () => {
    await using pipeline = await Pipeline.prepare();
    pipeline.harness.iam.revoke(EDITOR);
    pipeline.harness.iam.grant({ ...EDITOR, role: 'roles/bigquery.metadataViewer' });
    expect((await errorOf(pipeline.subscribe())).message).toContain(
      'BigQuery table: bigquery.tables.updateData.',
    );
  });

  it('can use a service account of its own instead of the agent', async () => {
    await using pipeline = await Pipeline.prepare();
    pipeline.harness.iam.revoke(EDITOR);
    pipeline.harness.iam.grant({ ...EDITOR, member: 'serviceAccount:writer@local.iam.gserviceaccount.com' });
    const serviceAccountEmail = 'writer@local.iam.gserviceaccount.com';
    await pipeline.subscribe({ bigqueryConfig: { ...BIGQUERY_CONFIG, serviceAccountEmail } });
    await pipeline.harness.publish([recordOf('1')]);
    await pipeline.drained();
  });

  it('needs a table that exists', async () => {
    await using pipeline = await Pipeline.prepare();
    const error = await errorOf(
      pipeline.subscribe({ bigqueryConfig: { ...BIGQUERY_CONFIG, table: 'local.records.missing' } }),
    );
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: 'The BigQuery table or dataset specified cannot be found: local.records.missing.',
    });
  });

  it.each([
    [
      'a table name without a dataset',
      { table: 'records', useTopicSchema: true },
      'Invalid bigquery_config.table: "records".',
    ],
    [
      'both schemas at once',
      { ...BIGQUERY_CONFIG, useTableSchema: true },
      'can not be enabled at the same time',
    ],
    [
      'metadata without columns for it',
      { ...BIGQUERY_CONFIG, writeMetadata: true },
      'Incompatible schema for field subscription_name: the BigQuery table has no such column',
    ],
    [
      'neither schema and no data column',
      { table: 'local.records.records' },
      'Incompatible schema for field data: the BigQuery table has no such column',
    ],
  ])('refuses %s', async (_, bigqueryConfig, reason) => {
    await using pipeline = await Pipeline.prepare();
    const error = await errorOf(pipeline.subscribe({ bigqueryConfig }));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(reason);
  });

  it('refuses use_topic_schema on a topic without a schema', async () => {
    await using pipeline = await Pipeline.prepare();
    const error = await errorOf(pipeline.subscribe({ topic: topicName('dead') }));
    expect(error.message).toContain('has no schema, but use_topic_schema is set');
  });

  it('cannot be pulled from', async () => {
    await using pipeline = await Pipeline.start();
    expect((await errorOf(pipeline.harness.pull('writer'))).code).toBe(9);
  });
});

describe('what a BigQuery subscription writes', () => {
  const metadata: TableField[] = [
    { name: 'subscription_name', type: 'STRING' },
    { name: 'message_id', type: 'STRING' },
    { name: 'publish_time', type: 'TIMESTAMP' },
    { name: 'attributes', type: 'STRING' },
  ];

  it('is the raw message in the column data, where no schema is used', async () => {
    await using pipeline = await Pipeline.start(
      { topic: topicName('dead'), bigqueryConfig: { table: 'local.records.records', writeMetadata: true } },
      [{ name: 'data', type: 'BYTES' }, ...metadata],
    );
    const [id] = await pipeline.harness.publish(['any\u0000thing'], 'dead', {
      attributes: { source: 'test' },
    });
    await pipeline.drained();
    expect(pipeline.warehouse.rows).toEqual([
      {
        data: Buffer.from('any\u0000thing').toString('base64'),
        subscription_name: writer,
        message_id: id,
        publish_time: '2026-01-01T00:00:00.000Z',
        attributes: '{"source":"test"}',
      },
    ]);
  });

  it('is the fields of the JSON, where the table schema is used', async () => {
    const columns: TableField[] = [
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'address', type: 'RECORD', fields: [{ name: 'city', type: 'STRING' }] },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ];
    const bigqueryConfig = { table: 'local.records.records', useTableSchema: true };
    await using pipeline = await Pipeline.start({ topic: topicName('dead'), bigqueryConfig }, columns);
    const { harness, warehouse } = pipeline;
    const good = { id: '1', address: { city: 'Lima' }, tags: ['a', 'b'] };
    const bad = ['{"id":"2","address":{"street":"x"}}', '{"tags":["no id"]}', 'no JSON', '[]'];
    await harness.publish([JSON.stringify(good), ...bad], 'dead');
    await until(() => warehouse.rows.length === 1);
    expect(warehouse.rows).toEqual([good]);
    // The dead-letter topic is the topic itself here: what does not fit goes round, and its reason with it.
    await until(async () =>
      (await harness.pull('graveyard')).some(({ attributes }) =>
        attributes.CloudPubSubDeadLetterSourceDeliveryErrorMessage?.includes('address.street'),
      ),
    );
  });

  it('is every Avro type in the form that its column takes, from binary Avro as from JSON', async () => {
    const definition = {
      type: 'record',
      name: 'All',
      fields: [
        { name: 'flag', type: 'boolean' },
        { name: 'count', type: 'long' },
        { name: 'ratio', type: 'double' },
        { name: 'raw', type: 'bytes' },
        { name: 'maybe', type: ['null', 'string'] },
        { name: 'color', type: { type: 'enum', name: 'Color', symbols: ['RED', 'BLUE'] } },
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'sizes', type: { type: 'map', values: 'int' } },
        { name: 'inner', type: { type: 'record', name: 'Inner', fields: [{ name: 'at', type: 'string' }] } },
      ],
    };
    const columns: TableField[] = [
      { name: 'flag', type: 'BOOLEAN', mode: 'REQUIRED' },
      { name: 'count', type: 'INT64' },
      { name: 'ratio', type: 'FLOAT64' },
      { name: 'raw', type: 'BYTES' },
      { name: 'maybe', type: 'STRING' },
      { name: 'color', type: 'INTEGER' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      {
        name: 'sizes',
        type: 'RECORD',
        mode: 'REPEATED',
        fields: [
          { name: 'key', type: 'STRING' },
          { name: 'value', type: 'INTEGER' },
        ],
      },
      { name: 'inner', type: 'RECORD', fields: [{ name: 'at', type: 'TIMESTAMP' }] },
    ];
    const message = {
      flag: true,
      count: 7,
      ratio: 0.5,
      raw: '\u00ff\u0000',
      maybe: { string: 'yes' },
      color: 'BLUE',
      tags: ['a'],
      sizes: { s: 1 },
      inner: { at: '2026-01-01T00:00:00Z' },
    };
    await using pipeline = await Pipeline.prepare(columns);
    const { harness, warehouse } = pipeline;
    await harness.client.createSchema('all', 'AVRO', JSON.stringify(definition));
    for (const encoding of ['JSON', 'BINARY'] as const) {
      const name = topicName(`all-${encoding}`);
      await harness.pubsub.createTopic({ name, schemaSettings: { schema: schemaName('all'), encoding } });
      await pipeline.subscribe({ name: subscriptionName(`all-${encoding}`), topic: name });
    }
    const { default: avro } = await import('avsc');
    const type = avro.Type.forSchema(definition as never, { wrapUnions: 'always' });
    await harness.publish([JSON.stringify(message)], 'all-JSON');
    const data = type.toBuffer(type.fromString(JSON.stringify(message)));
    await harness.publisher.publish({ topic: topicName('all-BINARY'), messages: [{ data }] });
    await until(() => warehouse.rows.length === 2);
    const row = { ...message, raw: '/wA=', maybe: 'yes', color: 1, sizes: [{ key: 's', value: 1 }] };
    expect(warehouse.rows).toEqual([row, row]);
  });
});
