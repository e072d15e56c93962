import { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { type Declarations, deploy, openCloud, PROJECT, stepsOf } from './test-cloud.ts';

const ANALYST = 'analyst@test-project.iam.gserviceaccount.com';
const LOCATION = 'southamerica-west1';

const column = (name: string, description: string) => ({
  name,
  type: 'STRING',
  mode: 'NULLABLE',
  description,
});
const view = (query: string, description: string) => ({
  type: 'bigquery.Table',
  inputs: {
    datasetId: '<shared.datasetId>',
    tableId: 'names',
    view: { query, useLegacySql: false },
    schema: JSON.stringify([column('name', description)]),
    deletionProtection: false,
  },
  dependsOn: ['people'],
});

const program = {
  raw: { type: 'bigquery.Dataset', inputs: { datasetId: 'raw', location: LOCATION } },
  shared: { type: 'bigquery.Dataset', inputs: { datasetId: 'shared', location: LOCATION } },
  people: {
    type: 'bigquery.Table',
    inputs: {
      datasetId: '<raw.datasetId>',
      tableId: 'people',
      schema: JSON.stringify([column('name', ''), column('secret', '')]),
      deletionProtection: false,
    },
  },
  names: view('SELECT name FROM raw.people', 'Given name.'),
  entry: {
    type: 'bigquery.DatasetAccess',
    inputs: {
      datasetId: '<raw.datasetId>',
      view: { projectId: PROJECT, datasetId: '<names.datasetId>', tableId: '<names.tableId>' },
    },
  },
  account: { type: 'serviceaccount.Account', inputs: { accountId: 'analyst' } },
  jobs: {
    type: 'projects.IAMMember',
    inputs: { project: PROJECT, role: 'roles/bigquery.jobUser', member: '<account.member>' },
  },
  viewer: {
    type: 'bigquery.DatasetIamMember',
    inputs: {
      datasetId: '<shared.datasetId>',
      role: 'roles/bigquery.dataViewer',
      member: '<account.member>',
    },
  },
} satisfies Declarations;

let cloud: LocalCloud;
let analyst: BigQuery;

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none';
  cloud = await openCloud();
  await deploy(cloud, program);
  await cloud.bigquery.insertAll('raw', 'people', { rows: [{ json: { name: 'Ana', secret: 'x' } }] });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: cloud.accessTokenFor(ANALYST) });
  const apiEndpoint = new URL(cloud.environment.BIGQUERY_EMULATOR_HOST ?? '').origin;
  analyst = new BigQuery({ projectId: PROJECT, apiEndpoint, authClient, retryOptions: { autoRetry: false } });
});

afterAll(() => cloud.close());

const NAMES = { query: 'SELECT * FROM shared.names', location: LOCATION };

async function descriptions(): Promise<unknown> {
  const { schema } = await cloud.bigquery.getTable('shared', 'names');
  return schema.fields.map(({ name, description }) => [name, description]);
}

describe('a declared view with an entry in the access list of its source', () => {
  it('shows its columns, with their descriptions, to a reader who is refused the source', async () => {
    expect((await analyst.query(NAMES))[0]).toEqual([{ name: 'Ana' }]);
    expect(await descriptions()).toEqual([['name', 'Given name.']]);
    await expect(analyst.query({ ...NAMES, query: 'SELECT secret FROM raw.people' })).rejects.toThrow(
      'User does not have permission to query table test-project:raw.people',
    );
  });

  it('stays when nothing changes, and takes a new query and description in place', async () => {
    expect(stepsOf(await deploy(cloud, program)).every((step) => step.startsWith('same'))).toBe(true);
    const names = view('SELECT UPPER(name) AS name FROM raw.people', 'In capitals.');
    expect(stepsOf(await deploy(cloud, { ...program, names }))).toContain('update names');
    expect((await analyst.query(NAMES))[0]).toEqual([{ name: 'ANA' }]);
    expect(await descriptions()).toEqual([['name', 'In capitals.']]);
  });

  it('reads nothing more when the program no longer declares the entry', async () => {
    const { entry: _, ...rest } = program;
    await deploy(cloud, rest);
    await expect(analyst.query(NAMES)).rejects.toThrow('permission to query table test-project:raw.people');
  });
});
