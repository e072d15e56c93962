import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, step } from './steps.ts';

// An ordinary day of Google's `bq`. Each line that it prints is one step.

const { GOOGLE_CLOUD_PROJECT: project = '', BIGQUERY_EMULATOR_HOST: host = '' } = process.env;
const folder = await mkdtemp(join(tmpdir(), 'bq-day-'));
const [csv = '', columns = ''] = ['people.csv', 'columns.json'].map((name) => join(folder, name));
await writeFile(csv, 'id,n\na,1\nb,2\n');
await writeFile(
  columns,
  JSON.stringify(
    ['id STRING', 'n INTEGER', 'more STRING'].map((column) => {
      const [name, type] = column.split(' ');
      return { name, type };
    }),
  ),
);

const COMMON = ['--api', host.replace(/\/bigquery\/v2$/, ''), '--format=json', `--project_id=${project}`];

/** Runs `bq` and compares what it prints. */
function bq(title: string, expected: RegExp, ...args: readonly string[]): Promise<void> {
  return step(title, async () => {
    const printed = (await command('bq', ...COMMON, ...args)).replaceAll(/\s+/g, ' ').trim();
    if (!expected.test(printed)) throw new Error(printed);
    return undefined;
  });
}

await bq('make a dataset', /successfully created/, 'mk', '--dataset', '--label=team:a', 'bq_day');
await bq(
  'load CSV into a new table',
  /DONE|^$/,
  'load',
  '--skip_leading_rows=1',
  'bq_day.people',
  csv,
  'id:STRING,n:INTEGER',
);
await bq(
  'update a table',
  /successfully updated/,
  ...['update', '--description=new', '--set_label=x:y', 'bq_day.people', columns],
);
await bq(
  'read columns',
  /\[\{"id":"a","n":"1"\}\]/,
  ...['head', '--selected_fields=id,n', '-n', '1', 'bq_day.people'],
);
await bq(
  'query with a parameter and a limit',
  /\[\{"a":"1","c":"2"\}\]/,
  ...[
    'query',
    '--nouse_legacy_sql',
    '--maximum_bytes_billed=100000000',
    '--parameter=s:STRUCT<a INT64>:{"a":1}',
  ],
  'SELECT @s.a AS a, COUNT(*) AS c FROM bq_day.people',
);
await bq('remove a dataset with its tables', /^$/, 'rm', '-r', '-f', '-d', 'bq_day');
await rm(folder, { recursive: true });
