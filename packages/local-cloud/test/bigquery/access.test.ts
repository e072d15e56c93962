import { BigQuery as Client } from '@google-cloud/bigquery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import { BigQuery } from '../../src/bigquery/bigquery.ts';
import { METHODS } from '../../src/bigquery/rest/methods.ts';
import { authorize } from '../../src/bigquery/rest/permissions.ts';
import { BigQueryServer } from '../../src/bigquery/server.ts';
import { Callers, TOKEN_SECONDS } from '../../src/callers.ts';
import { FakeClock } from '../../src/clock.ts';
import { Iam } from '../../src/iam.ts';
import { LOCATION, PROJECT, refusal } from './support/bigquery.ts';

const READER = 'reader@records-local.iam.gserviceaccount.com';
const OTHER = 'other@records-local.iam.gserviceaccount.com';
const DATASET = `projects/${PROJECT}/datasets/shop`;
const SELECT = { query: 'SELECT id FROM shop.orders', location: LOCATION };

const clock = new FakeClock(Date.UTC(2026, 0, 31));
let iam: Iam;
let callers: Callers;
let refused: string[];
let bigquery: BigQuery;
let server: BigQueryServer;

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none';
  bigquery = await BigQuery.open({ projectId: PROJECT, location: LOCATION, clock });
  await bigquery.insertDataset({ datasetReference: { datasetId: 'shop' } });
  await bigquery.insertTable('shop', {
    tableReference: { tableId: 'orders' },
    schema: { fields: [{ name: 'id', type: 'STRING' }] },
  });
  // The shared server uses the callers of the current test.
  const current = { of: (header: string | undefined) => callers.of(header) } as Callers;
  server = await BigQueryServer.listen(bigquery, { port: 0, callers: current });
});

beforeEach(() => {
  iam = new Iam();
  refused = [];
  callers = new Callers({ iam, clock, onRefused: (message) => refused.push(message) });
});

afterAll(async () => {
  await server.close();
  await bigquery.close();
});

function clientWith(token: string): Client {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token });
  return new Client({
    projectId: PROJECT,
    location: LOCATION,
    apiEndpoint: server.url,
    authClient,
    retryOptions: { autoRetry: false },
  });
}

const clientOf = (email: string) => clientWith(callers.tokenFor(email));

function grant(role: string, resource: string, email = READER): void {
  iam.grant({ role, resource, member: `serviceAccount:${email}` });
}

describe('an account without grants', () => {
  it('may not create jobs, and the refusal names the role', async () => {
    expect(await refusal(clientOf(READER).query(SELECT))).toMatchObject({
      code: 403,
      reason: 'accessDenied',
      message: expect.stringContaining(
        'Access Denied: Project records-local: User does not have bigquery.jobs.create permission in project records-local.',
      ),
    });
    expect(refused).toEqual([
      `serviceAccount:${READER} lacks bigquery.jobs.create on projects/records-local: grant roles/bigquery.jobUser on projects/records-local, or above it, to serviceAccount:${READER}`,
    ]);
  });

  it('gets the same refusal for a table that exists and one that does not', async () => {
    grant('roles/bigquery.jobUser', `projects/${PROJECT}`);
    for (const table of ['orders', 'nothing']) {
      const query = `SELECT 1 FROM shop.${table}`;
      expect(await refusal(clientOf(READER).query({ query }))).toMatchObject({
        code: 403,
        message: expect.stringContaining(
          `Access Denied: Table records-local:shop.${table}: User does not have permission to query table records-local:shop.${table}, or perhaps it does not exist.`,
        ),
      });
    }
  });

  it('is refused every method on the dataset and its tables, and lists no dataset', async () => {
    const client = clientOf(READER);
    const table = client.dataset('shop').table('orders');
    const calls = [
      table.getMetadata(),
      table.getRows(),
      table.insert([{ id: 'a' }]),
      table.setMetadata({ description: 'x' }),
      table.delete(),
      client.dataset('shop').get(),
      client.dataset('shop').getTables(),
      client.dataset('shop').createTable('more', { schema: 'id' }),
      client.dataset('shop').delete({ force: true }),
      client.createDataset('more'),
      client.getJobs(),
    ];
    const errors = await Promise.all(calls.map((call) => refusal(call)));
    expect(errors.map(({ code }) => code)).toEqual(calls.map(() => 403));
    expect((await client.getDatasets())[0]).toEqual([]);
  });
});

