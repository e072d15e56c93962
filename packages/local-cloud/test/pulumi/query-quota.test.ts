import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import { FakeClock } from '../../src/clock.ts';
import type { LocalCloud } from '../../src/local-cloud.ts';
import { changed } from './declarations.ts';
import { type Declarations, deploy, openCloud, PROJECT, problemsOf } from './test-cloud.ts';

const HOUR_MS = 3_600_000;

const accountOf = (accountId: string) => ({ type: 'serviceaccount.Account', inputs: { accountId } });
const mayQuery = (account: string) => ({
  type: 'projects.IAMMember',
  inputs: { project: PROJECT, role: 'roles/bigquery.admin', member: `<${account}.member>` },
});
const program = {
  dataset: { type: 'bigquery.Dataset', inputs: { datasetId: 'shop', location: 'southamerica-west1' } },
  table: {
    type: 'bigquery.Table',
    inputs: {
      datasetId: '<dataset.datasetId>',
      tableId: 'orders',
      schema: '[{"name":"id","type":"STRING","mode":"NULLABLE"}]',
      deletionProtection: false,
    },
  },
  analyst: accountOf('analyst'),
  service: accountOf('service'),
  analystQueries: mayQuery('analyst'),
  serviceQueries: mayQuery('service'),
  quota: {
    type: 'serviceusage.ConsumerQuotaOverride',
    inputs: {
      service: 'bigquery.googleapis.com',
      metric: 'bigquery.googleapis.com%2Fquota%2Fquery%2Fusage',
      limit: '%2Fd%2Fproject%2Fuser',
      overrideValue: '25',
      force: true,
    },
  },
} satisfies Declarations;

const clock = new FakeClock(Date.UTC(2026, 0, 5, 20));
let folder: string;
let cloud: LocalCloud;

beforeAll(async () => {
  process.env.METADATA_SERVER_DETECTION = 'none';
  folder = await mkdtemp(join(tmpdir(), 'query-quota-'));
  cloud = await openCloud({ dataDir: folder, clock });
  await deploy(cloud, program);
  await cloud.bigquery.insertAll('shop', 'orders', { rows: [{ json: { id: 'a' } }] });
});

afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true });
});

/** Reads the table as an account, which bills 10 MiB. Answers the rows, or the refusal. */
async function read(account: string): Promise<unknown> {
  const authClient = new OAuth2Client();
  authClient.setCredentials({
    access_token: cloud.accessTokenFor(`${account}@${PROJECT}.iam.gserviceaccount.com`),
  });
  const apiEndpoint = new URL(cloud.environment.BIGQUERY_EMULATOR_HOST ?? '').origin;
  const retryOptions = { autoRetry: false };
  const client = new BigQuery({ projectId: PROJECT, apiEndpoint, authClient, retryOptions });
  try {
    return (await client.query('SELECT id FROM shop.orders'))[0];
  } catch (error) {
    const { code, errors } = error as { code: number; errors: { reason: string; message: string }[] };
    return { code, reason: errors[0]?.reason, message: errors[0]?.message };
  }
}

const ROWS = [{ id: 'a' }];
/** https://docs.cloud.google.com/bigquery/docs/custom-quotas#returned_error_messages */
const REFUSED = {
  code: 403,
  reason: 'usageQuotaExceeded',
  message:
    'Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerUserPerDay, which is set by your administrator. For more information, see https://cloud.google.com/bigquery/cost-controls',
};

it('a quota refuses the query of an account that would exceed it, in the words of BigQuery, and no other account', async () => {
  expect([await read('analyst'), await read('analyst'), await read('analyst')]).toEqual([
    ROWS,
    ROWS,
    REFUSED,
  ]);
  expect(await read('service')).toEqual(ROWS);
});

it('a quota starts again at midnight, Pacific time', async () => {
  // 12:00 there. The day of UTC ends before.
  await clock.advance(11 * HOUR_MS);
  expect(await read('analyst')).toEqual(REFUSED);
  await clock.advance(HOUR_MS);
  expect(await read('analyst')).toEqual(ROWS);
});

it('a quota holds in the next process, is raised by the program, and goes with it', async () => {
  await cloud.close();
  cloud = await openCloud({ dataDir: folder, clock });
  await deploy(cloud, program);
  expect([await read('analyst'), await read('analyst'), await read('analyst')]).toEqual([
    ROWS,
    ROWS,
    REFUSED,
  ]);
  await deploy(cloud, { ...program, quota: changed(program.quota, { overrideValue: '30' }) });
  expect([await read('analyst'), await read('analyst')]).toEqual([ROWS, REFUSED]);
  const { quota: _, ...rest } = program;
  await deploy(cloud, rest);
  expect(await read('analyst')).toEqual(ROWS);
});

it('a quota is refused where Google refuses it: lowered without force, in bytes of another metric', async () => {
  const without = { ...program, quota: changed(program.quota, { force: false }) };
  expect(await problemsOf(deploy(cloud, without))).toEqual([
    expect.stringContaining('it must be true: Google refuses to lower a quota by more than 10 %'),
  ]);
  const decoded = { ...program, quota: changed(program.quota, { limit: '/d/project/user' }) };
  expect(await problemsOf(deploy(cloud, decoded))).toEqual([
    expect.stringContaining('"%2Fd%2Fproject%2Fuser", the only limit that is emulated'),
  ]);
});
