import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TracedCall } from '../../src/bigquery/rest/traced-call.ts';
import { BigQueryServer } from '../../src/bigquery/server.ts';
import { type Fixture, LOCATION, PROJECT, rowsOf, startBigQuery } from './support/bigquery.ts';
import { type Answer, call, refusedCall } from './support/rest.ts';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  await send('POST', 'datasets', { datasetReference: { datasetId: 'd' }, labels: { team: 'a' } });
  await send('POST', 'datasets/d/tables', {
    tableReference: { tableId: 't' },
    schema: {
      fields: [
        { name: 'id', type: 'STRING', mode: 'REQUIRED' },
        { name: 'n', type: 'INTEGER' },
        { name: 'x', type: 'NUMERIC' },
        { name: 'f', type: 'FLOAT' },
        { name: 'b', type: 'BOOLEAN' },
        { name: 'ts', type: 'TIMESTAMP' },
      ],
    },
  });
});

afterAll(() => fixture.close());

const send = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  call(fixture, method, path, body, headers);
const refused = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  refusedCall(send(method, path, body, headers));
const query = (text: string, more: object = {}) =>
  send('POST', 'queries', { query: text, useLegacySql: false, ...more });
const deepRow = (depth: number) =>
  `{"rows":[{"json":{"id":"deep","x":${'['.repeat(depth)}${']'.repeat(depth)}}}]}`;
const cells = ({ body }: Answer): unknown[][] =>
  body.rows.map(({ f }: { f: { v: unknown }[] }) => f.map(({ v }) => v));

describe('a query parameter', () => {
  it.each(['True', 'TRUE', 'true', '1'])('that is boolean may be %s', async (word) => {
    const { body } = await query("SELECT TIMESTAMP '2024-01-02 03:04:05 UTC'");
    const { jobId, location } = body.jobReference;
    const path = `queries/${jobId}?location=${location}&formatOptions.useInt64Timestamp=`;
    expect(cells(await send('GET', `${path}${word}`))).toEqual([['1704164645000000']]);
    expect(cells(await send('GET', `${path}False`))).toEqual([['1704164645']]);
  });

  it.each([
    ['a boolean', 'deleteContents=maybe', 'DELETE', 'datasets/d'],
    ['a boolean', 'all=', 'GET', 'datasets'],
    ['a number', 'maxResults=ten', 'GET', 'datasets'],
    ['a number', 'maxResults=-1', 'GET', 'datasets/d/tables'],
    ['a number', 'startIndex=1.5', 'GET', 'datasets/d/tables/t/data'],
    ['a 64-bit number', 'minCreationTime=99999999999999999999', 'GET', 'jobs'],
    ['a word', 'view=ALL', 'GET', 'datasets/d/tables/t'],
    ['a word', 'stateFilter=gone', 'GET', 'jobs'],
    ['a selection', 'fields=a(b', 'GET', 'datasets'],
    ['a format', 'alt=media', 'GET', 'datasets'],
    ['a label filter', 'filter=name:x', 'GET', 'datasets'],
  ])('that is not %s is refused by name: %s', async (_, parameter, method, path) => {
    const { status, reason, message } = await refused(method, `${path}?${parameter}`);
    expect([status, reason]).toEqual([400, 'invalid']);
    expect(message).toMatch(new RegExp(`^Invalid (?:value for )?${parameter.split('=')[0]?.slice(0, 5)}`));
  });

  it('that may be repeated means each of its values', async () => {
    await query('SELECT 1');
    const states = async (filter: string) => (await send('GET', `jobs?${filter}`)).body.jobs.length;
    expect(await states('stateFilter=running')).toBe(0);
    expect(await states('stateFilter=running&stateFilter=done')).toBeGreaterThan(0);
  });
});