describe('an account that may run queries and read the dataset', () => {
  beforeEach(() => {
    grant('roles/bigquery.jobUser', `projects/${PROJECT}`);
    grant('roles/bigquery.dataViewer', DATASET);
  });

  it('reads the dataset, and is refused every statement that writes', async () => {
    const client = clientOf(READER);
    expect((await client.query(SELECT))[0]).toEqual([]);
    expect((await client.getDatasets())[0].map(({ id }) => id)).toEqual(['shop']);
    const temporary = 'SELECT 1; CREATE TEMP TABLE own AS SELECT id FROM shop.orders';
    expect((await client.query(temporary))[0]).toEqual([]);
    const statements = [
      "INSERT INTO shop.orders (id) VALUES ('a')",
      "DELETE FROM shop.orders WHERE id = 'a'",
      'CREATE TABLE shop.more AS SELECT id FROM shop.orders',
      'CREATE OR REPLACE TABLE shop.orders AS SELECT id FROM shop.orders',
      'DROP TABLE shop.orders',
    ];
    for (const query of statements) {
      expect([query, (await refusal(client.query({ query }))).code]).toEqual([query, 403]);
    }
    const destination = client.dataset('shop').table('copy');
    const [job] = await client.createQueryJob({ ...SELECT, destination });
    expect((await refusal(job.getQueryResults())).message).toContain('bigquery.tables.create');
    expect(iam.grants().map((held) => iam.usesOf(held))).toEqual([
      ['bigquery.jobs.create'],
      ['bigquery.datasets.get', 'bigquery.tables.getData'],
    ]);
  });

  it('replaces a function only with the permission to update it', async () => {
    const role = `projects/${PROJECT}/roles/functionMaker`;
    iam.defineRole(role, ['bigquery.routines.create']);
    grant(role, DATASET);
    const client = clientOf(READER);
    await client.query('CREATE FUNCTION shop.one() AS (1)');
    const replaced = await refusal(client.query('CREATE OR REPLACE FUNCTION shop.one() AS (2)'));
    expect(replaced.message).toContain('Permission bigquery.routines.update denied on dataset');
  });

  it('has jobs and results of its own, which no other account sees', async () => {
    grant('roles/bigquery.user', `projects/${PROJECT}`, OTHER);
    grant('roles/bigquery.dataOwner', `projects/${PROJECT}`, OTHER);
    const [job] = await clientOf(READER).createQueryJob(SELECT);
    expect((await job.getQueryResults())[0]).toEqual([]);
    const { destinationTable } = (await job.getMetadata())[0].configuration.query;
    const result = (client: Client) =>
      client.dataset(destinationTable.datasetId).table(destinationTable.tableId);
    expect((await result(clientOf(READER)).getRows())[0]).toEqual([]);

    const other = clientOf(OTHER);
    const same = other.job(job.id ?? '', { location: LOCATION });
    const calls = [same.getMetadata(), same.getQueryResults(), same.cancel(), result(other).getRows()];
    for (const call of calls) expect((await refusal(call)).code).toBe(403);
    expect((await refusal(result(other).getMetadata())).code).toBe(403);
    expect((await other.getJobs())[0]).toEqual([]);

    grant('roles/bigquery.admin', `projects/${PROJECT}`, OTHER);
    await same.getMetadata();
    expect((await other.getJobs({ allUsers: true }))[0].map(({ id }) => id)).toContain(job.id);
    expect((await other.getJobs())[0]).toEqual([]);
    expect((await refusal(same.getQueryResults())).code).toBe(403);
  });
});

describe('a token', () => {
  it('expires after an hour, and is valid only in the local cloud that issued it', async () => {
    grant('roles/bigquery.admin', `projects/${PROJECT}`);
    const client = clientOf(READER);
    expect((await client.query('SELECT 1'))[0]).toEqual([{ f0_: 1 }]);
    const header = `Bearer ${callers.tokenFor(READER)}`;
    await clock.advance(TOKEN_SECONDS * 1000);
    expect(() => callers.of(header)).toThrow('invalid authentication credentials');
    expect((await refusal(client.query('SELECT 1'))).code).toBe(401);
    const elsewhere = new Callers({ iam, clock, onRefused: () => undefined }).tokenFor(READER);
    expect((await refusal(clientWith(elsewhere).query('SELECT 1'))).code).toBe(401);
  });

  it('of another issuer counts as the developer, who may do everything', async () => {
    expect((await clientWith('ya29.of-google').query(SELECT))[0]).toEqual([]);
    expect(refused).toEqual([]);
  });
});

it('every method declares the permission that it requires', () => {
  const served = METHODS.filter(({ handle }) => handle);
  for (const { id } of served) authorize(callers.of(undefined), id, PROJECT, {});
  expect(() => authorize(callers.of(undefined), 'models.get', PROJECT, {})).toThrow('models.get');
});
