import { describe, expect, it } from '@jest/globals';
import type { TableField } from '../../src/warehouse.ts';
import { schemaName, subscriptionName, topicName, until } from './harness.ts';
import { Pipeline, writer } from './pipeline.ts';

describe('a BigQuery subscription', () => {
  const metadata: TableField[] = [
    { name: 'subscription_name', type: 'STRING' },
    { name: 'message_id', type: 'STRING' },
    { name: 'publish_time', type: 'TIMESTAMP' },
    { name: 'attributes', type: 'STRING' },
  ];

  it('writes the raw message to the column data without a schema', async () => {
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

  it('writes the fields of the JSON with the table schema', async () => {
    const columns: TableField[] = [
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'address', type: 'RECORD', fields: [{ name: 'city', type: 'STRING' }] },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    ];
    const bigqueryConfig = { table: 'local.records.records', useTableSchema: true };
    await using pipeline = await Pipeline.start({ topic: topicName('dead'), bigqueryConfig }, columns);
    const { harness, warehouse } = pipeline;
    const good = { id: '1', address: { city: 'Lima' }, tags: ['a', 'b'] };
    const deep = `{"id":"3","address":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const bad = ['{"id":"2","address":{"street":"x"}}', '{"tags":["no id"]}', 'no JSON', '[]', deep];
    await harness.publish([JSON.stringify(good), ...bad], 'dead');
    await until(() => warehouse.rows.length === 1);
    expect(warehouse.rows).toEqual([good]);
    // The topic is its own dead-letter topic here, so a dead letter returns with its reason.
    for (const reason of ['address.street', 'nested deeper than 1000 levels']) {
      await until(async () =>
        (await harness.pull('graveyard')).some(({ attributes }) =>
          attributes.CloudPubSubDeadLetterSourceDeliveryErrorMessage?.includes(reason),
        ),
      );
    }
  });

  it('writes every Avro type in the encoding of its column, from binary and from JSON messages', async () => {
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
