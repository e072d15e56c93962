import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BigQuery } from '../../src/bigquery/bigquery.ts';
import { Database, readRows } from '../../src/bigquery/database.ts';
import { FakeClock } from '../../src/clock.ts';

const WRITER = fileURLToPath(new URL('./support/writer.ts', import.meta.url));
const EXITING = fileURLToPath(new URL('./support/exiting.ts', import.meta.url));
const options = { projectId: 'p', location: 'US', clock: new FakeClock() };
const table = { projectId: 'p', datasetId: 'd', tableId: 't' };
let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'bigquery-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

async function createTable(bigquery: BigQuery): Promise<void> {
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' }, labels: { a: 'b' } });
  await bigquery.insertTable('d', {
    tableReference: { tableId: 't' },
    schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED', description: 'the id' }] },
    clustering: { fields: ['id'] },
  });
}

describe('a folder', () => {
  it('keeps datasets, tables, rows and functions for the next start', async () => {
    const first = await BigQuery.open({ ...options, path });
    await createTable(first);
    await first.appendRows(table, [{ id: 'a' }, { id: 'b' }]);
    const [dataset, before] = [await first.getDataset('d'), await first.getTable('d', 't')];
    const routineReference = { routineId: 'f' };
    await first.insertRoutine('d', { routineReference, routineType: 'SCALAR_FUNCTION', definitionBody: '1' });
    await first.close();

    const second = await BigQuery.open({ ...options, path });
    expect(await second.getDataset('d')).toEqual(dataset);
    expect(await second.getTable('d', 't')).toEqual(before);
    await second.appendRows(table, [{ id: 'c' }]);
    const query = 'SELECT id FROM d.t WHERE d.f() = 1 ORDER BY id';
    const { rows } = await second.query({ query, useLegacySql: false });
    expect(rows?.map(({ f }) => f[0]?.v)).toEqual(['a', 'b', 'c']);
    await second.insertTable('d', {
      tableReference: { tableId: 'u' },
      schema: { fields: [{ name: 'x', type: 'STRING' }] },
    });
    await second.close();
  });

  it('of an older version gives the column rowid the name that hides no ids', async () => {
    const query = (sql: string) => ({ query: sql, useLegacySql: false });
    const first = await BigQuery.open({ ...options, path });
    await first.insertDataset({ datasetReference: { datasetId: 'd' } });
    await first.query(query("CREATE TABLE d.old AS SELECT 'a' AS rowid"));
    await first.close();
    const database = await Database.open(path);
    await database.write(({ connection }) =>
      connection.run('ALTER TABLE data.t1 RENAME COLUMN "_TABLE_rowid" TO rowid'),
    );
    await database.close();
    const second = await BigQuery.open({ ...options, path });
    expect((await second.query(query('SELECT rowid FROM d.old'))).rows).toEqual([{ f: [{ v: 'a' }] }]);
    await second.close();
  });

  it('of an older version keeps its INTERVALs, which compare with those of now', async () => {
    const query = (sql: string) => ({ query: sql, useLegacySql: false });
    const first = await BigQuery.open({ ...options, path });
    await first.insertDataset({ datasetReference: { datasetId: 'd' } });
    await first.query(
      query('CREATE TABLE d.old AS SELECT n, CAST(NULL AS INTERVAL) AS i FROM UNNEST([1, 2, 3]) n'),
    );
    await first.close();
    const database = await Database.open(path);
    await database.write(({ connection }) =>
      connection.run(
        'UPDATE data.t1 SET i = CASE n WHEN 1 THEN to_months(120000) WHEN 2 THEN to_months(-1) + to_days(30) END',
      ),
    );
    await database.close();
    for (const start of ['first', 'second']) {
      const opened = await BigQuery.open({ ...options, path });
      const { rows } = await opened.query(query('SELECT i, i = INTERVAL 0 DAY FROM d.old ORDER BY i'));
      const values = rows?.map(({ f }) => f.map(({ v }) => v));
      expect({ start, values }).toEqual({
        start,
        values: [
          [null, null],
          ['-0-1 30 0:0:0', 'true'],
          ['10000-0 0 0:0:0', 'false'],
        ],
      });
      await opened.close();
    }
  });

  it('cannot be opened twice in one process', async () => {
    const first = await BigQuery.open({ ...options, path });
    await expect(BigQuery.open({ ...options, path })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `The folder ${path} is in use by this process.`,
    });
    await first.close();
    await (await BigQuery.open({ ...options, path })).close();
  });

  it('cannot be opened by a second process, and its committed rows survive kill -9', async () => {
    const bigquery = await BigQuery.open({ ...options, path });
    await createTable(bigquery);
    await bigquery.close();

    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WRITER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let committed = 0;
    try {
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          committed = Number(chunk.toString().trim().split('\n').at(-1));
          if (committed >= 50) resolve();
        });
      });
      await expect(BigQuery.open({ ...options, path })).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining(`PID ${child.pid}`),
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    const again = await BigQuery.open({ ...options, path });
    const { rows } = await again.query({
      query: 'SELECT COUNT(*), COUNT(DISTINCT id), MAX(id) FROM d.t',
      useLegacySql: false,
    });
    const [total, distinct] = rows?.[0]?.f.map(({ v }) => Number(v)) ?? [];
    // Every batch of ten is whole. The last ones may be committed but not yet reported.
    expect(total).toBeGreaterThanOrEqual(committed * 10);
    expect(Number(total) % 10).toBe(0);
    expect(distinct).toBe(total);
    expect((await again.getTable('d', 't')).numRows).toBe(String(total));
    await again.close();
  });
});

