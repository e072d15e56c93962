import { describe, expect, it } from '@jest/globals';
import { AGENT, errorOf, topicName } from './harness.ts';
import { BIGQUERY_CONFIG, EDITOR, Pipeline, recordOf, writer } from './pipeline.ts';

describe('creating a BigQuery subscription', () => {
  it('requires grants for the service agent, and names the missing role', async () => {
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

  it('names only the missing permissions', async () => {
    await using pipeline = await Pipeline.prepare();
    pipeline.harness.iam.revoke(EDITOR);
    pipeline.harness.iam.grant({ ...EDITOR, role: 'roles/bigquery.metadataViewer' });
    expect((await errorOf(pipeline.subscribe())).message).toContain(
      'BigQuery table: bigquery.tables.updateData.',
    );
  });

  it('accepts a service account instead of the agent', async () => {
    await using pipeline = await Pipeline.prepare();
    pipeline.harness.iam.revoke(EDITOR);
    pipeline.harness.iam.grant({ ...EDITOR, member: 'serviceAccount:writer@local.iam.gserviceaccount.com' });
    const serviceAccountEmail = 'writer@local.iam.gserviceaccount.com';
    await pipeline.subscribe({ bigqueryConfig: { ...BIGQUERY_CONFIG, serviceAccountEmail } });
    await pipeline.harness.publish([recordOf('1')]);
    await pipeline.drained();
  });

  it('requires an existing table', async () => {
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
      'cannot be enabled at the same time',
    ],
    [
      'metadata without columns',
      { ...BIGQUERY_CONFIG, writeMetadata: true },
      'Incompatible schema for field subscription_name: the BigQuery table has no such column',
    ],
    [
      'neither schema without a data column',
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
    expect(error.message).toContain(
      `use_topic_schema is set, but the topic ${topicName('dead')} has no schema.`,
    );
  });

  it.each(['local.records.records', 'local:records.records'])('accepts the table %s', async (table) => {
    await using pipeline = await Pipeline.prepare();
    await pipeline.subscribe({ bigqueryConfig: { ...BIGQUERY_CONFIG, table } });
    const { bigqueryConfig } = await pipeline.harness.pubsub.getSubscription({ subscription: writer });
    expect(bigqueryConfig?.table).toBe('local.records.records');
  });

  it('makes a subscription that cannot be pulled from', async () => {
    await using pipeline = await Pipeline.start();
    expect((await errorOf(pipeline.harness.pull('writer'))).code).toBe(9);
  });
});