describe('a number of 64 bits', () => {
  const rows = [
    ['n', '9007199254740993'],
    ['n', '9223372036854775807'],
    ['n', '-9223372036854775808'],
    ['n', '9.007199254740993e15'],
    ['x', '12345678901234567890.123456789'],
    ['x', '1e-7'],
    ['f', '0.1000000000000000055511151231257827'],
    ['ts', '1704164645.123456'],
  ];

  it('is stored as it was sent', async () => {
    const json = rows.map(([name, text], index) => `{"json":{"id":"${index}","${name}":${text}}}`);
    const { status, body } = await send('POST', 'datasets/d/tables/t/insertAll', `{"rows":[${json}]}`);
    expect([status, body.insertErrors]).toEqual([200, undefined]);
    const sql =
      'SELECT CAST(COALESCE(CAST(n AS STRING), CAST(x AS STRING)) AS STRING), f, ts FROM d.t ORDER BY id';
    expect(cells(await query(sql))).toEqual([
      ['9007199254740993', null, null],
      ['9223372036854775807', null, null],
      ['-9223372036854775808', null, null],
      ['9007199254740993', null, null],
      ['12345678901234567890.123456789', null, null],
      ['0.0000001', null, null],
      [null, '0.1', null],
      [null, null, '1704164645.123456'],
    ]);
  });

  it('that does not fit is refused with the number that was sent', async () => {
    const body = '{"rows":[{"json":{"id":"a","n":9223372036854775808}}]}';
    const answer = await send('POST', 'datasets/d/tables/t/insertAll', body);
    expect(answer.body.insertErrors[0].errors[0].message).toBe(
      'Cannot convert value to INT64: n is 9223372036854775808.',
    );
  });
});

describe('the configuration of a job', () => {
  it('is shown as the API types it, whatever was sent', async () => {
    const parameterType = {
      type: 'STRUCT',
      structTypes: [
        { name: 'a', type: { type: 'INT64' } },
        { name: 'b', type: { type: 'BOOL' } },
      ],
    };
    const parameterValue = { structValues: { a: { value: 1 }, b: { value: true } } };
    const { body } = await send('POST', 'jobs', {
      jobReference: { jobId: 'typed', location: LOCATION, project: PROJECT },
      configuration: {
        query: {
          query: 'SELECT @s.a + 1, @s.b',
          useLegacySql: 'False',
          maximumBytesBilled: 10,
          parameterMode: 'named',
          queryParameters: [{ name: 's', parameterType, parameterValue }],
          timePartitioning: null,
          userDefinedFunctionResources: [],
        },
        jobTimeoutMs: 60_000,
      },
    });
    expect(body.configuration).toEqual({
      jobType: 'QUERY',
      jobTimeoutMs: '60000',
      query: {
        query: 'SELECT @s.a + 1, @s.b',
        useLegacySql: false,
        maximumBytesBilled: '10',
        parameterMode: 'NAMED',
        priority: 'INTERACTIVE',
        queryParameters: [
          {
            name: 's',
            parameterType,
            parameterValue: { structValues: { a: { value: '1' }, b: { value: 'true' } } },
          },
        ],
      },
    });
    expect(cells(await send('GET', `queries/typed?location=${LOCATION}`))).toEqual([['2', 'true']]);
    const { jobs } = (await send('GET', 'jobs?projection=full')).body;
    expect(jobs.find(({ id }: { id: string }) => id.endsWith('.typed')).configuration.query).toMatchObject({
      maximumBytesBilled: '10',
      createDisposition: 'CREATE_IF_NEEDED',
      writeDisposition: 'WRITE_TRUNCATE',
    });
  });

  it.each([
    [
      { extract: { printHeader: true } },
      'configuration.extract is not supported by the local BigQuery: there is no Cloud Storage here; write the rows of a query to a file, as bq query --format=csv does',
    ],
    [
      { query: { query: 'SELECT 1', useLegacySql: false, timePartitioning: { type: 'DAY' } } },
      'configuration.query.timePartitioning is not supported by the local BigQuery',
    ],
    [
      { query: { query: 'SELECT 1', useLegacySql: false, maximumBytesBilled: 'ten' } },
      'Invalid value for configuration.query.maximumBytesBilled: "ten"; it must be a whole number from -9223372036854775808 to 9223372036854775807',
    ],
    [{ query: [] }, 'Invalid value for configuration.query: []; it must be an object'],
    [{}, 'A job has one of configuration.query, configuration.load and configuration.copy, got none'],
    [
      { query: { query: 'SELECT 1', useLegacySql: false }, copy: {} },
      'A job has one of configuration.query, configuration.load and configuration.copy, got query, copy',
    ],
    [
      { load: { sourceUris: ['gs://b/o'] } },
      'configuration.load.sourceUris is not supported by the local BigQuery',
    ],
  ])('is refused by name: %j', async (configuration, message) => {
    expect(await refused('POST', 'jobs', { configuration })).toEqual({
      status: 400,
      reason: 'invalid',
      message,
    });
  });
});

