import { SchemaTypes, SchemaViews } from '@google-cloud/pubsub';
import { describe, expect, it } from '@jest/globals';
import { errorOf, Harness, schemaName } from './harness.ts';

const parent = 'projects/local';
const record = (...fields: object[]) =>
  JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'id', type: 'string' }, ...fields] });
const optional = (name: string) => ({ name, type: ['null', 'string'], default: null });

async function withSchema(): Promise<Harness> {
  const harness = await Harness.start();
  await harness.client.createSchema('record', SchemaTypes.Avro, record());
  return harness;
}

const commit = (harness: Harness, definition: string) =>
  harness.schemas.commitSchema({
    name: schemaName('record'),
    schema: { name: schemaName('record'), type: 'AVRO', definition },
  });

describe('schemas', () => {
  it('are created, read, listed and deleted', async () => {
    await using harness = await withSchema();
    const { client, schemas } = harness;
    expect(await client.schema('record').get(SchemaViews.Full)).toMatchObject({
      name: schemaName('record'),
      type: 'AVRO',
      definition: record(),
    });
    expect((await client.schema('record').get(SchemaViews.Basic)).definition).toBe('');
    expect((await errorOf(client.createSchema('record', SchemaTypes.Avro, record()))).code).toBe(6);
    const [all] = await schemas.listSchemas({ parent });
    expect(all.map(({ name, definition }) => [name, definition])).toEqual([[schemaName('record'), '']]);
    await client.schema('record').delete();
    expect((await errorOf(schemas.getSchema({ name: schemaName('record') }))).code).toBe(5);
  });

  it('keep revisions, each readable, and all but the only one deletable', async () => {
    await using harness = await withSchema();
    const { schemas } = harness;
    const [first] = await schemas.getSchema({ name: schemaName('record') });
    const [second] = await commit(harness, record(optional('edad')));
    expect(second.revisionId).toMatch(/^[0-9a-f]{8}$/);
    const [revisions] = await schemas.listSchemaRevisions({ name: schemaName('record'), view: 'FULL' });
    expect(revisions.map(({ revisionId, definition }) => [revisionId, definition])).toEqual([
      [second.revisionId, record(optional('edad'))],
      [first.revisionId, record()],
    ]);
    expect(
      (await schemas.getSchema({ name: `${schemaName('record')}@${first.revisionId}` }))[0].definition,
    ).toBe(record());
    const [third] = await schemas.rollbackSchema({
      name: schemaName('record'),
      revisionId: first.revisionId ?? '',
    });
    expect(third.definition).toBe(record());
    for (const { revisionId } of [first, second]) {
      await schemas.deleteSchemaRevision({ name: `${schemaName('record')}@${revisionId}` });
    }
    const error = await errorOf(
      schemas.deleteSchemaRevision({ name: `${schemaName('record')}@${third.revisionId}` }),
    );
    expect(error.details).toContain('Cannot delete the only revision');
  });

  it.each([
    ['adds an optional field', record(optional('edad')), undefined],
    [
      'adds a required field',
      record({ name: 'edad', type: 'string' }),
      'no matching field for default-less R.edad',
    ],
    [
      'changes the type of a field',
      JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'id', type: 'int' }] }),
      'cannot read',
    ],
    [
      'removes a required field',
      JSON.stringify({ type: 'record', name: 'R', fields: [optional('edad')] }),
      'no matching field',
    ],
  ])('accept a compatible revision and refuse an incompatible one: %s', async (_, definition, reason) => {
    await using harness = await withSchema();
    if (reason === undefined) {
      await commit(harness, definition);
    } else {
      const error = await errorOf(commit(harness, definition));
      expect(error.code).toBe(3);
      expect(error.details).toContain(reason);
    }
  });

  it('accept at most 20 revisions', async () => {
    await using harness = await withSchema();
    for (let revision = 1; revision < 20; revision++) await commit(harness, record());
    expect((await errorOf(commit(harness, record()))).details).toContain('at most 20 are allowed');
  });

  it.each([
    ['not JSON', '{'],
    ['of an unknown type', '{"type":"record","name":"R","fields":[{"name":"a","type":"text"}]}'],
    ['not a record', '"string"'],
    ['longer than 300,000 bytes', record({ name: 'a', type: 'string', doc: 'x'.repeat(300_000) })],
  ])('refuse a definition that is %s', async (_, definition) => {
    await using harness = await Harness.start();
    const error = await errorOf(
      harness.client.validateSchema({ name: schemaName('record'), type: 'AVRO', definition }),
    );
    expect(error.code).toBe(3);
    expect(error.details).toContain('Could not parse schema definition');
  });

  it('refuse protocol buffers, which are not emulated', async () => {
    await using harness = await Harness.start();
    const error = await errorOf(
      harness.client.createSchema('proto', SchemaTypes.ProtocolBuffer, 'syntax = "proto3";'),
    );
    expect(error).toMatchObject({
      code: 12,
      details: 'Schema.type PROTOCOL_BUFFER is not emulated: only AVRO is.',
    });
  });

  it('validate a message by the name or the definition of a schema', async () => {
    await using harness = await withSchema();
    const { schemas } = harness;
    const validate = (message: string, schema: object) =>
      schemas.validateMessage({ parent, encoding: 'JSON', message: Buffer.from(message), ...schema });
    const inline = {
      schema: { name: schemaName('other'), type: 'AVRO', definition: record(optional('edad')) },
    };
    await validate('{"id":"1"}', { name: schemaName('record') });
    await validate('{"id":"1","edad":null}', inline);
    expect((await errorOf(validate('{"id":1}', { name: schemaName('record') }))).code).toBe(3);
    expect((await errorOf(validate('{"id":"1"}', inline))).code).toBe(3);
  });
});
