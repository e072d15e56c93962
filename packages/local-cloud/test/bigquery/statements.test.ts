import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fixture, PROJECT, refusal, rowsOf, startBigQuery } from './support/bigquery.ts';
import { STATEMENTS } from './vectors/statements.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
});

afterAll(() => fixture.close());

/** Runs a statement and returns the statistics of its job. */
async function run(query: string) {
  const [job] = await fixture.client.createQueryJob(query);
  await job.getQueryResults();
  const [metadata] = await job.getMetadata();
  return metadata.statistics.query;
}

const rows = (query: string) => rowsOf(fixture.client, query);
const table = (tableId: string) => ({ projectId: PROJECT, datasetId: 'd', tableId });

describe('CREATE, ALTER and DROP SCHEMA', () => {
  it('make, describe and delete a dataset, and say what they did', async () => {
    const dataset = { projectId: PROJECT, datasetId: 'made' };
    const options = "description = 'a', labels = [('team', 'b')], default_table_expiration_days = 1.5";
    expect(await run(`CREATE SCHEMA made OPTIONS(${options})`)).toMatchObject({
      ...{ statementType: 'CREATE_SCHEMA', ddlOperationPerformed: 'CREATE', ddlTargetDataset: dataset },
      totalBytesBilled: '0',
    });
    expect(await run('CREATE SCHEMA IF NOT EXISTS made')).toMatchObject({ ddlOperationPerformed: 'SKIP' });
    expect(await fixture.bigquery.getDataset('made')).toMatchObject({
      ...{ description: 'a', labels: { team: 'b' }, defaultTableExpirationMs: '129600000' },
    });
    await run('ALTER SCHEMA made SET OPTIONS(description = NULL)');
    expect(await fixture.bigquery.getDataset('made')).not.toHaveProperty('description');
    await run('CREATE TABLE made.t (a INT64)');
    expect(await refusal(run('DROP SCHEMA made'))).toMatchObject({ reason: 'resourceInUse' });
    expect(await run('DROP SCHEMA made CASCADE')).toMatchObject({ ddlOperationPerformed: 'DROP' });
    expect(await run('DROP SCHEMA IF EXISTS made')).toMatchObject({ ddlOperationPerformed: 'SKIP' });
  });
});