describe('every method', () => {
  it('is reached by X-HTTP-Method-Override, which Google’s Java client sends', async () => {
    const override = { 'x-http-method-override': 'PATCH' };
    const { status, body } = await send('POST', 'datasets/d', { description: 'over' }, override);
    expect([status, body.description]).toEqual([200, 'over']);
  });

  it('is reached with its prefix once, twice or not at all', async () => {
    for (const prefix of ['/bigquery/v2', '/bigquery/v2/bigquery/v2', '']) {
      const response = await fetch(`${fixture.server.url}${prefix}/projects/${PROJECT}/datasets/d`);
      expect([prefix, response.status]).toEqual([prefix, 200]);
    }
  });

  it('reads a body in gzip, and refuses one that is none or that grows too large', async () => {
    const body = gzipSync(JSON.stringify({ description: 'small' }));
    const encoding = { 'content-encoding': 'gzip' };
    expect((await send('PATCH', 'datasets/d', body, encoding)).body.description).toBe('small');
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, 32));
    expect(await refused('PATCH', 'datasets/d', bomb, encoding)).toMatchObject({
      status: 400,
      message: 'Request payload size exceeds the limit: 16777216 bytes.',
    });
    expect(await refused('PATCH', 'datasets/d', '{}', encoding)).toMatchObject({ status: 400 });
    const other = { 'content-encoding': 'br' };
    expect(await refused('PATCH', 'datasets/d', '{}', other)).toMatchObject({
      status: 400,
      reason: 'invalid',
    });
  });

  it.each([
    [
      'is nested too deeply',
      `{"rows":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'deeper than 1000 levels',
    ],
    ['is nested too deeply in a row', deepRow(5_000), 'deeper than 1000 levels'],
    [
      'is not UTF-8',
      Buffer.from('{"rows":[{"json":{"id":"\xff"}}]}', 'latin1'),
      'not valid for encoding utf-8',
    ],
    ['begins with a byte order mark', '\ufeff{}', 'is not valid JSON'],
  ])('whose body %s is refused, and the next one is served', async (_, body, problem) => {
    const path = 'datasets/d/tables/t/insertAll';
    expect(await refused('POST', path, body)).toMatchObject({
      status: 400,
      reason: 'parseError',
      message: expect.stringContaining(problem),
    });
    expect((await send('POST', path, { rows: [{ json: { id: 'next' } }] })).body.insertErrors).toBe(
      undefined,
    );
  });

  it('refuses a number that no column holds', async () => {
    const row = (column: string) => `{"rows":[{"json":{"id":"big","${column}":1e400}}]}`;
    for (const column of ['n', 'f', 'x']) {
      const { body } = await send('POST', 'datasets/d/tables/t/insertAll', row(column));
      expect(body.insertErrors[0].errors[0]).toMatchObject({
        location: column,
        message: expect.stringContaining('is 1e400.'),
      });
    }
  });

  it('in a batch is refused by name', async () => {
    const response = await fetch(`${fixture.server.url}/batch/bigquery/v2`, {
      method: 'POST',
      body: '--b--',
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('send each request alone');
  });

  it('without the id of its table is told which parameter is missing', async () => {
    expect(await refused('POST', 'datasets/d/tables', {})).toEqual({
      status: 400,
      reason: 'invalid',
      message: 'Required parameter is missing: tableId',
    });
  });

  it('answers in gzip when both headers ask for it', async () => {
    const headers = { 'accept-encoding': 'gzip', 'user-agent': 'a client (gzip)' };
    const path = '/discovery/v1/apis/bigquery/v2/rest';
    const zipped = await fetch(fixture.server.url + path, { headers });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.json()).toMatchObject({ id: 'bigquery:v2' });
    const plain = await fetch(fixture.server.url + path, { headers: { 'accept-encoding': 'gzip' } });
    expect(plain.headers.get('content-encoding')).toBe(null);
  });

  it('answers with the selected fields, and prints them on lines when asked', async () => {
    const fields = 'kind,datasets(id,labels/team,datasetReference(datasetId))';
    expect((await send('GET', `datasets?fields=${encodeURIComponent(fields)}`)).body).toEqual({
      kind: 'bigquery#datasetList',
      datasets: [{ id: `${PROJECT}:d`, labels: { team: 'a' }, datasetReference: { datasetId: 'd' } }],
    });
    expect((await send('GET', 'datasets?fields=datasets/*/datasetId')).body).toEqual({
      datasets: [{ datasetReference: { datasetId: 'd' } }],
    });
    for (const query of ['fields=kind&prettyPrint=true', '$fields=kind&$prettyPrint=true&$alt=json']) {
      const url = `${fixture.server.url}/projects/${PROJECT}/datasets?${query}`;
      expect(await (await fetch(url)).text()).toBe('{\n  "kind": "bigquery#datasetList"\n}');
    }
  });

  it('answers HEAD as GET, without a body', async () => {
    for (const path of ['datasets/d', 'datasets/nowhere']) {
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map((method) =>
          fetch(`${fixture.server.url}/projects/${PROJECT}/${path}`, { method }),
        ),
      );
      const shown = (response: Response | undefined) => [
        response?.status,
        ...['content-type', 'content-length', 'etag'].map((name) => response?.headers.get(name)),
      ];
      expect(shown(head)).toEqual(shown(get));
      expect(await head?.text()).toBe('');
    }
  });

  it('that is not emulated is refused by name, in BigQuery’s own shape', async () => {
    for (const [method, path, id] of [
      ['GET', 'datasets/d/models/m', 'models.get'],
      ['POST', 'datasets/d/routines/r:getIamPolicy', 'routines.getIamPolicy'],
    ] as const) {
      expect(await refused(method, path)).toEqual({
        status: 400,
        reason: 'invalid',
        message: `${id} is not supported by the local BigQuery`,
      });
    }
  });
});

describe('an ETag', () => {
  const changes = [
    ['PATCH', { description: 'x' }],
    ['PUT', { description: 'x' }],
    ['DELETE', undefined],
  ] as const;

  it.each(changes)('that is not the current one stops %s, and nothing is written', async (method, body) => {
    for (const path of ['datasets/d', 'datasets/d/tables/t']) {
      const before = (await send('GET', path)).body;
      const answer = await send(method, path, body, { 'if-match': '"nope"' });
      expect(answer.status).toBe(412);
      expect(answer.body.error.errors).toEqual([
        {
          domain: 'global',
          reason: 'conditionNotMet',
          message: 'Precondition Failed',
          location: 'If-Match',
          locationType: 'header',
        },
      ]);
      expect((await send('GET', path)).body).toEqual(before);
    }
  });

  it('that is the current one lets a change through, with quotes or without', async () => {
    for (const path of ['datasets/d', 'datasets/d/tables/t']) {
      for (const quote of ['', '"']) {
        const { etag } = (await send('GET', path)).body;
        const answer = await send(
          'PATCH',
          path,
          { description: quote },
          { 'if-match': `${quote}${etag}${quote}` },
        );
        expect(answer.status).toBe(200);
      }
      expect((await send('PATCH', path, {}, { 'if-match': '*' })).status).toBe(200);
    }
  });

  it('that the caller has already is answered 304', async () => {
    for (const path of ['datasets/d', 'datasets/d/tables/t']) {
      const { headers } = await send('GET', path);
      const etag = headers.get('etag') ?? '';
      expect((await send('GET', path, undefined, { 'if-none-match': etag })).status).toBe(304);
      expect((await send('GET', path, undefined, { 'if-none-match': '"other"' })).status).toBe(200);
    }
  });
});

describe('a list', () => {
  it('of datasets has those with the labels of its filter', async () => {
    await send('POST', 'datasets', {
      datasetReference: { datasetId: '_hidden' },
      labels: { team: 'b', tier: 'x' },
    });
    const ids = async (parameters: string) =>
      ((await send('GET', `datasets?${parameters}`)).body.datasets ?? []).map(
        ({ datasetReference }: { datasetReference: { datasetId: string } }) => datasetReference.datasetId,
      );
    expect(await ids('')).toEqual(['d']);
    expect(await ids('all=True')).toEqual(['_hidden', 'd']);
    expect(await ids('filter=labels.team:nobody')).toEqual([]);
    expect(await ids('filter=labels.team:a')).toEqual(['d']);
    expect(await ids('filter=labels.team&all=1')).toEqual(['_hidden', 'd']);
    await send('POST', 'datasets', { datasetReference: { datasetId: 'tagged' }, labels: { empty: '' } });
    expect(await ids('filter=labels.empty')).toEqual(['tagged']);
    await send('DELETE', 'datasets/tagged');
    expect(await ids(`filter=${encodeURIComponent('labels.team:b labels.tier:*')}&all=1`)).toEqual([
      '_hidden',
    ]);
  });

  it('of jobs has those of the times, states and callers that it names', async () => {
    await query('SELECT 1');
    const now = fixture.clock.now();
    const count = async (parameters: string) => (await send('GET', `jobs?${parameters}`)).body.jobs.length;
    const all = await count('');
    expect(all).toBeGreaterThan(0);
    expect(await count('maxCreationTime=1')).toBe(0);
    expect(await count(`minCreationTime=${now + 1}`)).toBe(0);
    expect(await count(`minCreationTime=1&maxCreationTime=${now}`)).toBe(all);
    expect(await count('parentJobId=nobody')).toBe(0);
    const [minimal] = (await send('GET', 'jobs?projection=minimal')).body.jobs;
    expect(minimal).not.toHaveProperty('configuration');
    expect(minimal).toMatchObject({ user_email: 'developer@localhost', state: 'DONE' });
  });
});

describe('a table', () => {
  it('is shown with the selected columns, and in BASIC view without its size', async () => {
    const { body } = await send('GET', 'datasets/d/tables/t?selectedFields=id,ts&view=BASIC');
    expect(body.schema.fields.map(({ name }: { name: string }) => name)).toEqual(['id', 'ts']);
    expect(body).not.toHaveProperty('numRows');
    expect((await send('GET', 'datasets/d/tables/t?view=FULL')).body).toHaveProperty('numRows');
  });

  it('keeps its columns as they were declared, with or without a mode', async () => {
    const fields = [
      { name: 'a', type: 'STRING' },
      { name: 'b', type: 'STRING', mode: 'NULLABLE' },
    ];
    const empty = { policyTags: { names: [] }, categories: {}, maxLength: null };
    await send('POST', 'datasets/d/tables', {
      tableReference: { tableId: 'modes' },
      schema: { fields: fields.map((field) => ({ ...field, ...empty })) },
      resourceTags: {},
      requirePartitionFilter: false,
    });
    expect((await send('GET', 'datasets/d/tables/modes')).body.schema).toEqual({ fields });
    const update = { schema: { fields: [...fields].reverse() } };
    expect((await send('PATCH', 'datasets/d/tables/modes', update)).status).toBe(200);
  });

  it.each([
    [
      { timePartitioning: { type: 'DAY' } },
      'timePartitioning without a field is not supported by the local BigQuery: name a column',
    ],
    [{ schema: { fields: 'id' } }, 'Invalid value for schema.fields: "id"; it must be a list'],
    [{ labels: ['a'] }, 'Invalid value for labels: ["a"]; it must be an object'],
  ])('with %j is refused by name', async (extra, message) => {
    const body = { tableReference: { tableId: 'bad' }, ...extra };
    expect(await refused('POST', 'datasets/d/tables', body)).toEqual({
      status: 400,
      reason: 'invalid',
      message,
    });
  });

  it('takes no boolean for a STRING', async () => {
    const body = { rows: [{ json: { id: true } }, { json: { id: 5 } }] };
    const answer = await send('POST', 'datasets/d/tables/t/insertAll', { ...body, skipInvalidRows: true });
    expect(answer.body.insertErrors).toEqual([
      {
        index: 0,
        errors: [
          {
            reason: 'invalid',
            location: 'id',
            message: 'Conversion from bool to std::string is unsupported.',
          },
        ],
      },
    ]);
  });
});

describe('a statement', () => {
  it.each([
    ['CREATE TABLE d.twice (a INT64, a STRING)', 'Field a already exists in schema'],
    ['CREATE TABLE d.twice (r STRUCT<a INT64, A STRING>)', 'Field r.A already exists in schema'],
    ["INSERT INTO d.t (id, id) VALUES ('a', 'b')", 'INSERT has columns with duplicate name: id at [1:22]'],
  ])('that names a column twice is refused by its name: %s', async (sql, message) => {
    const { status, body } = await query(sql);
    expect([status, body.error.message]).toEqual([400, message]);
  });

  it('reads a parameter whose name is quoted', async () => {
    expect(await rowsOf(fixture.client, 'SELECT @`a`, @a', { a: 1 })).toEqual([[1, 1]]);
  });

  it('of DDL says what it did to which table', async () => {
    const table = { projectId: PROJECT, datasetId: 'd', tableId: 'made' };
    const done = async (sql: string) => {
      const { jobReference } = (await query(sql)).body;
      const path = `jobs/${jobReference.jobId}?location=${jobReference.location}`;
      const { ddlOperationPerformed, ddlTargetTable } = (await send('GET', path)).body.statistics.query;
      expect(ddlTargetTable).toEqual(table);
      return ddlOperationPerformed;
    };
    expect(await done('CREATE TABLE d.made (a INT64)')).toBe('CREATE');
    expect(await done('CREATE TABLE IF NOT EXISTS d.made (a INT64)')).toBe('SKIP');
    expect(await done('CREATE OR REPLACE TABLE d.made (a STRING)')).toBe('REPLACE');
    expect(await done('DROP TABLE d.made')).toBe('DROP');
    expect(await done('DROP TABLE IF EXISTS d.made')).toBe('SKIP');
  });
});

describe('a job', () => {
  it('is deleted with its id free again, and its rows stay', async () => {
    const configuration = { query: { query: 'SELECT 7 AS x', useLegacySql: false } };
    const job = { jobReference: { jobId: 'gone', location: LOCATION }, configuration };
    await send('POST', 'jobs', job);
    await send('GET', `queries/gone?location=${LOCATION}`);
    const { destinationTable } = (await send('GET', `jobs/gone?location=${LOCATION}`)).body.configuration
      .query;
    expect(await send('DELETE', `jobs/gone/delete?location=${LOCATION}`)).toMatchObject({
      status: 200,
      body: {},
    });
    expect(await refused('GET', `jobs/gone?location=${LOCATION}`)).toMatchObject({
      status: 404,
      reason: 'notFound',
    });
    const rows = await send(
      'GET',
      `datasets/${destinationTable.datasetId}/tables/${destinationTable.tableId}/data`,
    );
    expect(cells(rows)).toEqual([['7']]);
    expect((await send('POST', 'jobs', job)).status).toBe(200);
  });

  it('with a mistake in its query tells it in the answer that creates it', async () => {
    const configuration = { query: { query: 'SELECT nope', useLegacySql: false } };
    const { status } = (await send('POST', 'jobs', { configuration })).body;
    expect(status).toMatchObject({ state: 'DONE', errorResult: { reason: 'invalidQuery' } });
  });

  it('whose time is over says so', async () => {
    const slow =
      'SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) a, UNNEST(GENERATE_ARRAY(1, 1000000)) b';
    const configuration = { query: { query: slow, useLegacySql: false }, jobTimeoutMs: '1500' };
    const { jobReference } = (await send('POST', 'jobs', { configuration })).body;
    await fixture.clock.advance(1500);
    expect(await refused('GET', `queries/${jobReference.jobId}?location=${LOCATION}`)).toMatchObject({
      reason: 'stopped',
      message: 'Job execution was cancelled: Job timed out after 1.5s',
    });
  });

  it('of one page gives a token that its table reads on from, as Google’s Java client does', async () => {
    const options = { maxResults: 2, queryResultsFormat: 'STRUCT_ENCODING' };
    const { body } = await query('SELECT x FROM UNNEST([1, 2, 3]) x ORDER BY x', options);
    const { jobId, location } = body.jobReference;
    const { destinationTable } = (await send('GET', `jobs/${jobId}?location=${location}`)).body.configuration
      .query;
    const path = `datasets/${destinationTable.datasetId}/tables/${destinationTable.tableId}/data`;
    expect(cells(await send('GET', `${path}?pageToken=${body.pageToken}`))).toEqual([['3']]);
  });
});

describe('a location', () => {
  it('is where the tables of a query are, unless the caller names it', async () => {
    for (const [datasetId, location] of [
      ['us_data', 'us'],
      ['eu_data', 'EU'],
    ]) {
      await send('POST', 'datasets', { datasetReference: { datasetId }, location });
      await query(`CREATE TABLE ${datasetId}.t AS SELECT 1 AS x`);
    }
    expect((await query('SELECT x FROM us_data.t')).body.jobReference.location).toBe('US');
    expect((await query('SELECT 1')).body.jobReference.location).toBe(LOCATION);
    expect(await refusedCall(query('SELECT a.x FROM us_data.t a JOIN eu_data.t b ON a.x = b.x'))).toEqual({
      status: 404,
      reason: 'notFound',
      message: `Not found: Table ${PROJECT}:eu_data.t was not found in location US`,
    });
    expect(await refusedCall(query('SELECT x FROM us_data.t', { location: 'EU' }))).toMatchObject({
      status: 404,
    });
    expect(await refusedCall(query('CREATE TABLE eu_data.c AS SELECT x FROM us_data.t'))).toMatchObject({
      status: 404,
    });
    const destinationTable = { datasetId: 'eu_data', tableId: 'c' };
    const copy = { query: { query: 'SELECT x FROM us_data.t', useLegacySql: false, destinationTable } };
    const { jobReference } = (await send('POST', 'jobs', { configuration: copy })).body;
    expect(
      await refused('GET', `queries/${jobReference.jobId}?location=${jobReference.location}`),
    ).toMatchObject({ status: 404 });
  });

  it('that is none is refused', async () => {
    const dataset = { datasetReference: { datasetId: 'far' }, location: 'mars' };
    const job = {
      jobReference: { location: 'mars' },
      configuration: { query: { query: 'SELECT 1', useLegacySql: false } },
    };
    expect(await refused('POST', 'jobs', job)).toMatchObject({ status: 400 });
    expect(await refused('POST', 'datasets', dataset)).toMatchObject({
      status: 400,
      reason: 'invalid',
      message: expect.stringContaining('mars is not a valid value'),
    });
  });

  it('has job ids of its own', async () => {
    const configuration = { query: { query: 'SELECT 1', useLegacySql: false } };
    const insert = (location: string) =>
      send('POST', 'jobs', { jobReference: { jobId: 'same', location }, configuration });
    expect([(await insert('US')).status, (await insert('EU')).status, (await insert('US')).status]).toEqual([
      200, 200, 409,
    ]);
  });
});

describe('the server', () => {
  it('keeps a connection open for two minutes: a call on one that closes fails', async () => {
    expect((await send('GET', 'datasets')).headers.get('keep-alive')).toBe('timeout=120');
  });

  it('tells of a call of a sampled trace, with its job and bytes, and of no other', async () => {
    const told: TracedCall[] = [];
    const onTracedCall = (call: TracedCall) => told.push(call);
    const server = await BigQueryServer.listen(fixture.bigquery, { port: 0, onTracedCall });
    const [traceId, parentSpanId] = ['a'.repeat(32), 'b'.repeat(16)];
    const ask = (flags: string) =>
      call({ server }, 'POST', 'queries', '{"query":"SELECT 1","useLegacySql":false}', {
        traceparent: `00-${traceId}-${parentSpanId}-${flags}`,
      });
    await ask('00');
    const { body } = await ask('01');
    await server.close();
    const { jobId } = body.jobReference;
    expect(told).toMatchObject([
      { traceId, parentSpanId, method: 'jobs.query', status: 200, jobId, bytesBilled: '0' },
    ]);
    expect(told[0]?.ended).toBeGreaterThan(told[0]?.began ?? Number.NaN);
  });
});

describe('a project', () => {
  it('is listed with its number, and has a service account', async () => {
    const response = await fetch(`${fixture.server.url}/bigquery/v2/projects`);
    expect(await response.json()).toMatchObject({ projects: [{ id: PROJECT, numericId: '123456789012' }] });
    expect((await send('GET', 'serviceAccount')).body.email).toBe(
      'bq-123456789012@bigquery-encryption.iam.gserviceaccount.com',
    );
  });
});

describe('the policy of a table', () => {
  const binding = { role: 'roles/bigquery.dataViewer', members: ['user:b@example.com'] };
  const path = 'datasets/d/tables/t';

  it('is kept where grants are enforced, and changes only from the state that the caller read', async () => {
    const empty = (await send('POST', `${path}:getIamPolicy`)).body;
    const set = (policy: object) => send('POST', `${path}:setIamPolicy`, { policy });
    const made = await set({ bindings: [binding], etag: empty.etag, version: 1 });
    expect(made.body).toMatchObject({ version: 1, bindings: [binding] });
    expect(
      (await send('POST', `${path}:getIamPolicy`, { options: { requestedPolicyVersion: 3 } })).body,
    ).toEqual(made.body);
    expect((await set({ bindings: [], etag: empty.etag })).status).toBe(409);
    expect((await set({ bindings: [{ ...binding, role: 'roles/bigquery.nobody' }] })).status).toBe(400);
    expect((await set({ bindings: [{ ...binding, condition: { expression: 'true' } }] })).status).toBe(400);
    expect((await set({ bindings: [] })).body).not.toHaveProperty('bindings.0');
    const permissions = ['bigquery.tables.get'];
    expect((await send('POST', `${path}:testIamPermissions`, { permissions })).body).toEqual({ permissions });
    expect(await refused('POST', 'datasets/d/tables/nope:getIamPolicy')).toMatchObject({ status: 404 });
  });
});

describe('the access list of a dataset', () => {
  it('names the members of the project, and its other entries are grants', async () => {
    const groups = (await send('GET', 'datasets/d')).body.access;
    expect(groups).toContainEqual({ role: 'OWNER', specialGroup: 'projectOwners' });
    const added = [
      { role: 'READER', userByEmail: 'a@example.com' },
      { role: 'roles/bigquery.metadataViewer', iamMember: 'serviceAccount:x@p.iam.gserviceaccount.com' },
    ];
    await send('PATCH', 'datasets/d', { access: [...groups, ...added] });
    expect((await send('GET', 'datasets/d')).body.access).toEqual([
      ...groups,
      added[0],
      { role: 'roles/bigquery.metadataViewer', userByEmail: 'x@p.iam.gserviceaccount.com' },
    ]);
    expect((await send('PATCH', 'datasets/d', { description: 'x' })).body.access).toHaveLength(5);
    await send('PATCH', 'datasets/d', { access: groups });
    expect((await send('GET', 'datasets/d')).body.access).toEqual(groups);
    expect(
      await refused('PATCH', 'datasets/d', { access: [{ role: 'KING', userByEmail: 'a@example.com' }] }),
    ).toMatchObject({ status: 400 });
    expect(await refused('PATCH', 'datasets/d', { access: [{ view: { tableId: 'v' } }] })).toMatchObject({
      message: 'Required parameter is missing: access.view.projectId',
    });
    expect((await send('GET', 'datasets/d?datasetView=METADATA')).body).not.toHaveProperty('access');
  });
});

it('gives a Pulumi provider what it sent, in every read', async () => {
  const labels = { 'goog-pulumi-provisioned': 'true' };
  const column = (name: string) => ({ name, type: 'STRING', mode: 'REQUIRED', policyTags: { names: [] } });
  const reference = (tableId: string) => ({ datasetId: 'made', projectId: PROJECT, tableId });
  const [dataset, table, view] = [
    { labels, description: 'd', location: 'southamerica-west1', maxTimeTravelHours: '168' },
    { labels, description: 't', clustering: { fields: ['id'] }, resourceTags: {} },
    { labels, view: { query: 'SELECT id FROM made.people', useLegacySql: false } },
  ];
  const schema = { fields: [column('id'), { ...column('nombre'), description: 'n' }] };
  const query = { query: 'SELECT 1 AS x', priority: 'INTERACTIVE', useLegacySql: false, useQueryCache: true };
  for (const [path, body] of [
    ['datasets?accessPolicyVersion=3', { ...dataset, datasetReference: { datasetId: 'made' } }],
    ['datasets/made/tables?alt=json', { ...table, schema, tableReference: reference('people') }],
    ['datasets/made/tables?alt=json', { ...view, tableReference: reference('v') }],
    ['jobs', { configuration: { labels, query }, jobReference: { jobId: 'made', project: PROJECT } }],
  ] as const) {
    expect([path, (await send('POST', path, body)).status]).toEqual([path, 200]);
  }
  const paths = [
    'datasets/made?accessPolicyVersion=3',
    'datasets/made/tables/people',
    'datasets/made/tables/v',
  ];
  const read = () => Promise.all(paths.map(async (path) => (await send('GET', path)).body));
  const first = await read();
  expect(await read()).toEqual(first);
  const { resourceTags: _, ...kept } = table;
  expect(first).toMatchObject([dataset, kept, view]);
  expect(first[1].schema.fields).toEqual([
    { name: 'id', type: 'STRING', mode: 'REQUIRED' },
    { name: 'nombre', type: 'STRING', mode: 'REQUIRED', description: 'n' },
  ]);
  expect((await send('DELETE', 'datasets/made?deleteContents=true')).status).toBe(204);
});
