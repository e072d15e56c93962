import { BigQuery as Client } from '@google-cloud/bigquery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import { BigQuery } from '../../src/bigquery/bigquery.ts';
import { BigQueryServer } from '../../src/bigquery/server.ts';
import { Callers } from '../../src/callers.ts';
import { FakeClock } from '../../src/clock.ts';
import { Iam } from '../../src/iam.ts';
import { LOCATION, PROJECT, refusal, rowsOf } from './support/bigquery.ts';

const ANALYST = 'analyst@records-local.iam.gserviceaccount.com';
const FIELDS = [{ name: 'id', type: 'STRING' }];
const READ = 'SELECT id FROM shared.once';

let bigquery: BigQuery;
let server: BigQueryServer;
let owner: Client;
let analyst: Client;

/** Lets these views, and no others, read the raw dataset. */
async function authorize(...tableIds: string[]): Promise<void> {
  const views = tableIds.map((tableId) => ({ view: { projectId: PROJECT, datasetId: 'shared', tableId } }));
  await owner
    .dataset('raw')
    .setMetadata({ access: [{ role: 'OWNER', specialGroup: 'projectOwners' }, ...views] });
}

/** What BigQuery says of a table that the caller may not read. */
const denied = (table: string) =>
  expect.stringContaining(
    `Access Denied: Table ${PROJECT}:${table}: User does not have permission to query table ${PROJECT}:${table}, or perhaps it does not exist.`,
  );

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none';
  const clock = new FakeClock(Date.UTC(2026, 0, 31));
  const iam = new Iam();
  const callers = new Callers({ iam, clock, onRefused: () => undefined });
  bigquery = await BigQuery.open({ projectId: PROJECT, location: LOCATION, clock, iam });
  server = await BigQueryServer.listen(bigquery, { port: 0, callers });
  const options = { projectId: PROJECT, location: LOCATION, apiEndpoint: server.url };
  owner = new Client(options);
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: callers.tokenFor(ANALYST) });
  analyst = new Client({ ...options, authClient, retryOptions: { autoRetry: false } });
  const member = `serviceAccount:${ANALYST}`;
  iam.grant({ member, role: 'roles/bigquery.jobUser', resource: `projects/${PROJECT}` });
  iam.grant({ member, role: 'roles/bigquery.dataViewer', resource: `projects/${PROJECT}/datasets/shared` });

  await bigquery.insertDataset({ datasetReference: { datasetId: 'raw' } });
  await bigquery.insertDataset({ datasetReference: { datasetId: 'shared' } });
  await bigquery.insertTable('raw', { tableReference: { tableId: 'rows' }, schema: { fields: FIELDS } });
  await bigquery.insertAll('raw', 'rows', { rows: ['a', 'a', 'b'].map((id) => ({ json: { id } })) });
  const views = {
    once: 'SELECT DISTINCT id FROM raw.rows',
    recent: 'SELECT id FROM APPENDS(TABLE raw.rows, NULL, NULL)',
    upper: 'SELECT UPPER(id) AS id FROM shared.once',
    masked: 'SELECT shared.mask(id) AS id FROM raw.rows',
  };
  await owner.query("CREATE FUNCTION shared.mask(id STRING) AS ('*')");
  for (const [tableId, query] of Object.entries(views)) {
    await bigquery.insertTable('shared', {
      tableReference: { tableId },
      view: { query, useLegacySql: false },
    });
  }
});

beforeEach(() => authorize());

afterAll(async () => {
  await server.close();
  await bigquery.close();
});

