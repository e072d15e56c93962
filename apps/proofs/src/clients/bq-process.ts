import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

// An ordinary day of Google's `bq`. Each line of output is the verdict on one step.

const run = promisify(execFile);
const { GOOGLE_CLOUD_PROJECT: project = '', BIGQUERY_EMULATOR_HOST: host = '' } = process.env;
const folder = await mkdtemp(join(tmpdir(), 'bq-day-'));
await writeFile(join(folder, 'properties'), '[auth]\ndisable_credentials = True\n');
await writeFile(join(folder, 'people.csv'), 'id,n\na,1\nb,2\n');
await writeFile(join(folder, 'people.json'), '{"id":"c","n":3}\n');
await writeFile(
  join(folder, 'columns.json'),
  JSON.stringify([
    { name: 'id', type: 'STRING' },
    { name: 'n', type: 'INTEGER' },
    { name: 'more', type: 'STRING' },
  ]),
);

/** Runs the command and compares what it prints, after its progress. */
async function step(name: string, args: readonly string[], expected: RegExp): Promise<void> {
  const common = [
    '--api',
    host.replace(/\/bigquery\/v2$/, ''),
    '--oauth_access_token=none',
    '--format=json',
    `--project_id=${project}`,
  ];
  const env = { ...process.env, CLOUDSDK_CONFIG: folder };
  const { stdout, stderr } = await run('bq', [...common, ...args], { cwd: folder, env }).catch(
    // A command that fails says why.
    (error: { stdout: string; stderr: string }) => error,
  );
  const printed = `${stdout}${stderr}`.replaceAll(/\s+/g, ' ').trim();
  if (printed.includes('is not supported by the local BigQuery')) console.log(`refused: ${name}: ${printed}`);
  else console.log(expected.test(printed) ? `right: ${name}` : `wrong: ${name}: ${printed}`);
}

const sql = ['query', '--nouse_legacy_sql'];
await step('make a dataset', ['mk', '--dataset', '--label=team:a', 'bq_day'], /successfully created/);
await step(
  'make a table',
  ['mk', '--table', '--clustering_fields=id', 'bq_day.people', 'id:STRING,n:INTEGER'],
  /successfully created/,
);
await step('load CSV', ['load', '--skip_leading_rows=1', 'bq_day.people', 'people.csv'], /DONE/);
await step(
  'load JSON',
  ['load', '--source_format=NEWLINE_DELIMITED_JSON', 'bq_day.people', 'people.json'],
  /DONE/,
);
await step(
  'update a table',
  ['update', '--description=new', '--set_label=x:y', 'bq_day.people', 'columns.json'],
  /successfully updated/,
);
await step(
  'read columns',
  ['head', '--selected_fields=id,n', '-n', '1', 'bq_day.people'],
  /\[\{"id":"a","n":"1"\}\]/,
);
await step(
  'query with a parameter and a limit',
  [
    ...sql,
    '--maximum_bytes_billed=100000000',
    '--parameter=s:STRUCT<a INT64>:{"a":1}',
    'SELECT @s.a AS a, COUNT(*) AS c FROM bq_day.people',
  ],
  /\[\{"a":"1","c":"3"\}\]/,
);
await step('list jobs', ['ls', '--jobs', '-n', '2'], /"jobType":"QUERY"/);
await step('copy a table', ['cp', '-f', 'bq_day.people', 'bq_day.copied'], /successfully copied/);
await step('extract to Cloud Storage', ['extract', 'bq_day.people', 'gs://bucket/object'], /never/);
await step('remove a dataset with its tables', ['rm', '-r', '-f', '-d', 'bq_day'], /^$/);
await rm(folder, { recursive: true });