describe('statements on tables', () => {
  beforeAll(async () => {
    await run('CREATE SCHEMA d');
    await run('CREATE TABLE d.people (id STRING NOT NULL, n INT64)');
    await run("INSERT INTO d.people VALUES ('a', 1), ('b', 2), ('c', 3)");
  });

  it('CREATE VIEW keeps the text of its query, and is replaced and dropped as a view only', async () => {
    const created = await run("CREATE VIEW d.v OPTIONS(description='x') AS (SELECT id FROM d.people);");
    expect(created).toMatchObject({
      ...{ statementType: 'CREATE_VIEW', ddlOperationPerformed: 'CREATE', ddlTargetTable: table('v') },
    });
    expect(await fixture.bigquery.getTable('d', 'v')).toMatchObject({
      ...{ type: 'VIEW', description: 'x', view: { query: '(SELECT id FROM d.people)' } },
    });
    expect(await rows('SELECT id FROM d.v ORDER BY id')).toEqual([['a'], ['b'], ['c']]);
    expect(await refusal(run('CREATE VIEW d.v AS SELECT 1 AS x'))).toMatchObject({ reason: 'duplicate' });
    expect(await run('CREATE VIEW IF NOT EXISTS d.v AS SELECT 1 AS x')).toMatchObject({
      ddlOperationPerformed: 'SKIP',
    });
    expect(await run('CREATE OR REPLACE VIEW d.v AS SELECT n FROM d.people')).toMatchObject({
      ddlOperationPerformed: 'REPLACE',
    });
    expect(await rows('SELECT SUM(n) FROM d.v')).toEqual([[6]]);
    for (const statement of ['DROP TABLE d.v', 'CREATE OR REPLACE VIEW d.people AS SELECT 1 AS x']) {
      expect((await refusal(run(statement))).message).toContain('which has type');
    }
    expect(await run('DROP VIEW d.v')).toMatchObject({ statementType: 'DROP_VIEW' });
    expect(await run('DROP VIEW IF EXISTS d.v')).toMatchObject({ ddlOperationPerformed: 'SKIP' });
  });

  it('CREATE TABLE takes columns and AS SELECT together, and options that are computed', async () => {
    const expires = 'expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 12 HOUR)';
    await run(
      `CREATE OR REPLACE TABLE d.made (key STRING NOT NULL OPTIONS(description='k'), f FLOAT64)
       CLUSTER BY key OPTIONS(${expires}, friendly_name='F') AS SELECT id, n FROM d.people WHERE n > 1`,
    );
    const made = await fixture.bigquery.getTable('d', 'made');
    expect(made).toMatchObject({ friendlyName: 'F', numRows: '2', clustering: { fields: ['key'] } });
    expect(Number(made.expirationTime)).toBe(fixture.clock.now() + 12 * 3_600_000);
    expect(made.schema.fields).toEqual([
      { name: 'key', type: 'STRING', mode: 'REQUIRED', description: 'k' },
      { name: 'f', type: 'FLOAT', mode: 'NULLABLE' },
    ]);
    const wrong = [
      ['CREATE TABLE d.x (a INT64) AS SELECT 1, 2', 'does not match the number of columns'],
      ["CREATE TABLE d.x (a INT64) AS SELECT 'x'", 'which has type INT64'],
      ['CREATE TABLE d.x (a INT64) OPTIONS(kms_key_name="k")', 'Option kms_key_name is not supported'],
      ['CREATE TABLE d.x (a INT64) OPTIONS(description=1)', 'must be of type STRING'],
    ] as const;
    for (const [statement, message] of wrong) {
      expect((await refusal(run(statement))).message).toContain(message);
    }
  });

  it('parameters of a type are kept, shown, and demanded of every value that a column gets', async () => {
    await run(
      `CREATE TABLE d.sized (s STRING(3), b BYTES(2), n NUMERIC(5, 2), a ARRAY<STRING(2)>,
         r STRUCT<x STRING(2) OPTIONS(description='inner'), y ARRAY<STRUCT<z NUMERIC(3)>>>)`,
    );
    const { schema } = await fixture.bigquery.getTable('d', 'sized');
    const z = { name: 'z', type: 'NUMERIC', mode: 'NULLABLE', precision: '3' };
    expect(schema.fields).toEqual([
      { name: 's', type: 'STRING', mode: 'NULLABLE', maxLength: '3' },
      { name: 'b', type: 'BYTES', mode: 'NULLABLE', maxLength: '2' },
      { name: 'n', type: 'NUMERIC', mode: 'NULLABLE', precision: '5', scale: '2' },
      { name: 'a', type: 'STRING', mode: 'REPEATED', maxLength: '2' },
      {
        ...{ name: 'r', type: 'RECORD', mode: 'NULLABLE' },
        fields: [
          { name: 'x', type: 'STRING', mode: 'NULLABLE', description: 'inner', maxLength: '2' },
          { name: 'y', type: 'RECORD', mode: 'REPEATED', fields: [z] },
        ],
      },
    ]);
    const types =
      "SELECT data_type FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'sized' ORDER BY ordinal_position";
    expect((await rows(types)).flat()).toEqual([
      ...['STRING(3)', 'BYTES(2)', 'NUMERIC(5, 2)', 'ARRAY<STRING(2)>'],
      'STRUCT<x STRING(2), y ARRAY<STRUCT<z NUMERIC(3)>>>',
    ]);
    // A NUMERIC is rounded, half away from zero.
    await run("INSERT d.sized VALUES ('áéí', b'ab', -1.005, ['ab'], ('xy', [STRUCT(2.5)]))");
    await fixture.client
      .dataset('d')
      .table('sized')
      .insert({ n: '123.456', r: { y: [{ z: 998.5 }] } });
    expect(await rows('SELECT n, r.y FROM d.sized ORDER BY n')).toEqual([
      ['-1.01', [{ z: '3' }]],
      ['123.46', [{ z: '999' }]],
    ]);
    const long = (type: string, most: number) =>
      `${type} has maximum length ${most} but got a value with length ${most + 1}`;
    const range =
      'NUMERIC(5, 2) has precision 5 and scale 2 but got a value that is not in range of [-999.99, 999.99]';
    for (const [statement, message] of [
      ["INSERT d.sized (s) VALUES ('áéíó')", long('STRING(3)', 3)],
      ["UPDATE d.sized SET b = b'abc' WHERE TRUE", long('BYTES(2)', 2)],
      ["INSERT d.sized (a) VALUES (['a', 'abc'])", long('STRING(2)', 2)],
      ["INSERT d.sized (r) VALUES (('abc', []))", long('STRING(2)', 2)],
      ['MERGE d.sized USING (SELECT 1) ON FALSE WHEN NOT MATCHED THEN INSERT (n) VALUES (999.995)', range],
      ["CREATE TABLE d.x (a STRING(2)) AS SELECT 'abc' AS a", long('STRING(2)', 2)],
      ['CREATE TABLE d.x (a INT64(2))', 'INT64 does not support 1 type parameters'],
      ['CREATE TABLE d.x (a NUMERIC(32, 2))', 'P must be between 2 and 31'],
    ] as const) {
      expect((await refusal(run(statement))).message).toContain(message);
    }
    const append = {
      destination: fixture.client.dataset('d').table('sized'),
      writeDisposition: 'WRITE_APPEND',
    };
    const [job] = await fixture.client.createQueryJob({ query: "SELECT 'abcd' AS s", ...append });
    expect((await refusal(job.getQueryResults())).message).toBe(long('STRING(3)', 3));
    const streamed = await fixture.bigquery.insertAll('d', 'sized', {
      rows: [{ json: { r: { x: 'abc' } } }],
    });
    expect(streamed.insertErrors?.[0]?.errors[0]).toMatchObject({
      ...{ location: 'r.x', message: `${long('STRING(2)', 2)} Field: r.x; Value: abc` },
    });
    const narrower = schema.fields.map((field) =>
      field.name === 's' ? { ...field, maxLength: '2' } : field,
    );
    const change = fixture.bigquery.patchTable('d', 'sized', { schema: { fields: narrower } });
    expect((await refusal(change)).message).toContain('has changed type from STRING(3) to STRING(2)');
    const wider = schema.fields.map((field) => (field.name === 's' ? { ...field, maxLength: '4' } : field));
    await fixture.bigquery.patchTable('d', 'sized', { schema: { fields: wider } });
    await run("INSERT d.sized (s) VALUES ('áéíó')");
  });

  it('CREATE TABLE keeps and shows how the table is partitioned and clustered', async () => {
    const columns = '(id STRING, day DATE, moment TIMESTAMP, n INT64)';
    const day = { timePartitioning: { type: 'DAY', field: 'day' } };
    const range = { start: '0', end: '100', interval: '10' };
    for (const [clause, expected] of [
      ['day', day],
      ['DATE(moment)', { timePartitioning: { type: 'DAY', field: 'moment' } }],
      ['DATE_TRUNC(day, MONTH)', { timePartitioning: { type: 'MONTH', field: 'day' } }],
      ['TIMESTAMP_TRUNC(moment, HOUR)', { timePartitioning: { type: 'HOUR', field: 'moment' } }],
      ['RANGE_BUCKET(n, GENERATE_ARRAY(0, 100, 10))', { rangePartitioning: { field: 'n', range } }],
    ] as const) {
      await run(`CREATE TABLE d.parts ${columns} PARTITION BY ${clause} CLUSTER BY id`);
      expect(await fixture.bigquery.getTable('d', 'parts')).toMatchObject({
        ...expected,
        clustering: { fields: ['id'] },
      });
      const [[ddl]] = (await rows(
        "SELECT ddl FROM d.INFORMATION_SCHEMA.TABLES WHERE table_name = 'parts'",
      )) as [[string]];
      expect(ddl).toContain(`\nPARTITION BY ${clause}\nCLUSTER BY id;`);
      await run('DROP TABLE d.parts');
    }
    await run("CREATE TABLE d.parts PARTITION BY day AS SELECT DATE '2020-01-02' AS day, 'a' AS id");
    expect(await rows("SELECT id FROM d.parts WHERE day = '2020-01-02'")).toEqual([['a']]);
    const partitioned =
      "SELECT column_name FROM d.INFORMATION_SCHEMA.COLUMNS WHERE is_partitioning_column = 'YES'";
    expect(await rows(partitioned)).toEqual([['day']]);
    const replace = (clause: string) =>
      run(`CREATE OR REPLACE TABLE d.parts ${clause} AS SELECT DATE '2020-01-02' AS day`);
    await replace('PARTITION BY day');
    const wrong = [
      [replace(''), 'Cannot replace a table with a different partitioning spec'],
      [run(`CREATE TABLE d.x ${columns} PARTITION BY n`), 'Cannot partition by DAY of n'],
      [run(`CREATE TABLE d.x ${columns} PARTITION BY nope`), 'cannot be found in the schema: nope'],
      [run(`CREATE TABLE d.x ${columns} PARTITION BY n + 1`), 'PARTITION BY expression must be'],
      [run(`CREATE TABLE d.x ${columns} PARTITION BY _PARTITIONDATE`), 'Partitioning by ingestion time'],
      [
        run(`CREATE TABLE d.x ${columns} PARTITION BY day OPTIONS(require_partition_filter=TRUE)`),
        'Option require_partition_filter',
      ],
    ] as const;
    for (const [statement, message] of wrong) expect((await refusal(statement)).message).toContain(message);
    await run('DROP TABLE d.parts');
  });

  it('LIKE, COPY, CLONE and SNAPSHOT make tables of another table without a bill', async () => {
    for (const [statement, tableId, type, count] of [
      ['CREATE TABLE d.liked LIKE d.people', 'liked', 'TABLE', '0'],
      ['CREATE TABLE d.copied COPY d.people', 'copied', 'TABLE', '3'],
      ['CREATE TABLE d.cloned CLONE d.people', 'cloned', 'TABLE', '3'],
      ['CREATE SNAPSHOT TABLE d.kept CLONE d.people', 'kept', 'SNAPSHOT', '3'],
    ] as const) {
      expect(await run(statement)).toMatchObject({ totalBytesBilled: '0', ddlOperationPerformed: 'CREATE' });
      expect(await fixture.bigquery.getTable('d', tableId)).toMatchObject({ type, numRows: count });
    }
    expect((await refusal(run("INSERT INTO d.kept VALUES ('z', 1)"))).message).toContain('SNAPSHOT');
    await run('DROP SNAPSHOT TABLE d.kept');
  });

  it('ALTER TABLE adds, renames, relaxes, describes and drops columns, and renames the table', async () => {
    await run("CREATE TABLE d.alter_me AS SELECT 'a' AS id, 1 AS n");
    expect(
      await run('ALTER TABLE d.alter_me ADD COLUMN IF NOT EXISTS n INT64, ADD COLUMN tags ARRAY<STRING>'),
    ).toMatchObject({ statementType: 'ALTER_TABLE', ddlOperationPerformed: 'ALTER' });
    await run('ALTER TABLE d.alter_me RENAME COLUMN n TO number, DROP COLUMN IF EXISTS nope');
    await run("ALTER TABLE d.alter_me ALTER COLUMN number SET OPTIONS(description = 'how many')");
    await run("ALTER TABLE d.alter_me SET OPTIONS(labels = [('team', 'a')])");
    expect(await rows('SELECT id, number, tags FROM d.alter_me')).toEqual([['a', 1, []]]);
    await run('ALTER TABLE d.alter_me DROP COLUMN tags');
    await run('ALTER TABLE d.alter_me RENAME TO renamed');
    expect(await fixture.bigquery.getTable('d', 'renamed')).toMatchObject({
      labels: { team: 'a' },
      schema: { fields: [{ name: 'id' }, { name: 'number', description: 'how many' }] },
    });
    expect(await rows('SELECT number FROM d.renamed')).toEqual([[1]]);
    expect(await refusal(run('ALTER TABLE d.alter_me DROP COLUMN id'))).toMatchObject({ code: 404 });
    expect((await refusal(run('ALTER TABLE d.renamed DROP COLUMN nope'))).message).toContain('nope');
    expect(await run('ALTER TABLE IF EXISTS d.nope SET OPTIONS()')).toMatchObject({
      ddlOperationPerformed: 'SKIP',
    });
  });

  it('MERGE updates, deletes and inserts each row by the first clause that fits', async () => {
    await run("CREATE OR REPLACE TABLE d.target AS SELECT 'a' AS id, 1 AS n UNION ALL SELECT 'b', 2");
    await run("INSERT INTO d.target VALUES ('c', 3), ('d', 4)");
    const merged = await run(
      `MERGE d.target AS t USING (SELECT 'a' AS id, 10 AS n UNION ALL SELECT 'b', 20 UNION ALL SELECT 'z', 30
         UNION ALL SELECT NULL, 40) AS s ON t.id = s.id
       WHEN MATCHED AND s.n > 15 THEN DELETE
       WHEN MATCHED THEN UPDATE SET t.n = t.n + s.n
       WHEN NOT MATCHED AND s.id IS NULL THEN INSERT (n) VALUES (s.n)
       WHEN NOT MATCHED THEN INSERT ROW
       WHEN NOT MATCHED BY SOURCE AND t.id = 'd' THEN UPDATE SET n = 0`,
    );
    expect(merged).toMatchObject({
      ...{ statementType: 'MERGE', numDmlAffectedRows: '5' },
      dmlStats: { insertedRowCount: '2', updatedRowCount: '2', deletedRowCount: '1' },
    });
    expect(await rows('SELECT id, n FROM d.target ORDER BY id')).toEqual([
      [null, 40],
      ['a', 11],
      ['c', 3],
      ['d', 0],
      ['z', 30],
    ]);
  });

  it('MERGE asks subqueries in its WHEN clauses, and sets what subqueries answer', async () => {
    await run(
      "CREATE TABLE d.asked AS SELECT * FROM UNNEST([STRUCT('a' AS id, 1 AS n), ('b', 2), ('c', 3)])",
    );
    const names = "SELECT * FROM UNNEST(['b', 'y'])";
    await run(
      `MERGE d.asked AS t USING (SELECT 'a' AS id UNION ALL SELECT 'b' UNION ALL SELECT 'y' UNION ALL SELECT 'z') AS s ON t.id = s.id
       WHEN MATCHED AND EXISTS (SELECT 1 FROM UNNEST(['a']) AS x WHERE x = s.id) THEN UPDATE SET n = (SELECT MAX(o.n) FROM d.asked AS o WHERE o.id > t.id)
       WHEN MATCHED AND t.id IN (${names}) THEN DELETE
       WHEN NOT MATCHED AND s.id NOT IN (${names}) THEN INSERT (id, n) VALUES (s.id, (SELECT COUNT(*) FROM d.asked))
       WHEN NOT MATCHED BY SOURCE AND t.n > (SELECT AVG(o.n) FROM d.asked AS o) THEN UPDATE SET n = 0`,
    );
    expect(await rows('SELECT id, n FROM d.asked ORDER BY id')).toEqual([
      ['a', 3],
      ['c', 0],
      ['z', 3],
    ]);
  });

  it('MERGE and UPDATE refuse to change a row twice, and change nothing then', async () => {
    const before = await rows('SELECT id, n FROM d.people ORDER BY id');
    const twice = 'UNNEST([1, 2]) AS x';
    for (const statement of [
      `MERGE d.people USING ${twice} ON id = 'a' WHEN MATCHED THEN UPDATE SET n = x`,
      `MERGE d.people USING ${twice} ON id = 'a' WHEN MATCHED THEN DELETE`,
      `UPDATE d.people SET n = x FROM ${twice} WHERE id = 'a'`,
    ]) {
      expect((await refusal(run(statement))).message).toContain('at most one source row');
    }
    expect(await rows('SELECT id, n FROM d.people ORDER BY id')).toEqual(before);
  });

  it('UPDATE takes its values from other tables, all of them as they were before', async () => {
    await run('CREATE OR REPLACE TABLE d.swap AS SELECT id, n, n * 10 AS m FROM d.people');
    await run('UPDATE d.swap SET n = m, m = n WHERE TRUE');
    expect(await rows('SELECT n, m FROM d.swap ORDER BY id')).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
    const updated = await run(
      'UPDATE d.swap s SET m = p.n + q.n FROM d.people p JOIN d.people AS q ON q.id = p.id WHERE s.id = p.id AND p.n > 1',
    );
    expect(updated).toMatchObject({ numDmlAffectedRows: '2', dmlStats: { updatedRowCount: '2' } });
    expect(await rows('SELECT m FROM d.swap ORDER BY id')).toEqual([[1], [4], [6]]);
  });
});

