import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { PubSub } from '@google-cloud/pubsub';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import type { GoneColumns } from '../../src/pulumi/resource-type.ts';
import { changed, ingestion } from './declarations.ts';
import { type Declarations, deploy, openCloud, PROJECT, problemsOf } from './test-cloud.ts';

/** A topic whose schema has these fields, and a table with a column for each. */
function program(...fields: readonly string[]): Declarations {
  const field = (name: string) =>
    name === 'id' ? { name, type: 'string' } : { name, type: ['null', 'string'], default: null };
  const definition = JSON.stringify({ type: 'record', name: 'Row', fields: fields.map(field) });
  const column = (name: string) => ({ name, type: 'STRING', mode: name === 'id' ? 'REQUIRED' : 'NULLABLE' });
  return {
    dataset: ingestion.dataset,
    table: changed(ingestion.table, {
      schema: JSON.stringify(fields.map(column)),
      deletionProtection: true,
    }),
    tableGrant: ingestion.tableGrant,
    schema: {
      type: 'pubsub.Schema',
      inputs: { name: 'row', type: 'AVRO', definition },
      dependsOn: ['table'],
    },
    topic: changed(ingestion.topic, { schemaSettings: { schema: '<schema.id>', encoding: 'JSON' } }),
    subscription: changed(ingestion.subscription, {
      bigqueryConfig: { table: `${PROJECT}.shop.orders`, useTopicSchema: true },
    }),
  };
}

let folder: string;
let cloud: LocalCloud;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gone-'));
  cloud = await openCloud({ dataDir: folder });
  await deploy(cloud, program('id', 'phone'));
  await publish({ id: 'a', phone: { string: '555' } });
  await rowsUntil(1);
});
afterEach(async () => {
  await cloud.close();
  await rm(folder, { recursive: true });
});

async function publish(row: object): Promise<void> {
  Object.assign(process.env, cloud.environment);
  const pubsub = new PubSub({ projectId: PROJECT });
  await pubsub.topic('orders').publishMessage({ data: Buffer.from(JSON.stringify(row)) });
  await pubsub.close();
}

/** The rows of the table once there are `count`; the test's timeout ends the wait. */
async function rowsUntil(count: number): Promise<unknown[]> {
  Object.assign(process.env, cloud.environment);
  const bigquery = new BigQuery({ projectId: PROJECT });
  for (;;) {
    const [rows] = await bigquery.query('SELECT * FROM shop.orders ORDER BY id');
    if (rows.length >= count) return rows;
  }
}

/** Takes the column back in a new run. */
async function takeBack(goneColumns?: GoneColumns) {
  await cloud.close();
  cloud = await openCloud({ dataDir: folder });
  return deploy(cloud, program('id'), { goneColumns });
}

describe('a column that the program no longer declares', () => {
  it('is refused by name, and changes nothing', async () => {
    const deployed = takeBack();
    expect(await problemsOf(deployed)).toEqual([
      'gcp:bigquery/table:Table "table", property "schema": column phone is gone, so this change would replace the resource and lose its rows. Undo it, or start again, which can keep the column.',
    ]);
    await expect(deployed).rejects.toMatchObject({ problems: [{ goneColumns: ['phone'] }] });
    expect(await rowsUntil(1)).toEqual([{ id: 'a', phone: '555' }]);
  });

  it('stays with its values on request, is empty in new rows, and may come back', async () => {
    await takeBack('keep');
    await publish({ id: 'b' });
    expect(await rowsUntil(2)).toEqual([
      { id: 'a', phone: '555' },
      { id: 'b', phone: null },
    ]);
    // Later deployments know of it.
    await deploy(cloud, program('id', 'mail'));
    await deploy(cloud, program('id', 'mail', 'phone'));
    await publish({ id: 'c', mail: { string: 'c@d' }, phone: { string: '556' } });
    expect(await rowsUntil(3)).toContainEqual({ id: 'c', phone: '556', mail: 'c@d' });
  });

  it('is dropped on request, and its rows stay and grow', async () => {
    await takeBack('drop');
    await publish({ id: 'b' });
    expect(await rowsUntil(2)).toEqual([{ id: 'a' }, { id: 'b' }]);
    await deploy(cloud, program('id', 'phone'));
    await publish({ id: 'c', phone: { string: '557' } });
    expect(await rowsUntil(3)).toContainEqual({ id: 'c', phone: '557' });
  });
});