it('a write that runs out of memory is taken back, and the next one succeeds', async () => {
  const warnings: string[] = [];
  const database = await Database.open(path, (message) => warnings.push(message));
  const full = database.write(async ({ connection }) => {
    await connection.run('CREATE TABLE rows AS SELECT range FROM range(1000)');
    await connection.run('SELECT list(range) FROM range(200000000)');
  });
  await expect(full).rejects.toThrow('Out of Memory Error');
  await database.write(({ connection }) =>
    connection.run('CREATE TABLE rows AS SELECT range FROM range(10)'),
  );
  const limit = "SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'";
  expect(await database.read((connection) => readRows(connection, limit))).toEqual([['320.0 MiB']]);
  await database.close();
  expect(warnings).toEqual([]);
});

it('freed memory goes back to the system: the allocator has its setting before DuckDB is loaded', async () => {
  const entry = JSON.stringify(join(import.meta.dirname, '..', '..', 'src', 'index.ts'));
  const program = `
    const load = process.dlopen;
    process.dlopen = (module, file, ...rest) => {
      if (file.includes('duckdb')) console.log(process.env.DUCKDB_JE_MALLOC_CONF);
      return load.call(process, module, file, ...rest);
    };
    await import(${entry});`;
  const env = { ...process.env, DUCKDB_JE_MALLOC_CONF: undefined };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  expect(await text(child.stdout)).toBe('dirty_decay_ms:50,muzzy_decay_ms:0\n');
});

it('a process ends when it exits, although a query waits for it to compute a function', async () => {
  const child = spawn(process.execPath, [EXITING, path], { stdio: 'inherit', timeout: 60_000 });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});

describe('a database that refuses everything after an error', () => {
  it('is opened again with all that was committed, and says so once', async () => {
    const warnings: string[] = [];
    const database = await Database.open(path, (message) => warnings.push(message));
    await database.write(({ connection }) =>
      connection.run('CREATE TABLE rows AS SELECT range FROM range(1000)'),
    );
    const broken = database.read((connection) =>
      connection.run("SET debug_checkpoint_abort = 'before_header'; CHECKPOINT"),
    );
    await expect(broken).rejects.toThrow('FATAL Error');
    const count = () =>
      database.read((connection) => readRows(connection, "SELECT count(*), upper(bq_upper('ß')) FROM rows"));
    expect(await Promise.all([count(), count(), count()])).toEqual([1, 2, 3].map(() => [[1000n, 'SS']]));
    await database.write(({ connection }) => connection.run('INSERT INTO rows VALUES (1)'));
    await database.close();
    expect(warnings).toEqual([expect.stringContaining('DuckDB was opened again after an error')]);
    const next = await Database.open(path);
    expect(await next.list('SELECT count(*) FROM rows')).toEqual([[1001n]]);
    await next.close();
  });
});

describe('without a folder', () => {
  it('data is lost on close(), and two instances share nothing', async () => {
    const [one, two] = [await BigQuery.open(options), await BigQuery.open(options)];
    await createTable(one);
    expect(await two.listDatasets()).toEqual([]);
    await one.close();
    await two.close();
    await expect(one.query({ query: 'SELECT 1', useLegacySql: false })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(one.appendRows(table, [{ id: 'a' }])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