describe('a column with the name of DuckDB’s row ids', () => {
  it('is a column like any other', async () => {
    await fixture.client.query('CREATE SCHEMA r');
    await run(
      "CREATE TABLE r.t AS SELECT id AS RowId, n FROM UNNEST([STRUCT('a' AS id, 1 AS n), ('a', 2), ('b', 3)])",
    );
    await run('UPDATE r.t SET n = 20 WHERE n = 2');
    await run('DELETE FROM r.t WHERE n = 1');
    await run("MERGE r.t USING (SELECT 3 AS k) ON n = k WHEN MATCHED THEN UPDATE SET rowid = 'c'");
    await fixture.client
      .dataset('r')
      .table('t')
      .insert([{ RowId: 'd', n: 4 }]);
    const stored = [
      ['a', 20],
      ['c', 3],
      ['d', 4],
    ];
    expect(await rows('SELECT rowid, n FROM r.t ORDER BY rowid')).toEqual(stored);
    expect(await rows('SELECT * FROM r.t ORDER BY t.RowId')).toEqual(stored);
    const [listed] = await fixture.client.dataset('r').table('t').getRows();
    expect(listed.map(({ RowId }) => RowId).toSorted()).toEqual(['a', 'c', 'd']);
    await run('CREATE TABLE r.copy COPY r.t');
    await run('ALTER TABLE r.copy RENAME COLUMN rowid TO id');
    await run('ALTER TABLE r.copy RENAME COLUMN n TO rowid');
    expect(await rows('SELECT rowid FROM APPENDS(TABLE r.copy, NULL, NULL) ORDER BY 1')).toEqual([
      [3],
      [4],
      [20],
    ]);
    await run('CREATE TABLE r.required (rowid INT64 NOT NULL)');
    expect((await refusal(run('INSERT INTO r.required VALUES (NULL)'))).message).toContain(
      'Required field rowid cannot be null',
    );
  });
});

