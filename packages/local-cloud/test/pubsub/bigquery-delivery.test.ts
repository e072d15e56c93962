import { describe, expect, it } from '@jest/globals';
import { BigQueryDelivery } from '../../src/bigquery-subscription/delivery.ts';
import { Chaos } from '../../src/chaos.ts';
import { FakeClock } from '../../src/clock.ts';
import { CloudError } from '../../src/errors.ts';
import { schemaName, topicName, until } from './harness.ts';
import { BIGQUERY_CONFIG, Pipeline, recordOf, writer } from './pipeline.ts';
import { COLUMNS } from './warehouse.ts';

describe('a BigQuery subscription', () => {
  it('writes each message as a row, and acknowledges it only once the row is committed', async () => {
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

  it('writes every message exactly once, at whatever moment it arrives', async () => {
    await using pipeline = await Pipeline.start();
    const { pubsub } = pipeline.harness;
    const published: Promise<unknown>[] = [];
    for (let index = 0; index < 2_000; index++) {
      const messages = [{ data: Buffer.from(recordOf(String(index))) }];
      published.push(pubsub.publish({ topic: topicName('records'), messages }));
      // The queue runs empty at various moments of a delivery.
      for (let turn = 0; turn < index % 7; turn++)
        await (turn % 2 ? Promise.resolve() : new Promise(setImmediate));
    }
    await Promise.all(published);
    await pipeline.drained();
    expect(new Set(pipeline.warehouse.rows.map(({ id }) => id)).size).toBe(2_000);
    expect(pipeline.warehouse.rows).toHaveLength(2_000);
  });

  const message = {
    id: 1,
    failures: 0,
    availableAt: 0,
    publishTime: 0,
    orderingKey: null,
    attributes: null,
    stamp: null,
    data: new Uint8Array(),
  };
  const options = {
    chaos: new Chaos(),
    warehouse: { appendRows: async () => [] },
    destination: { table: { projectId: 'p', datasetId: 'd', tableId: 't' } },
    backoff: { minimumMs: 0, maximumMs: 0 },
    hasDeadLetterTopic: false,
    columns: async () => [],
    rowOf: () => ({}),
    stateChanged: () => {},
    failed: () => {},
  };

  it('takes messages again when it is woken while it goes idle', async () => {
    const { promise: acknowledged, resolve } = Promise.withResolvers<readonly number[]>();
    let takes = 0;
    let wake = () => {};
    const delivery = new BigQueryDelivery({
      ...options,
      clock: new FakeClock(),
      queue: {
        onWake: (listener) => {
          wake = listener;
          return () => {};
        },
        take: () => {
          if (++takes === 1) queueMicrotask(wake);
          return takes === 2 ? [{ message, attempt: 1 }] : [];
        },
        acknowledge: async (ids) => resolve(ids),
        fail: async () => {},
        giveBack: () => {},
      },
    });
    expect(await acknowledged).toEqual([1]);
    await delivery.close();
  });

  it('tells each reason once and pauses for a second while nothing can be written, as on a full disk', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    let takes = 0;
    let wake = () => {};
    const full = (what: string) => new CloudError('INTERNAL', `${what} cannot be written.`);
    const delivery = new BigQueryDelivery({
      ...options,
      clock,
      warehouse: { appendRows: () => Promise.reject(full('The rows')) },
      queue: {
        onWake: (listener) => {
          wake = listener;
          return () => {};
        },
        take: () => {
          takes += 1;
          return [{ message, attempt: 1 }];
        },
        acknowledge: async () => {},
        fail: async () => {
          await new Promise(setImmediate);
          wake();
          throw full('The queue');
        },
        giveBack: () => {},
      },
      failed: (reason) => told.push(reason),
    });
    for (let second = 1; second <= 30; second += 1) {
      await until(() => takes >= second);
      await clock.advance(1_000);
    }
    expect(takes).toBeLessThanOrEqual(31);
    expect(told).toEqual(['The rows cannot be written.', 'The queue cannot be written.']);
    await delivery.close();
  });

  it('dead-letters a message that does not fit the table at once and with its reason, and writes the others of the batch', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    await harness.publish([recordOf('1'), recordOf('poison', { edad: '41' }), recordOf('2')]);
    await pipeline.drained();
    expect(warehouse.rows.map(({ id }) => id)).toEqual(['1', '2']);
    const [deadLetter, ...others] = await harness.pull('graveyard');
    expect(others).toEqual([]);
    expect(deadLetter?.text).toBe(recordOf('poison', { edad: '41' }));
    expect(deadLetter?.attributes).toMatchObject({
      CloudPubSubDeadLetterSourceDeliveryErrorMessage:
        'Unknown field "edad": it is not in the topic schema, and drop_unknown_fields is off',
      CloudPubSubDeadLetterSourceDeliveryCount: '5',
      CloudPubSubDeadLetterSourceSubscription: 'writer',
      CloudPubSubDeadLetterSourceSubscriptionProject: 'local',
      CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00.000+00:00',
      googclient_schemaname: schemaName('record'),
    });
  });

  it('dead-letters a message that does not fit the table with its own reason, even when the other rows cannot be written', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'BigQuery is unavailable');
    await harness.publish([recordOf('1'), recordOf('poison', { edad: '41' })]);
    await until(async () => (await pipeline.backlog()) === 1);
    const [deadLetter, ...others] = await harness.pull('graveyard');
    expect(others).toEqual([]);
    expect(deadLetter?.attributes.CloudPubSubDeadLetterSourceDeliveryErrorMessage).toContain('"edad"');
  });

  it('dead-letters a row that BigQuery refuses with the error of BigQuery', async () => {
    const columns = COLUMNS.map((column) => (column.name === 'pais' ? { ...column, type: 'DATE' } : column));
    await using pipeline = await Pipeline.start({}, columns);
    await pipeline.harness.publish([
      recordOf('1', { pais: '2026-02-30' }),
      recordOf('2', { pais: '2026-02-28' }),
    ]);
    await pipeline.drained();
    expect(pipeline.warehouse.rows.map(({ id }) => id)).toEqual(['2']);
    const [deadLetter] = await pipeline.harness.pull('graveyard');
    expect(deadLetter?.attributes.CloudPubSubDeadLetterSourceDeliveryErrorMessage).toContain('2026-02-30');
  });

  it('keeps a message that does not fit and backs off, without a dead-letter topic', async () => {
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

  it('drops unknown fields with drop_unknown_fields', async () => {
    await using pipeline = await Pipeline.start({
      bigqueryConfig: { ...BIGQUERY_CONFIG, dropUnknownFields: true },
    });
    await pipeline.harness.publish([recordOf('1', { edad: '41' })]);
    await pipeline.drained();
    expect(pipeline.warehouse.rows).toEqual([JSON.parse(recordOf('1'))]);
  });

  it('counts a failure of BigQuery as a delivery attempt and backs off before the next one', async () => {
    await using pipeline = await Pipeline.start({ retryPolicy: { minimumBackoff: { seconds: 10 } } });
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'BigQuery is unavailable.');
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
      `${writer} cannot write to local.records.records: BigQuery is unavailable.`,
    ]);
    const deadLetters = await harness.pull('graveyard');
    expect(deadLetters.map(({ attributes }) => attributes)).toEqual(
      ['5', '5'].map((count) =>
        expect.objectContaining({
          CloudPubSubDeadLetterSourceDeliveryCount: count,
          CloudPubSubDeadLetterSourceDeliveryErrorMessage: 'BigQuery is unavailable.',
        }),
      ),
    );
  });

  it('writes the message when BigQuery recovers before the last delivery attempt', async () => {
    await using pipeline = await Pipeline.start();
    const { harness, warehouse } = pipeline;
    warehouse.failure = new CloudError('UNAVAILABLE', 'BigQuery is unavailable.');
    await harness.publish([recordOf('1')]);
    await until(() => harness.warnings.length === 1);
    warehouse.failure = undefined;
    await harness.clock.advance(100);
    await pipeline.drained();
    expect(warehouse.rows).toHaveLength(1);
    expect(await harness.pull('graveyard')).toEqual([]);
  });
});
