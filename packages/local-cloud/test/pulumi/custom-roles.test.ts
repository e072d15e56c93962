import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { changed } from './declarations.ts';
import { type Declarations, deploy, openCloud, PROJECT, problemsOf } from './test-cloud.ts';

const HOUR_MS = 3_600_000;
const WRITER = 'writer@test-project.iam.gserviceaccount.com';
const ROLE = `projects/${PROJECT}/roles/resultWriter`;
const WRITES = ['create', 'get', 'getData', 'updateData'].map((name) => `bigquery.tables.${name}`);

const program = {
  results: {
    type: 'bigquery.Dataset',
    inputs: { datasetId: 'results', location: 'southamerica-west1', defaultTableExpirationMs: 24 * HOUR_MS },
  },
  account: { type: 'serviceaccount.Account', inputs: { accountId: 'writer' } },
  jobs: {
    type: 'projects.IAMMember',
    inputs: { project: PROJECT, role: 'roles/bigquery.jobUser', member: '<account.member>' },
  },
  role: {
    type: 'projects.IAMCustomRole',
    inputs: { roleId: 'resultWriter', title: 'Writes results', permissions: WRITES },
  },
  grant: {
    type: 'bigquery.DatasetIamMember',
    inputs: { datasetId: '<results.datasetId>', role: '<role.name>', member: '<account.member>' },
  },
} satisfies Declarations;

let folder: string;
let cloud: LocalCloud;

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none';
  folder = await mkdtemp(join(tmpdir(), 'custom-roles-'));
  cloud = await openCloud({ dataDir: folder });
  await deploy(cloud, program);
});

afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true });
});

/** The address of the local BigQuery, without the path that Google's client adds. */
function apiEndpoint(): string {
  return new URL(cloud.environment.BIGQUERY_EMULATOR_HOST ?? '').origin;
}

/** Writes the result of a query into a table of the dataset, as the account that the program grants the role. */
async function write(tableId: string): Promise<string> {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: cloud.accessTokenFor(WRITER) });
  const client = new BigQuery({
    projectId: PROJECT,
    location: 'southamerica-west1',
    apiEndpoint: apiEndpoint(),
    authClient,
    retryOptions: { autoRetry: false },
  });
  try {
    const destination = client.dataset('results').table(tableId);
    const [job] = await client.createQueryJob({ query: 'SELECT 1 AS n', destination });
    await job.promise();
    const [rows] = await destination.getRows();
    return JSON.stringify(rows);
  } catch (error) {
    return (error as Error).message;
  }
}

const REFUSED = `Access Denied: Dataset ${PROJECT}:results: Permission bigquery.tables.create denied on dataset ${PROJECT}:results (or it may not exist).`;

describe('a custom role', () => {
  it('allows exactly its permissions on the resource of the grant', async () => {
    expect(await write('first')).toBe('[{"n":1}]');
    expect(cloud.iam.permissionsOf(ROLE)).toEqual(WRITES);
  });

  it('loses a permission that the program no longer declares, and gets it back', async () => {
    const narrower = { ...program, role: changed(program.role, { permissions: WRITES.slice(1) }) };
    await deploy(cloud, narrower);
    expect(await write('second')).toContain(REFUSED);
    await deploy(cloud, program);
    expect(await write('second')).toBe('[{"n":1}]');
  });

  it('holds when the next process repeats the deployment', async () => {
    await cloud.close();
    cloud = await openCloud({ dataDir: folder });
    const { steps } = await deploy(cloud, program);
    expect(new Set(steps.map(({ operation }) => operation))).toEqual(new Set(['same']));
    expect(await write('third')).toBe('[{"n":1}]');
  });

  it('is refused with a permission that nothing here checks', async () => {
    const role = changed(program.role, { permissions: ['bigquery.tables.creat'] });
    expect(await problemsOf(deploy(cloud, { ...program, role }))).toEqual([
      expect.stringContaining(
        'property "permissions[0]": the local cloud checks no permission bigquery.tables.creat. Known: bigquery.datasets.create, ',
      ),
    ]);
  });

  it('must exist before it is granted', async () => {
    const { role: _, ...others } = program;
    const grant = changed(program.grant, { role: `projects/${PROJECT}/roles/nobodys` });
    expect(await problemsOf(deploy(cloud, { ...others, grant }))).toEqual([
      expect.stringContaining(`property "role": projects/${PROJECT}/roles/nobodys does not exist`),
    ]);
    const missing = {
      role: `projects/${PROJECT}/roles/nobodys`,
      resource: `projects/${PROJECT}`,
      member: 'user:a',
    };
    expect(() => cloud.iam.grant(missing)).toThrow('is not supported');
  });
});

it('a dataset gives its tables the expiration that it declares', async () => {
  const [{ creationTime, expirationTime }] = await new BigQuery({
    projectId: PROJECT,
    apiEndpoint: apiEndpoint(),
  })
    .dataset('results')
    .table('first')
    .getMetadata();
  expect(Number(expirationTime) - Number(creationTime)).toBe(24 * HOUR_MS);
});