describe('GRANT and REVOKE', () => {
  it('change the grants of a table or dataset alone, and say on what', async () => {
    await fixture.client.query('CREATE SCHEMA g; CREATE TABLE g.t (n INT64)');
    const bindings = () => fixture.bigquery.tablePolicy('g', 't').bindings;
    const role = 'roles/bigquery.dataViewer';
    const [ana, eva] = ['user:ana@example.com', 'user:eva@example.com'];
    expect(await run(`GRANT \`${role}\` ON TABLE g.t TO "${ana}", "${eva}"`)).toMatchObject({
      ...{ statementType: 'GRANT', dclTargetTable: { datasetId: 'g', tableId: 't' } },
    });
    await run(`REVOKE \`${role}\` ON TABLE g.t FROM "${ana}"`);
    expect(bindings()).toEqual([{ role, members: [eva] }]);
    expect(await run(`GRANT \`${role}\` ON SCHEMA g TO "${ana}"`)).toMatchObject({
      dclTargetDataset: { projectId: PROJECT, datasetId: 'g' },
    });
    expect(await fixture.bigquery.getDataset('g')).toMatchObject({
      access: expect.arrayContaining([{ role: 'READER', userByEmail: 'ana@example.com' }]),
    });
    expect((await refusal(run('GRANT `roles/none` ON TABLE g.t TO "user:a@example.com"'))).code).toBe(400);
    expect((await refusal(run(`GRANT \`${role}\` ON TABLE g.t TO "ana"`))).code).toBe(400);
    expect(bindings()).toEqual([{ role, members: [eva] }]);
  });

  it('of a table end with it, stay when it is replaced, and follow its new name', async () => {
    await fixture.client.query('CREATE SCHEMA h; CREATE TABLE h.t (n INT64)');
    const bindings = (tableId: string) => fixture.bigquery.tablePolicy('h', tableId).bindings;
    const granted = [{ role: 'roles/bigquery.dataViewer', members: ['user:ana@example.com'] }];
    await run('GRANT `roles/bigquery.dataViewer` ON TABLE h.t TO "user:ana@example.com"');
    await run('CREATE OR REPLACE TABLE h.t (n STRING)');
    expect(bindings('t')).toEqual(granted);
    await run('ALTER TABLE h.t RENAME TO u');
    await run('CREATE TABLE h.t (n INT64)');
    expect([bindings('t'), bindings('u')]).toEqual([[], granted]);
    await run('DROP TABLE h.u');
    await run('CREATE TABLE h.u (n INT64)');
    expect(bindings('u')).toEqual([]);
  });
});

describe('each statement of BigQuery', () => {
  beforeAll(() =>
    fixture.client.query(
      "CREATE SCHEMA c; CREATE TABLE c.t (id STRING NOT NULL, n INT64); INSERT INTO c.t VALUES ('a', 1); CREATE TABLE c.gone COPY c.t",
    ),
  );

  const all = Object.entries(STATEMENTS).flatMap(([group, statements]) =>
    Object.entries(statements).map(([name, sql]) => [`${group} ${name}`, sql] as const),
  );

  it.each(all.filter(([name]) => !name.includes('!')))('is run: %s', async (_, sql) => {
    await fixture.client.query(sql);
  });

  it.each(all.filter(([name]) => name.includes('!')))('is refused by name: %s', async (_, sql) => {
    expect(await refusal(fixture.client.query(sql))).toMatchObject({
      ...{ code: 400, reason: 'invalidQuery' },
      message: expect.stringMatching(/ is not supported by the local BigQuery( at |$)/),
    });
  });
});