describe('a view that its source authorizes', () => {
  it('is read by a caller who may not read the source', async () => {
    await authorize('once', 'recent');
    expect(await rowsOf(analyst, `${READ} ORDER BY id`)).toEqual([['a'], ['b']]);
    expect(await rowsOf(analyst, 'SELECT COUNT(*) FROM shared.recent')).toEqual([[3]]);
    const [metadata] = await owner.dataset('raw').getMetadata();
    expect(metadata.access).toContainEqual({
      view: { projectId: PROJECT, datasetId: 'shared', tableId: 'once' },
    });
  });

  it('opens nothing beside itself: the source is refused alone and in the same query', async () => {
    await authorize('once');
    for (const query of ['SELECT id FROM raw.rows', `${READ} UNION ALL SELECT id FROM raw.rows`]) {
      expect(await refusal(analyst.query(query))).toMatchObject({ code: 403, message: denied('raw.rows') });
    }
    expect((await refusal(analyst.dataset('raw').table('rows').getRows())).code).toBe(403);
  });

  it('calls no temporary function of its caller, who could read with its right', async () => {
    const defaultDataset = { projectId: PROJECT, datasetId: 'shared' };
    await owner.query({
      query: 'CREATE VIEW shared.bare AS SELECT mask(id) AS id FROM raw.rows',
      defaultDataset,
    });
    await authorize('masked', 'bare');
    const read = '(id STRING) AS ((SELECT STRING_AGG(id) FROM raw.rows));';
    const [bare] = await analyst.query({
      query: `CREATE TEMP FUNCTION mask${read} SELECT DISTINCT id FROM shared.bare`,
      defaultDataset,
    });
    expect(bare).toEqual([{ id: '*' }]);
    const named = analyst.query(`CREATE TEMP FUNCTION shared.mask${read} SELECT id FROM shared.masked`);
    expect(await refusal(named)).toMatchObject({
      code: 400,
      message: expect.stringContaining('A temporary function has no dataset: shared.mask'),
    });
  });

  it('lends its right to the views that read it', async () => {
    await authorize('once');
    expect(await rowsOf(analyst, 'SELECT id FROM shared.upper ORDER BY id')).toEqual([['A'], ['B']]);
  });

  it('is refused again when its entry is removed', async () => {
    await authorize('once');
    await analyst.query(READ);
    await authorize();
    expect(await refusal(analyst.query(READ))).toMatchObject({ code: 403, message: denied('raw.rows') });
  });

  it('keeps its right when it is replaced, and loses it when it is deleted', async () => {
    const read = 'SELECT id FROM shared.made';
    const view = 'VIEW shared.made AS SELECT DISTINCT id FROM raw.rows';
    await owner.query(`CREATE ${view}`);
    await authorize('made');
    await owner.query(`CREATE OR REPLACE ${view}`);
    expect(await rowsOf(analyst, `${read} ORDER BY id`)).toEqual([['a'], ['b']]);
    for (const remove of [
      () => owner.query('DROP VIEW shared.made'),
      () => owner.dataset('shared').table('made').delete(),
    ]) {
      await authorize('made');
      await remove();
      const [{ access }] = await owner.dataset('raw').getMetadata();
      expect(access).toEqual([{ role: 'OWNER', specialGroup: 'projectOwners' }]);
      await owner.query(`CREATE ${view}`);
      expect(await refusal(analyst.query(read))).toMatchObject({ code: 403, message: denied('raw.rows') });
    }
  });
});

it('views lose their rights with their dataset, also when it is restored', async () => {
  const owners = { role: 'OWNER', specialGroup: 'projectOwners' };
  const access = async () => (await owner.dataset('raw').getMetadata())[0].access;
  const views = ['one', 'two'].map((tableId) => ({
    view: { projectId: PROJECT, datasetId: 'lent', tableId },
  }));
  await owner.query('CREATE SCHEMA lent');
  for (const { view } of views)
    await owner.query(`CREATE VIEW lent.${view.tableId} AS SELECT id FROM raw.rows`);
  await owner.dataset('raw').setMetadata({ access: [owners, ...views] });
  expect(await access()).toEqual([owners, ...views]);
  await owner.query('DROP SCHEMA lent CASCADE');
  expect(await access()).toEqual([owners]);
  await owner.query('UNDROP SCHEMA lent');
  expect(await access()).toEqual([owners]);
});

describe('a view that its source does not authorize', () => {
  it('is refused to a caller who may not read the source, although another view is authorized', async () => {
    await authorize('recent');
    expect(await refusal(analyst.query(READ))).toMatchObject({
      code: 403,
      reason: 'accessDenied',
      message: denied('raw.rows'),
    });
  });

  it('is read by a caller who may read the source', async () => {
    expect(await rowsOf(owner, `${READ} ORDER BY id`)).toEqual([['a'], ['b']]);
  });
});

it('an entry with a role, or without the whole name of its view, is refused by the rule that it breaks', async () => {
  const view = { projectId: PROJECT, datasetId: 'shared', tableId: 'once' };
  const put = (entry: object) => refusal(owner.dataset('raw').setMetadata({ access: [entry] }));
  expect((await put({ role: 'READER', view })).message).toContain(
    'access.role must be empty for access.view',
  );
  expect((await put({ view: { ...view, tableId: '' } })).message).toContain('access.view.tableId');
});
