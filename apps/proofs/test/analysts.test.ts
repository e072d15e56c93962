import { BigQuery } from '@google-cloud/bigquery';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LocalStack } from '@records/local';
import { amendmentKey } from '@records/records-schema';
import { OAuth2Client } from 'google-auth-library';

const ANALYST = 'analyst@records-local.iam.gserviceaccount.com';
const ANA = { id: 'a', nombre: 'Ana', apellido: 'Ruiz', pais: 'Perú' };
const EVA = { ...ANA, id: 'e', nombre: 'Eva' };

let stack: LocalStack;
let analyst: BigQuery;

beforeAll(async () => {
  stack = await LocalStack.create({ settings: { analysts: JSON.stringify([`serviceAccount:${ANALYST}`]) } });
  const rows = [ANA, ANA, EVA, { ...EVA, pais: 'Chile' }];
  await stack.cloud.bigquery.insertAll('records', 'records', { rows: rows.map((json) => ({ json })) });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: stack.cloud.accessTokenFor(ANALYST) });
  const { BIGQUERY_EMULATOR_HOST = '', GOOGLE_CLOUD_PROJECT: projectId = '' } = stack.environment;
  const { origin: apiEndpoint } = new URL(BIGQUERY_EMULATOR_HOST);
  analyst = new BigQuery({ projectId, apiEndpoint, authClient, retryOptions: { autoRetry: false } });
});

afterAll(() => stack.close());

it('an analyst reads one row per id, as the API serves it, and the ids whose rows differ', async () => {
  const [records] = await analyst.query('SELECT * FROM records_analytics.records ORDER BY id');
  const [conflicts] = await analyst.query('SELECT * FROM records_analytics.conflicts');
  expect(records).toEqual([ANA, { ...EVA, pais: 'Chile' }]);
  expect(records).toEqual(await (await fetch(`${stack.outputs.apiUrl}/records`)).json());
  expect(conflicts).toEqual([{ id: 'e', versions: 2 }]);
});

it('an analyst sees nobody who was forgotten, and what was corrected, whatever order the amendments are in', async () => {
  const amendments: [string, string, string, string | null][] = [
    ['f1', 'forgotten', '2026-11-01', null],
    // Forgotten for good.
    ['f1', 'corrected', '2026-11-02', 'Forgotten'],
    ['c1', 'corrected', '2026-11-02', 'Chile'],
    ['c1', 'corrected', '2026-11-01', 'Old'],
    ['u1', 'unknown', '2026-11-01', 'Chile'],
  ];
  const ids = ['f1', 'c1', 'u1'];
  const rows = ids.flatMap((id) => [
    { ...ANA, id },
    { ...ANA, id, apellido: 'Other' },
  ]);
  await stack.cloud.bigquery.insertAll('records', 'records', { rows: rows.map((json) => ({ json })) });
  await stack.cloud.bigquery.insertAll('records', 'amendments', {
    rows: amendments.map(([id, what, day, pais]) => ({
      json: { key: amendmentKey(id), what, amended_at: `${day}T00:00:00Z`, pais },
    })),
  });
  const [records] = await analyst.query(
    "SELECT * FROM records_analytics.records WHERE nombre = 'Ana' AND id != 'a' ORDER BY id",
  );
  const [conflicts] = await analyst.query('SELECT id FROM records_analytics.conflicts');
  expect(records).toEqual([{ ...ANA, id: 'c1', apellido: 'Other', pais: 'Chile' }]);
  expect(conflicts).toEqual([{ id: 'e' }]);
});

it('an analyst is refused the table of records, in the words of BigQuery', async () => {
  await expect(analyst.query('SELECT id FROM records.records')).rejects.toThrow(
    'Access Denied: Table records-local:records.records: User does not have permission to query table records-local:records.records, or perhaps it does not exist.',
  );
});
