import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Access, DEVELOPER } from '../../src/callers.ts';
import { type Fixture, LOCATION, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { bigquery, client } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  await bigquery.insertDataset({ datasetReference: { datasetId: 'empty' } });
  await bigquery.insertDataset({ datasetReference: { datasetId: 'abroad' }, location: 'EU' });
  await client.query(`
    CREATE TABLE d.people
      (id STRING NOT NULL OPTIONS (description = 'Who'), tags ARRAY<STRING>, place STRUCT<city STRING, at TIMESTAMP>)
    CLUSTER BY id
    OPTIONS (description = 'the "people"', labels = [('team', 'a')],
      expiration_timestamp = TIMESTAMP '2026-06-01')`);
  await client.query(
    "INSERT INTO d.people VALUES ('a', ['x', 'yz'], NULL), ('ñ', NULL, ('Ica', CAST(NULL AS TIMESTAMP)))",
  );
  await client.query('CREATE VIEW d.cities AS SELECT id, place.city FROM d.people');
});

afterAll(() => fixture.close());

const ask = (query: string) => rowsOf(fixture.client, query);

describe('__TABLES__', () => {
  it('has the numbers that tables.get has, for tables and views', async () => {
    const columns =
      'project_id, dataset_id, table_id, creation_time, last_modified_time, row_count, size_bytes, type';
    const expected = await Promise.all(
      ['cities', 'people'].map(async (name) => {
        const [table] = await fixture.client.dataset('d').table(name).getMetadata();
        const { creationTime, lastModifiedTime, numRows, numBytes, type } = table;
        const numbers = [creationTime, lastModifiedTime, numRows, numBytes].map(Number);
        return [PROJECT, 'd', name, ...numbers, type === 'VIEW' ? 2 : 1];
      }),
    );
    expect(await ask(`SELECT ${columns} FROM d.__TABLES__ ORDER BY table_id`)).toEqual(expected);
    expect(await ask(`SELECT * FROM \`${PROJECT}.d.__TABLES__\` ORDER BY table_id`)).toEqual(expected);
    expect(expected.map((row) => row[5])).toEqual([0, 2]);
  });

  it('is billed nothing, and tells nothing of an empty dataset', async () => {
    const [job] = await fixture.client.createQueryJob({ query: 'SELECT * FROM d.__TABLES__', dryRun: true });
    expect(job.metadata.statistics.totalBytesProcessed).toBe('0');
    expect(await ask('SELECT COUNT(*) FROM empty.__TABLES__')).toEqual([[0]]);
  });

  it('counts the rows of now', async () => {
    await fixture.client.query('CREATE TABLE d.growing AS SELECT 1 AS n');
    const count = () => ask("SELECT row_count, size_bytes FROM d.__TABLES__ WHERE table_id = 'growing'");
    expect(await count()).toEqual([[1, 8]]);
    await fixture.client
      .dataset('d')
      .table('growing')
      .insert([{ n: 2 }, { n: 3 }]);
    expect(await count()).toEqual([[3, 24]]);
    await fixture.client.query('DROP TABLE d.growing');
    expect(await count()).toEqual([]);
  });

  it('of a missing dataset, of another location, or without a dataset is refused', async () => {
    const of = (query: string, location?: string) =>
      refusal(fixture.client.query({ query, ...(location && { location }) }));
    expect(await of('SELECT * FROM nope.__TABLES__')).toMatchObject({
      code: 404,
      message: expect.stringContaining(`Dataset ${PROJECT}:nope`),
    });
    expect(await of('SELECT * FROM abroad.__TABLES__ JOIN d.__TABLES__ USING (table_id)')).toMatchObject({
      code: 404,
    });
    expect((await of('SELECT * FROM __TABLES__')).message).toContain('must be qualified with a dataset');
  });

  it('needs the permission to list the tables of the dataset', async () => {
    const asked: string[] = [];
    const access: Access = {
      ...DEVELOPER,
      member: 'user:reader@example.com',
      allows: (permission, resource) => {
        asked.push(`${permission} ${resource}`);
        return permission !== 'bigquery.tables.list';
      },
    };
    const query = fixture.bigquery.query(
      { query: 'SELECT * FROM d.__TABLES__', useLegacySql: false },
      access,
    );
    await expect(query).rejects.toThrow(`Permission bigquery.tables.list denied on dataset ${PROJECT}:d`);
    expect(asked).toContain(`bigquery.tables.list projects/${PROJECT}/datasets/d`);
  });
});

