import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, schemaName, topicName } from './harness.ts';

const RECORD = {
  type: 'record',
  name: 'Record',
  fields: ['id', 'nombre', 'apellido', 'pais'].map((name) => ({ name, type: 'string' })),
};
const GOOD = { id: '1', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

async function withSchema(
  definition: object = RECORD,
  encoding: 'JSON' | 'BINARY' = 'JSON',
): Promise<Harness> {
  const harness = await Harness.start();
  await harness.client.createSchema('record', 'AVRO', JSON.stringify(definition));
  await harness.client.createTopic({
    name: topicName('records'),
    schemaSettings: { schema: schemaName('record'), encoding },
  });
  await harness.pubsub.createSubscription({
    name: 'projects/local/subscriptions/reader',
    topic: topicName('records'),
  });
  return harness;
}

describe('publish', () => {
  it('returns the ids that the messages are delivered with', async () => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const topic = harness.client.topic('records');
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((text) => topic.publishMessage({ data: Buffer.from(text), attributes: { text } })),
    );
    const pulled = await harness.pull();
    expect(pulled.map(({ messageId, text, attributes }) => [messageId, text, attributes])).toEqual(
      ['a', 'b', 'c'].map((text, index) => [ids[index], text, { text }]),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    ['of 27,000 hours, which Python sends', 27_000 * 3_600_000],
    ['that is beyond what Node can wait for', 2 ** 31],
    ['of an hour', 3_600_000],
  ])('answers at once and stores each message once, with a deadline %s', async (_, timeout) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const messages = [{ data: Buffer.from('a') }];
    await harness.publisher.publish({ topic: topicName('records'), messages }, { timeout, retry: null });
    expect((await harness.pull()).map(({ text }) => text)).toEqual(['a']);
  });

  it('answers NOT_FOUND for a missing topic', async () => {
    await using harness = await Harness.start();
    const error = await errorOf(harness.publish(['a'], 'missing'));
    expect(error).toMatchObject({
      code: 5,
      details: 'Resource not found (resource=projects/local/topics/missing).',
    });
  });

  it.each([
    ['no messages', [], 'No messages to publish'],
    ['a message without data and attributes', [{}], 'Some messages are empty'],
    ['more than 1,000 messages', Array(1_001).fill({ data: Buffer.from('a') }), 'the maximum value is 1000'],
    [
      'more than 10 MB',
      Array(11).fill({ data: Buffer.alloc(2 ** 20) }),
      'Request payload size exceeds the limit',
    ],
    [
      'an attribute key of 257 bytes',
      [{ attributes: { ['k'.repeat(257)]: 'v' } }],
      'at most 256 are allowed',
    ],
    ['an attribute value of 1,025 bytes', [{ attributes: { k: 'é'.repeat(513) } }], 'it has 1026 bytes'],
    ['a reserved attribute key', [{ attributes: { goog_x: 'v' } }], 'start with "goog"'],
    [
      'two ordering keys',
      [{ data: Buffer.from('a'), orderingKey: 'k' }, { data: Buffer.from('b') }],
      'same ordering_key',
    ],
    ['an id of its own', [{ data: Buffer.from('a'), messageId: '7' }], 'the publisher must leave them empty'],
  ])('refuses %s', async (_, messages, reason) => {
    await using harness = await Harness.start();
    await harness.topicWith();
    const error = await errorOf(harness.publisher.publish({ topic: topicName('records'), messages }));
    expect(error.code).toBe(3);
    expect(error.details).toContain(reason);
    expect(await harness.pull()).toEqual([]);
  });
});

it('delivers a message with attributes and no data', async () => {
  await using harness = await Harness.start();
  await harness.topicWith();
  const messages = [{ attributes: { only: 'this' } }, { attributes: { and: 'this' }, data: Buffer.alloc(0) }];
  await harness.publisher.publish({ topic: topicName('records'), messages });
  expect((await harness.pull()).map(({ attributes, text }) => [attributes, text])).toEqual([
    [{ only: 'this' }, ''],
    [{ and: 'this' }, ''],
  ]);
});

