import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { expectEqual, step } from './steps.ts';

// An ordinary day of Google's BigQuery client for Node.js. Each line that it prints is one step.

const authClient = new OAuth2Client({ credentials: { access_token: 'of-nobody' } });
// The client takes its endpoint from BIGQUERY_EMULATOR_HOST.
const { GOOGLE_CLOUD_PROJECT: projectId = '' } = process.env;
const client = new BigQuery({ projectId, authClient });
const dataset = client.dataset('node_day');
const people = dataset.table('people');

/** A step that is right when it returns true. */
function check(title: string, isRight: () => Promise<boolean>): Promise<void> {
  return step(title, async () => {
    try {
      expectEqual(await isRight(), true);
    } catch (error) {
      const message = Error.isError(error) ? error.message : String(error);
      if (message.includes('is not supported by the local BigQuery')) return message;
      throw error;
    }
    return undefined;
  });
}

await check('create a dataset and a table', async () => {
  await dataset.create({ labels: { team: 'a' } });
  const [table] = await dataset.createTable('people', { schema: 'id:STRING,n:INTEGER,at:TIMESTAMP' });
  return table.id === 'people';
});
await check('insert rows and read them', async () => {
  await people.insert([
    { id: 'ñ', n: 9007199254740991, at: '2024-01-02T03:04:05.123456Z' },
    { id: 'z', n: null },
  ]);
  const [[row]] = await people.getRows();
  return row.id === 'ñ' && row.n === 9007199254740991 && row.at.value === '2024-01-02T03:04:05.123456000Z';
});
await check('query with parameters', async () => {
  const [rows] = await client.query({
    query: 'SELECT id FROM node_day.people WHERE n = @n',
    params: { n: 9007199254740991 },
  });
  return rows.length === 1;
});
await check('read pages', async () => {
  const query = 'SELECT x FROM UNNEST(GENERATE_ARRAY(1, 30)) x ORDER BY x';
  const [rows] = await client.query({ query, maxResults: 7 });
  return rows.at(-1).x === 30;
});
await check('add a column', async () => {
  const [{ schema }] = await people.getMetadata();
  const fields = [...schema.fields, { name: 'more', type: 'STRING' }];
  const [changed] = await people.setMetadata({ schema: { fields } });
  return changed.schema.fields.length === 4;
});
await check('copy a table', async () => {
  await people.copy(dataset.table('copied'));
  return (await dataset.table('copied').getRows())[0].length === 2;
});
await check('query a view', async () => {
  await dataset.createTable('ids', { view: 'SELECT id FROM node_day.people' });
  return (await client.query('SELECT id FROM node_day.ids'))[0].length === 2;
});
await check(
  'list jobs',
  async () => (await client.getJobs({ maxResults: 3, autoPaginate: false }))[0].length === 3,
);
await check('grant a role', async () => {
  await people.setIamPolicy({
    bindings: [{ role: 'roles/bigquery.dataViewer', members: ['user:reader@example.com'] }],
  });
  return (await people.getIamPolicy())[0].bindings?.length === 1;
});
await check('run a script', async () => (await client.query('DECLARE x INT64; SELECT x'))[0].length === 1);
await check('delete everything', async () => {
  await dataset.delete({ force: true });
  return !(await dataset.exists())[0];
});
