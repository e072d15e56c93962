import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, startBigQuery } from './support/bigquery.ts';

const run = promisify(execFile);
const installed = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'bq')));

/** Google's command line for BigQuery; skipped where it is not installed. It takes seconds to start. */
(installed ? describe : describe.skip)('the bq command', () => {
  let fixture: Fixture;
  let home: string;

  beforeAll(async () => {
    fixture = await startBigQuery();
    home = await mkdtemp(join(tmpdir(), 'bq-'));
    await writeFile(join(home, 'properties'), '[auth]\ndisable_credentials = True\n');
  });

  afterAll(async () => {
    await fixture.close();
    await rm(home, { recursive: true, force: true });
  });

  async function bq(...args: string[]): Promise<string> {
    const common = [
      '--api',
      fixture.server.url,
      '--oauth_access_token=none',
      `--project_id=${PROJECT}`,
      '--format=json',
    ];
    const { stdout } = await run('bq', [...common, ...args], {
      env: { ...process.env, CLOUDSDK_CONFIG: home },
    });
    return stdout;
  }

  it('creates a table, queries it with a parameter, and shows errors', async () => {
    await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
    await bq('mk', '--table', 'd.t', 'id:STRING,n:INTEGER,ts:TIMESTAMP');
    const rows = [
      { id: 'a', n: 1, ts: '2020-01-02T03:04:05Z' },
      { id: 'b', n: 2 },
      { id: 'c', n: 0 },
    ];
    await fixture.bigquery.appendRows({ projectId: PROJECT, datasetId: 'd', tableId: 't' }, rows);
    const query = ['query', '--parameter=n:INT64:1'];
    expect(JSON.parse(await bq(...query, 'SELECT * FROM d.t WHERE n >= @n ORDER BY id'))).toEqual([
      { id: 'a', n: '1', ts: '2020-01-02 03:04:05' },
      { id: 'b', n: '2', ts: null },
    ]);
    await expect(bq(...query, 'SELECT nope')).rejects.toMatchObject({
      stdout: expect.stringMatching(/Unrecognized\s+name:\s+nope\s+at\s+\[1:8\]/),
    });
  });
});
