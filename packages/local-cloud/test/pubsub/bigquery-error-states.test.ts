import { describe, expect, it } from '@jest/globals';
import { CloudError } from '../../src/errors.ts';
import { schemaName, topicName, until } from './harness.ts';
import { AVRO, EDITOR, Pipeline, recordOf, writer } from './pipeline.ts';
import { COLUMNS, DATASET, TABLE } from './warehouse.ts';

/** Allows these regions only, also in transit. */
function allow({ harness }: Pipeline, ...allowedPersistenceRegions: string[]): Promise<unknown> {
  return harness.publisher.updateTopic({
    topic: {
      name: topicName('records'),
      messageStoragePolicy: { allowedPersistenceRegions, enforceInTransit: true },
    },
    updateMask: { paths: ['message_storage_policy'] },
  });
}

describe('the error states of a BigQuery subscription', () => {
  it.each([
    {
      state: 'PERMISSION_DENIED',
      cause: async ({ harness }: Pipeline) => harness.iam.revoke(EDITOR),
      fix: async ({ harness }: Pipeline) => harness.iam.grant(EDITOR),
      says: 'is missing permissions required to write to the BigQuery table: bigquery.tables.get, bigquery.tables.updateData. To fix it: grant roles/bigquery.dataEditor to',
    },
    {
      state: 'NOT_FOUND',
      cause: ({ warehouse }: Pipeline) => warehouse.bigquery.deleteTable(DATASET, TABLE),
      fix: ({ warehouse }: Pipeline) => warehouse.createTable(COLUMNS),
      says: 'The BigQuery table or dataset specified cannot be found: local.records.records.',
    },
    {
      state: 'SCHEMA_MISMATCH',
      cause: async ({ warehouse }: Pipeline) => {
        await warehouse.bigquery.deleteTable(DATASET, TABLE);
        await warehouse.createTable(COLUMNS.slice(0, 3));
      },
      fix: async ({ warehouse }: Pipeline) => {
        await warehouse.bigquery.deleteTable(DATASET, TABLE);
        await warehouse.createTable(COLUMNS);
      },
      says: 'Incompatible schema for field pais: it is in the topic schema but not in the BigQuery table',
    },
    {
      state: 'IN_TRANSIT_LOCATION_RESTRICTION',
      cause: (pipeline: Pipeline) => allow(pipeline, 'europe-west1'),
      fix: (pipeline: Pipeline) => allow(pipeline, 'europe-west1', 'southamerica-west1'),
      says: "the BigQuery table local.records.records is in southamerica-west1, which is not an allowed region: europe-west1. To fix it: allow southamerica-west1 in the topic's message storage policy",
    },
  ])('$state keeps every message, dead-letters none, and ends when the cause is fixed', async (fault) => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    await fault.cause(pipeline);
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
    await fault.fix(pipeline);
    await harness.clock.advance(1_000);
    await pipeline.drained();
    expect(warehouse.rows.map(({ id }) => id)).toEqual(
      Array.from({ length: 101 }, (_, index) => String(index)),
    );
    expect(await pipeline.state()).toEqual(['ACTIVE', 'ACTIVE']);
    expect(harness.warnings[1]).toBe(`${writer} is ACTIVE again.`);
  });

  it('count no delivery attempt, so they do not dead-letter a message on its last one', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'BigQuery is unavailable.');
    await harness.publish([recordOf('1')]);
    for (let attempt = 1; attempt <= 4; attempt++) {
      await until(() => warehouse.appends.length === attempt);
      if (attempt === 4) harness.iam.revoke(EDITOR);
      await harness.clock.advance(100 * 2 ** (attempt - 1));
    }
    await until(async () => (await pipeline.state())[1] === 'PERMISSION_DENIED');
    expect(await pipeline.backlog()).toBe(1);
    warehouse.failure = undefined;
    harness.iam.grant(EDITOR);
    await harness.clock.advance(1_000);
    await pipeline.drained();
    expect(warehouse.rows).toHaveLength(1);
  });

  it('a schema revision with a field that the table lacks causes SCHEMA_MISMATCH until the table has the field', async () => {
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

  it('a storage policy that is not enforced in transit restricts no table', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    await harness.pubsub.updateTopic({
      topic: {
        name: topicName('records'),
        messageStoragePolicy: { allowedPersistenceRegions: ['europe-west1'] },
      },
      updateMask: { paths: ['message_storage_policy'] },
    });
    await harness.publish([recordOf('1')]);
    await pipeline.drained();
    expect(warehouse.rows).toHaveLength(1);
  });

  it('a subscription to a table outside the allowed regions is refused', async () => {
    await using pipeline = await Pipeline.prepare();
    await allow(pipeline, 'europe-west1');
    await expect(pipeline.subscribe()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await allow(pipeline, 'southamerica-west1');
    await pipeline.subscribe();
    expect(await pipeline.state()).toEqual(['ACTIVE', 'ACTIVE']);
  });
});