it('accepts the trace context, the only reserved attribute that Google clients publish', async () => {
  await using harness = await Harness.start();
  await harness.topicWith();
  const attributes = { googclient_traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  await harness.publisher.publish({
    topic: topicName('records'),
    messages: [{ data: Buffer.from('a'), attributes }],
  });
  expect((await harness.pull()).map((message) => message.attributes)).toEqual([attributes]);
});

describe('publish to a topic with an Avro schema', () => {
  // Google's emulator 0.8.20 answers these messages alike.
  it.each([
    ['the fields in any order', JSON.stringify({ pais: 'Chile', apellido: 'P', nombre: 'A', id: '1' })],
    ['a fifth field', JSON.stringify({ ...GOOD, edad: '41' })],
    ['empty strings', JSON.stringify({ id: '', nombre: '', apellido: '', pais: '' })],
    ['text after the JSON', `${JSON.stringify(GOOD)}trailing }`],
    ['a key twice', '{"id":"1","id":"2","nombre":"A","apellido":"P","pais":"C"}'],
    [
      'a byte that is not UTF-8',
      Buffer.concat([
        Buffer.from('{"id":"'),
        Buffer.from([0xff]),
        Buffer.from('","nombre":"A","apellido":"P","pais":"C"}'),
      ]),
    ],
  ])('accepts %s', async (_, data) => {
    await using harness = await withSchema();
    const [response] = await harness.publisher.publish({
      topic: topicName('records'),
      messages: [{ data: Buffer.from(data) }],
    });
    expect(response.messageIds).toHaveLength(1);
  });

  it.each([
    ['a missing field', JSON.stringify({ ...GOOD, pais: undefined })],
    ['null', JSON.stringify({ ...GOOD, pais: null })],
    ['a number', JSON.stringify({ ...GOOD, id: 1 })],
    ['a value wrapped as in a union', JSON.stringify({ ...GOOD, id: { string: '1' } })],
    ['text that is not JSON', 'hello'],
    ['an array', '[]'],
  ])('refuses %s', async (_, data) => {
    await using harness = await withSchema();
    const error = await errorOf(harness.publish([data]));
    expect(error.code).toBe(3);
    expect(error.details).toMatch(/^Could not parse message \[message 1 of 1; .+\]$/);
  });

  it.each([
    [
      'a missing field',
      { ...GOOD, apellido: undefined },
      'field "apellido" is missing: set it to a value of type "string"',
    ],
    ['another type', { ...GOOD, id: 1 }, 'field "id" is 1: it must be a value of type "string"'],
    ['null', { ...GOOD, pais: null }, 'field "pais" is null: it must be a value of type "string"'],
    ['a list', [], 'the message is []: it must be a value of type "Record"'],
  ])('names the field at fault: %s', async (_, message, problem) => {
    await using harness = await withSchema();
    const error = await errorOf(harness.publish([JSON.stringify(message)]));
    expect(error.details).toBe(
      `Could not parse message [message 1 of 1; the whole request is refused: ${problem}]`,
    );
  });

  it('names a field below a field, and how a union is written', async () => {
    const inner = { type: 'record', name: 'Inner', fields: [{ name: 'edad', type: ['null', 'int'] }] };
    await using harness = await withSchema({ ...RECORD, fields: [{ name: 'inner', type: inner }] });
    const error = await errorOf(harness.publish(['{"inner":{"edad":41}}']));
    expect(error.details).toContain('field "inner.edad" is 41: it must be null or {"int": …}');
  });

  it('refuses the whole request for one bad message, and names it', async () => {
    await using harness = await withSchema();
    const error = await errorOf(harness.publish([JSON.stringify(GOOD), 'bad']));
    expect(error.details).toContain('message 2 of 2');
    expect(await harness.pull()).toEqual([]);
  });

  it('refuses a missing field with a default, and accepts the field as null or wrapped in its union', async () => {
    const fields = [...RECORD.fields, { name: 'edad', type: ['null', 'string'], default: null }];
    await using harness = await withSchema({ ...RECORD, fields });
    expect((await errorOf(harness.publish([JSON.stringify(GOOD)]))).code).toBe(3);
    expect((await errorOf(harness.publish([JSON.stringify({ ...GOOD, edad: '41' })]))).code).toBe(3);
    await harness.publish([
      JSON.stringify({ ...GOOD, edad: null }),
      JSON.stringify({ ...GOOD, edad: { string: '41' } }),
    ]);
    expect(await harness.pull()).toHaveLength(2);
  });

  it('adds the schema, revision and encoding to the attributes of the message', async () => {
    await using harness = await withSchema();
    await harness.publish([JSON.stringify(GOOD)], 'records', { attributes: { source: 'test' } });
    const [{ revisionId }] = await harness.schemas.getSchema({ name: schemaName('record') });
    const [message] = await harness.pull();
    expect(message?.attributes).toEqual({
      source: 'test',
      googclient_schemaname: schemaName('record'),
      googclient_schemaencoding: 'JSON',
      googclient_schemarevisionid: revisionId,
    });
  });

  it('accepts binary Avro on a topic with that encoding', async () => {
    await using harness = await withSchema(
      { type: 'record', name: 'R', fields: [{ name: 'id', type: 'string' }] },
      'BINARY',
    );
    await harness.publish(['\u0002a']);
    expect((await errorOf(harness.publish(['{"id":"a"}']))).code).toBe(3);
    expect(await harness.pull()).toHaveLength(1);
  });

  it('tries every allowed revision, newest first', async () => {
    await using harness = await withSchema();
    const fields = [...RECORD.fields, { name: 'edad', type: ['null', 'string'], default: null }];
    const [second] = await harness.schemas.commitSchema({
      name: schemaName('record'),
      schema: { name: schemaName('record'), type: 'AVRO', definition: JSON.stringify({ ...RECORD, fields }) },
    });
    await harness.publish([JSON.stringify({ ...GOOD, edad: { string: '41' } }), JSON.stringify(GOOD)]);
    const [first] = await harness.schemas.listSchemaRevisions({ name: schemaName('record') });
    expect((await harness.pull()).map(({ attributes }) => attributes.googclient_schemarevisionid)).toEqual([
      second.revisionId,
      first[1]?.revisionId,
    ]);
    await harness.publisher.updateTopic({
      topic: { name: topicName('records'), schemaSettings: { firstRevisionId: second.revisionId ?? null } },
      updateMask: { paths: ['schema_settings.first_revision_id'] },
    });
    expect((await errorOf(harness.publish([JSON.stringify(GOOD)]))).code).toBe(3);
  });

  it('refuses every message after the schema is deleted', async () => {
    await using harness = await withSchema();
    await harness.schemas.deleteSchema({ name: schemaName('record') });
    const error = await errorOf(harness.publish([JSON.stringify(GOOD)]));
    expect(error).toMatchObject({ code: 5, details: 'Schema associated with topic deleted.' });
    const [topic] = await harness.publisher.getTopic({ topic: topicName('records') });
    expect(topic.schemaSettings?.schema).toBe('_deleted-schema_');
  });
});