describe('INFORMATION_SCHEMA', () => {
  it('has the columns of tables and views in their order', async () => {
    const columns =
      'table_name, column_name, ordinal_position, is_nullable, data_type, clustering_ordinal_position';
    expect(
      await ask(`SELECT ${columns} FROM d.INFORMATION_SCHEMA.COLUMNS ORDER BY table_name, ordinal_position`),
    ).toEqual([
      ['cities', 'id', 1, 'YES', 'STRING', null],
      ['cities', 'city', 2, 'YES', 'STRING', null],
      ['people', 'id', 1, 'NO', 'STRING', 1],
      ['people', 'tags', 2, 'YES', 'ARRAY<STRING>', null],
      ['people', 'place', 3, 'YES', 'STRUCT<city STRING, at TIMESTAMP>', null],
    ]);
  });

  it('has the paths of nested fields', async () => {
    const query = `SELECT field_path, data_type, description, policy_tags FROM \`${PROJECT}\`.d.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS
      WHERE table_name = 'people' AND column_name != 'tags'`;
    expect(await ask(query)).toEqual([
      ['id', 'STRING', 'Who', []],
      ['place', 'STRUCT<city STRING, at TIMESTAMP>', null, []],
      ['place.city', 'STRING', null, []],
      ['place.at', 'TIMESTAMP', null, []],
    ]);
  });

  it('has the options of tables as literals of GoogleSQL', async () => {
    const query =
      'SELECT table_name, option_name, option_type, option_value FROM d.INFORMATION_SCHEMA.TABLE_OPTIONS';
    expect(await ask(query)).toEqual([
      ['people', 'description', 'STRING', String.raw`"the \"people\""`],
      ['people', 'expiration_timestamp', 'TIMESTAMP', 'TIMESTAMP "2026-06-01T00:00:00.000Z"'],
      ['people', 'labels', 'ARRAY<STRUCT<STRING, STRING>>', '[STRUCT("team", "a")]'],
    ]);
  });

  it('has tables, views and snapshots of a dataset, with the statement that makes each', async () => {
    await fixture.client.query('CREATE SNAPSHOT TABLE d.kept CLONE d.people');
    const query = `SELECT table_name, table_type, is_insertable_into, base_table_name, creation_time IS NOT NULL
      FROM d.INFORMATION_SCHEMA.TABLES ORDER BY table_name`;
    expect(await ask(query)).toEqual([
      ['cities', 'VIEW', 'NO', null, true],
      ['kept', 'SNAPSHOT', 'NO', 'people', true],
      ['people', 'BASE TABLE', 'YES', null, true],
    ]);
    const [[ddl]] = (await ask(
      "SELECT ddl FROM d.INFORMATION_SCHEMA.TABLES WHERE table_name = 'people'",
    )) as [[string]];
    await fixture.client.query(ddl.replace('d.people', 'empty.people'));
    const made = await ask("SELECT ddl FROM empty.INFORMATION_SCHEMA.TABLES WHERE table_name = 'people'");
    expect(made).toEqual([[ddl.replace('d.people', 'empty.people')]]);
    await fixture.client.query('DROP SNAPSHOT TABLE d.kept');
    await fixture.client.query('DROP TABLE empty.people');
    expect(await ask('SELECT table_name, view_definition FROM d.INFORMATION_SCHEMA.VIEWS')).toEqual([
      ['cities', 'SELECT id, place.city FROM d.people'],
    ]);
  });

  it('has the datasets and tables of a region, and no others', async () => {
    const region = `\`region-${LOCATION}\`.INFORMATION_SCHEMA`;
    const datasets = 'schema_name, location FROM';
    expect(await ask(`SELECT ${datasets} ${region}.SCHEMATA ORDER BY 1`)).toEqual([
      ['d', LOCATION],
      ['empty', LOCATION],
    ]);
    expect(await ask(`SELECT schema_name FROM ${PROJECT}.INFORMATION_SCHEMA.SCHEMATA ORDER BY 1`)).toEqual([
      ['d'],
      ['empty'],
    ]);
    const [abroad] = await fixture.client.query({
      query: `SELECT ${datasets} \`region-eu\`.INFORMATION_SCHEMA.SCHEMATA`,
      location: 'EU',
    });
    expect(abroad).toEqual([{ schema_name: 'abroad', location: 'EU' }]);
    expect(await ask(`SELECT table_schema, table_name FROM ${region}.TABLES ORDER BY 2`)).toEqual([
      ['d', 'cities'],
      ['d', 'people'],
    ]);
    const elsewhere = fixture.client.query({
      query: 'SELECT 1 FROM `region-eu`.INFORMATION_SCHEMA.TABLES',
      location: LOCATION,
    });
    expect(await refusal(elsewhere)).toMatchObject({ code: 404 });
    const ofDataset = fixture.client.query('SELECT 1 FROM d.INFORMATION_SCHEMA.SCHEMATA');
    expect((await refusal(ofDataset)).message).toContain('is qualified with a region');
  });

  it('has the jobs of a region: their bytes, tables, changed rows and errors', async () => {
    await fixture.client.query({ query: 'CREATE TABLE d.jobs AS SELECT 1 AS n', labels: { team: 'a' } });
    await fixture.client.query('UPDATE d.jobs SET n = 2 WHERE TRUE');
    await fixture.client.query('SELECT n FROM d.jobs');
    await refusal(fixture.client.query('SELECT nope FROM d.jobs'));
    const query = `SELECT statement_type, state, total_bytes_billed, dml_statistics.updated_row_count,
        error_result.reason, labels
      FROM \`region-${LOCATION}\`.INFORMATION_SCHEMA.JOBS_BY_PROJECT
      WHERE query LIKE '%d.jobs%' AND job_type = 'QUERY' AND state = 'DONE' ORDER BY creation_time, statement_type`;
    expect(await ask(query)).toEqual([
      [null, 'DONE', null, null, 'invalidQuery', []],
      ['CREATE_TABLE_AS_SELECT', 'DONE', 0, null, null, [{ key: 'team', value: 'a' }]],
      ['SELECT', 'DONE', 10485760, null, null, []],
      ['UPDATE', 'DONE', 10485760, 1, null, []],
    ]);
    expect(
      await ask(`SELECT t.table_id FROM INFORMATION_SCHEMA.JOBS, UNNEST(referenced_tables) AS t
        WHERE query = 'SELECT n FROM d.jobs'`),
    ).toEqual([['jobs']]);
    await fixture.client.query('DROP TABLE d.jobs');
  });

  it('shows the jobs of others only to those who may list them', async () => {
    const access: Access = {
      ...DEVELOPER,
      member: 'user:reader@example.com',
      allows: (permission) => permission !== 'bigquery.jobs.listAll',
    };
    const of = (view: string) =>
      fixture.bigquery.query(
        { query: `SELECT query FROM INFORMATION_SCHEMA.${view}`, useLegacySql: false },
        access,
      );
    await expect(of('JOBS')).rejects.toThrow('bigquery.jobs.listAll');
    const { rows = [] } = await of('JOBS_BY_USER');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('d.people');
  });

  it('has no materialized views', async () => {
    expect(await ask('SELECT * FROM d.INFORMATION_SCHEMA.MATERIALIZED_VIEWS')).toEqual([]);
  });
});
