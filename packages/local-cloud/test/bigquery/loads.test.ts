import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { BigQuery as Client } from '@google-cloud/bigquery';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuth2Client } from 'google-auth-library';
import { type Fixture, LOCATION, PROJECT, plain, rowsOf, startBigQuery } from './support/bigquery.ts';
import { call, refusedCall } from './support/rest.ts';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startBigQuery();
  await fixture.bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
});

afterEach(() => fixture.close());

const PEOPLE = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'n', type: 'INTEGER' },
  { name: 'ok', type: 'BOOLEAN' },
];
const destinationTable = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
const upload = (path: string) => `${fixture.server.url}/upload/bigquery/v2/projects/${PROJECT}/${path}`;

/** Loads a file in one request, waits for the job and returns it. */
async function load(content: string | Uint8Array, options: object = {}, jobReference: object = {}) {
  const job = { jobReference, configuration: { load: { destinationTable, ...options } } };
  const body = Buffer.concat([
    Buffer.from(
      `--part\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(job)}\r\n--part\r\nContent-Type: */*\r\n\r\n`,
    ),
    Buffer.from(content as string),
    Buffer.from('\r\n--part--\r\n'),
  ]);
  const headers = { 'content-type': 'multipart/related; boundary="part"' };
  const response = await fetch(upload('jobs?uploadType=multipart'), { method: 'POST', headers, body });
  // biome-ignore lint/suspicious/noExplicitAny: a job of any shape.
  const created = (await response.json()) as any;
  return response.ok ? finished(created) : created;
}

async function finished({ jobReference }: { jobReference: { jobId: string; location: string } }) {
  for (;;) {
    const { body } = await call(
      fixture,
      'GET',
      `jobs/${jobReference.jobId}?location=${jobReference.location}`,
    );
    if (body.status.state === 'DONE') return body;
    await new Promise(setImmediate);
  }
}

const stored = (columns = '*') => rowsOf(fixture.client, `SELECT ${columns} FROM d.t`);

describe('a file of CSV', () => {
  it('is loaded with its quotes, line breaks, NULLs and words, and counted', async () => {
    const csv =
      'id,n,ok\r\n"a ""b"", c",1,yes\r\n"line\nbreak",,F\r\n"",-7,1\r\n\ufeffé,9223372036854775807,true\r\n';
    const job = await load(csv, {
      schema: { fields: PEOPLE },
      skipLeadingRows: 1,
      allowQuotedNewlines: true,
    });
    expect(job.status).toEqual({ state: 'DONE' });
    expect(job.configuration).toMatchObject({ jobType: 'LOAD', load: { skipLeadingRows: 1 } });
    expect(job.statistics.load).toEqual({
      inputFiles: '1',
      inputFileBytes: String(Buffer.byteLength(csv)),
      outputRows: '4',
      outputBytes: String(10 + 12 + 2 + 7 + 3 * 8 + 4),
      badRecords: '0',
    });
    expect(await stored('id, CAST(n AS STRING), ok')).toEqual([
      ['a "b", c', '1', true],
      ['line\nbreak', null, false],
      ['', '-7', true],
      ['\ufeffé', '9223372036854775807', true],
    ]);
  });

  it('may have another delimiter, quote, NULL and encoding, and may be zipped', async () => {
    const text = Buffer.from("id|n|ok\n'Ñ|o'|\\N|false\n", 'latin1');
    const options = {
      fieldDelimiter: '|',
      quote: "'",
      nullMarker: '\\N',
      encoding: 'ISO-8859-1',
      skipLeadingRows: '1',
    };
    expect(
      (await load(gzipSync(text), { schema: { fields: PEOPLE }, ...options })).status.errorResult,
    ).toBeUndefined();
    expect(await stored()).toEqual([['Ñ|o', null, false]]);
    expect((await load('x\t5\ttrue\n', { fieldDelimiter: '\\t' })).status.errorResult).toBeUndefined();
    expect(await stored('id')).toEqual([['Ñ|o'], ['x']]);
  });

  it('with a bad row changes nothing, and the job names the row', async () => {
    const schema = { fields: PEOPLE };
    const job = await load('a,1,true\nb,x,true\n', { schema });
    expect(job.status.errorResult).toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('Rows: 2; errors: 1; max bad: 0'),
    });
    expect(job.status.errors[1].message).toBe(
      'Error while reading data, error message: row 2: Could not parse "x" as INT64 for field n.',
    );
    expect(await fixture.client.dataset('d').table('t').exists()).toEqual([false]);
    const tolerant = await load('a,1,true\nb,x,true\nc,3\nd,4,no,5\n"e,5,true\n', {
      schema,
      maxBadRecords: 4,
    });
    expect(tolerant.statistics.load).toMatchObject({ outputRows: '1', badRecords: '4' });
    expect(tolerant.status).toMatchObject({
      state: 'DONE',
      errors: ['row 2', 'row 3', 'row 4', 'row 5'].map((row) => ({
        reason: 'invalid',
        message: expect.stringContaining(row),
      })),
    });
    expect(tolerant.status.errorResult).toBeUndefined();
    expect(await stored('id')).toEqual([['a']]);
  });

  it('may have short and long rows on request', async () => {
    const options = { schema: { fields: PEOPLE }, allowJaggedRows: true, ignoreUnknownValues: true };
    await load('a\nb,2,true,more\n', options);
    expect(await stored()).toEqual([
      ['a', null, null],
      ['b', 2, true],
    ]);
  });

  it('suggests its columns, with and without a header', async () => {
    const text = 'id,day,n,x\na,2024-02-29,1,1\nb,2024-03-01,2,1.5\n';
    await load(text, { autodetect: true });
    const [{ schema }] = await fixture.client.dataset('d').table('t').getMetadata();
    expect(schema.fields.map(({ name, type }: { name: string; type: string }) => `${name} ${type}`)).toEqual([
      'id STRING',
      'day DATE',
      'n INTEGER',
      'x FLOAT',
    ]);
    expect(await stored('n')).toEqual([[1], [2]]);
    await load('1,a\n2,b\n', { autodetect: true, writeDisposition: 'WRITE_TRUNCATE' });
    expect(await stored('int64_field_0, string_field_1')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });
});

describe('the columns of a table that rows are appended to', () => {
  const schemaUpdateOptions = ['ALLOW_FIELD_ADDITION', 'ALLOW_FIELD_RELAXATION'];
  const schema = { fields: [{ name: 'ID', type: 'STRING' }, PEOPLE[1], { name: 'more', type: 'FLOAT' }] };
  const columns = async () => {
    const [metadata] = await fixture.client.dataset('d').table('t').getMetadata();
    return metadata.schema.fields.map(
      ({ name, mode = 'NULLABLE' }: { name: string; mode?: string }) => `${name} ${mode}`,
    );
  };

  beforeEach(() => load('a,1,true\n', { schema: { fields: PEOPLE } }));

  it('are widened and relaxed by a load that may do so, and by no other', async () => {
    const refused = await load('b,2,0.5\n', { schema });
    expect(refused.status.errorResult.message).toBe(
      `Provided Schema does not match Table ${PROJECT}:d.t. Cannot add fields (field: more)`,
    );
    const changed = await load('b,2\n', { schema: { fields: [PEOPLE[0], { name: 'n', type: 'STRING' }] } });
    expect(changed.status.errorResult.message).toBe(
      `Provided Schema does not match Table ${PROJECT}:d.t. Field n has changed type from INTEGER to STRING`,
    );
    expect((await load('b,2,0.5\n,,\n', { schema, schemaUpdateOptions })).status).toEqual({ state: 'DONE' });
    expect(await columns()).toEqual(['id NULLABLE', 'n NULLABLE', 'ok NULLABLE', 'more NULLABLE']);
    expect(await rowsOf(fixture.client, 'SELECT * FROM d.t ORDER BY id')).toEqual([
      [null, null, null, null],
      ['a', 1, true, null],
      ['b', 2, null, 0.5],
    ]);
  });

  it('are widened by detected columns, and the others keep their types', async () => {
    const sourceFormat = 'NEWLINE_DELIMITED_JSON';
    const options = { sourceFormat, autodetect: true, schemaUpdateOptions };
    const { status } = await load('{"id":"7","tags":["x"]}\n', options);
    expect(status).toEqual({ state: 'DONE' });
    expect(await columns()).toEqual(['id REQUIRED', 'n NULLABLE', 'ok NULLABLE', 'tags REPEATED']);
    expect(await rowsOf(fixture.client, "SELECT id, tags FROM d.t WHERE id = '7'")).toEqual([['7', ['x']]]);
  });

  it('that are REQUIRED take no NULL from a load whose columns are not', async () => {
    const { status } = await load(',2\n', {
      schema: { fields: [{ name: 'id', type: 'STRING' }, PEOPLE[1]] },
    });
    expect(status.errorResult.message).toBe('Required field id cannot be null');
    expect(await stored('id')).toEqual([['a']]);
  });

  it('are widened by a query, which must append', async () => {
    const query = "SELECT 'b' AS id, [STRUCT(1 AS x)] AS inner_rows";
    const append = (writeDisposition: string) =>
      fixture.client.query({ query, destination, writeDisposition, schemaUpdateOptions });
    const destination = fixture.client.dataset('d').table('t');
    await expect(append('WRITE_TRUNCATE')).rejects.toThrow('only be specified with WRITE_APPEND');
    const [rows] = await append('WRITE_APPEND');
    expect(rows).toContainEqual({ id: 'b', n: null, ok: null, inner_rows: [{ x: 1 }] });
    expect(await columns()).toEqual(['id NULLABLE', 'n NULLABLE', 'ok NULLABLE', 'inner_rows REPEATED']);
    expect(await rowsOf(fixture.client, 'SELECT id FROM d.t AS t, t.inner_rows')).toEqual([['b']]);
  });
});

it('the rows of all jobs that append to a new table at once are stored', async () => {
  const schema = { fields: PEOPLE };
  await Promise.all(['a', 'b', 'c'].map((id) => load(`${id},1,true\n`, { schema })));
  expect((await stored('id')).flat().sort()).toEqual(['a', 'b', 'c']);
});

describe('a file of JSON lines', () => {
  const sourceFormat = 'NEWLINE_DELIMITED_JSON';

  it('is loaded with nested values and exact numbers', async () => {
    const fields = [
      { name: 'id', type: 'STRING' },
      { name: 'n', type: 'INTEGER' },
      { name: 'r', type: 'RECORD', fields: [{ name: 'xs', type: 'INTEGER', mode: 'REPEATED' }] },
    ];
    const text = '{"id":"a","n":9007199254740993,"r":{"xs":[1,2]}}\n\n{"id":null}';
    expect((await load(text, { sourceFormat, schema: { fields } })).statistics.load.outputRows).toBe('2');
    expect(await stored('id, CAST(n AS STRING), r.xs')).toEqual([
      ['a', '9007199254740993', [1, 2]],
      [null, null, []],
    ]);
  });

  it('suggests its columns', async () => {
    const text =
      '{"id":"a","n":1,"r":{"ok":true,"xs":["p"]}}\n{"id":"b","n":2.5,"at":"2024-01-02T03:04:05Z","s":"x1"}\n';
    await load(text, { sourceFormat, autodetect: true });
    const [{ schema }] = await fixture.client.dataset('d').table('t').getMetadata();
    expect(schema.fields).toMatchObject([
      { name: 'id', type: 'STRING' },
      { name: 'n', type: 'FLOAT' },
      { name: 'r', type: 'RECORD', fields: [{ type: 'BOOLEAN' }, { type: 'STRING', mode: 'REPEATED' }] },
      { name: 'at', type: 'TIMESTAMP' },
      { name: 's', type: 'STRING' },
    ]);
  });

  it('with a line that is no object, or with an unknown column, names the line', async () => {
    const schema = { fields: [{ name: 'id', type: 'STRING' }] };
    const job = await load('{"id":"a"}\n[1]\n{"no":1}\n', { sourceFormat, schema, maxBadRecords: 1 });
    expect(job.status.errors.map(({ message }: { message: string }) => message).slice(1)).toEqual([
      'Error while reading data, error message: row 2: the line is not a JSON object.',
      'Error while reading data, error message: row 3: no such field: no.',
    ]);
  });

  it('with a line that is nested without end, names the line', async () => {
    const schema = { fields: [{ name: 'j', type: 'JSON' }] };
    const deep = `{"j":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
    const job = await load(`{"j":[1]}\n${deep}`, { sourceFormat, schema, maxBadRecords: 1 });
    expect(job.status).toMatchObject({
      errors: [
        {
          message: expect.stringContaining(
            'row 2: the line cannot be read as JSON: the JSON is nested deeper',
          ),
        },
      ],
    });
    expect(await stored()).toEqual([['[1]']]);
  });
});

describe('a file of Parquet', () => {
  async function parquet(sql: string): Promise<Buffer> {
    const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
    const path = join(folder, 'rows.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'; COPY (${sql}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    const bytes = await readFile(path);
    await rm(folder, { recursive: true });
    return bytes;
  }
  const sourceFormat = 'PARQUET';
  const ROWS =
    "SELECT 'ñ' AS id, 9007199254740993 AS n, TIMESTAMPTZ '2024-01-02 03:04:05+00' AS t, ['a'] AS xs";

  it('brings its columns with it, or takes those of the table by name', async () => {
    const file = await parquet(ROWS);
    const job = await load(file, { sourceFormat, parquetOptions: { enableListInference: true } });
    expect([job.status.errorResult, job.statistics.load?.outputRows]).toEqual([undefined, '1']);
    const [{ schema }] = await fixture.client.dataset('d').table('t').getMetadata();
    expect(schema.fields.map(({ name, type, mode }: Record<string, string>) => [name, type, mode])).toEqual([
      ['id', 'STRING', 'NULLABLE'],
      ['n', 'INTEGER', 'NULLABLE'],
      ['t', 'TIMESTAMP', 'NULLABLE'],
      ['xs', 'STRING', 'REPEATED'],
    ]);
    await load(await parquet("SELECT 5 AS n, 'z' AS id"), { sourceFormat });
    expect(await stored('id, CAST(n AS STRING), FORMAT_TIMESTAMP("%F %T", t.t), xs')).toEqual([
      ['ñ', '9007199254740993', '2024-01-02 03:04:05', ['a']],
      ['z', '5', null, []],
    ]);
  });

  it('widens the table by its columns when the job may', async () => {
    await load(await parquet("SELECT 'a' AS id"), { sourceFormat });
    const schemaUpdateOptions = ['ALLOW_FIELD_ADDITION'];
    await load(await parquet("SELECT 5 AS n, 'z' AS id"), { sourceFormat, schemaUpdateOptions });
    expect(await stored('id, n')).toEqual([
      ['a', null],
      ['z', 5],
    ]);
  });

  it('brings nested columns with it, or takes those of the table by name', async () => {
    await load(
      await parquet(
        `SELECT 'a' AS id, {city: 'Ica', geo: {lat: 1.5, tags: ['x', 'y']}} AS place, [{n: 1, t: 'p'}, {n: 2, t: NULL}] AS list
         UNION ALL SELECT 'b', NULL, NULL`,
      ),
      { sourceFormat },
    );
    expect((await fixture.client.dataset('d').table('t').getMetadata())[0].schema.fields).toMatchObject([
      { name: 'id', type: 'STRING' },
      {
        name: 'place',
        type: 'RECORD',
        fields: [
          { name: 'city', type: 'STRING' },
          { name: 'geo', type: 'RECORD', fields: [{ name: 'lat' }, { name: 'tags', mode: 'REPEATED' }] },
        ],
      },
      { name: 'list', type: 'RECORD', mode: 'REPEATED', fields: [{ name: 'n' }, { name: 't' }] },
    ]);
    const moved = await parquet("SELECT [{t: 'q'}] AS LIST, {geo: {TAGS: ['z']}} AS place, 'c' AS id");
    await load(moved, { sourceFormat });
    expect(await stored('id, place.city, place.geo.tags, (SELECT STRING_AGG(t) FROM UNNEST(list))')).toEqual([
      ['a', 'Ica', ['x', 'y'], 'p'],
      ['b', null, [], null],
      ['c', null, ['z'], 'q'],
    ]);
    const unknown = await load(await parquet("SELECT 'd' AS id, {city: 'x', zip: 1} AS place"), {
      sourceFormat,
    });
    expect(unknown.status.errorResult.message).toBe('no such field: place.zip.');
    const map = await load(await parquet("SELECT MAP {'k': 1} AS m"), {
      sourceFormat,
      destinationTable: { ...destinationTable, tableId: 'other' },
    });
    expect(map.status.errorResult.message).toContain('(m) is not supported by the local BigQuery');
  });

  it('that is none, or has another column, changes nothing', async () => {
    const schema = { fields: [{ name: 'id', type: 'STRING' }] };
    const message = async (content: string | Uint8Array) =>
      (await load(content, { sourceFormat, schema })).status.errorResult.message;
    expect(await message(await parquet(ROWS))).toBe('no such field: n.');
    expect(await message('id,n\n')).toContain('the Parquet file cannot be read');
    expect(await fixture.client.dataset('d').table('t').exists()).toEqual([false]);
  });
});

describe('a load job', () => {
  const schema = { fields: PEOPLE };

  it('writes as its dispositions say, by default after the rows that are there', async () => {
    await load('a,1,true\n', { schema });
    await load('b,2,true\n', {});
    expect(await stored('id')).toEqual([['a'], ['b']]);
    const empty = await load('c,3,true\n', { writeDisposition: 'WRITE_EMPTY' });
    expect(empty.status.errorResult).toMatchObject({ reason: 'duplicate' });
    await load('d,4,true\n', { schema, writeDisposition: 'WRITE_TRUNCATE' });
    expect(await stored('id')).toEqual([['d']]);
    const other = {
      destinationTable: { ...destinationTable, tableId: 'never' },
      createDisposition: 'CREATE_NEVER',
    };
    expect((await load('d,4,true\n', { schema, ...other })).status.errorResult).toMatchObject({
      reason: 'notFound',
    });
    const elsewhere = { destinationTable: { ...destinationTable, projectId: 'other' } };
    expect((await load('e,5,true\n', { schema, ...elsewhere })).status.errorResult).toMatchObject({
      reason: 'notFound',
    });
  });

  it('describes the table that it makes', async () => {
    await load('a,1,true\n', {
      schema,
      clustering: { fields: ['id'] },
      destinationTableProperties: { description: 'people', labels: { a: 'b' } },
    });
    const [metadata] = await fixture.client.dataset('d').table('t').getMetadata();
    expect(metadata).toMatchObject({
      description: 'people',
      labels: { a: 'b' },
      clustering: { fields: ['id'] },
    });
  });

  it('is refused without a file, a schema or a known format', async () => {
    const job = { configuration: { load: { destinationTable, schema } } };
    expect(await refusedCall(call(fixture, 'POST', 'jobs', job))).toMatchObject({
      message: expect.stringContaining('A load job without an upload is not supported by the local BigQuery'),
    });
    expect((await load('a\n')).status.errorResult.message).toBe(
      `No schema specified on job or table ${PROJECT}:d.t.`,
    );
    expect((await load('a\n', { sourceFormat: 'AVRO' })).error.message).toBe(
      'configuration.load.sourceFormat: AVRO is not supported by the local BigQuery',
    );
    expect((await load('a\n', { schema }, { location: 'EU' })).error.message).toContain(
      'was not found in location EU',
    );
  });
});

describe('an upload', () => {
  const metadata = { configuration: { load: { destinationTable, schema: { fields: PEOPLE } } } };

  async function begin(): Promise<string> {
    const response = await fetch(
      upload('jobs?uploadType=resumable').replace('/upload', '/resumable/upload'),
      {
        method: 'POST',
        body: JSON.stringify(metadata),
      },
    );
    expect(response.status).toBe(200);
    return response.headers.get('location') ?? '';
  }

  const put = (url: string, range: string, body = '') =>
    fetch(url, { method: 'PUT', headers: { 'content-range': range }, body, redirect: 'manual' });

  it('comes in chunks, may be asked how far it is, and may repeat its last one', async () => {
    const url = await begin();
    expect((await put(url, 'bytes */*')).status).toBe(308);
    const first = await put(url, 'bytes 0-8/*', 'a,1,true\n');
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-8']);
    expect((await put(url, 'bytes */*')).headers.get('range')).toBe('bytes=0-8');
    const last = await put(url, 'bytes 9-17/18', 'b,2,true\n');
    expect(last.status).toBe(200);
    const job = await last.json();
    await finished(job as never);
    expect(await (await put(url, 'bytes */18')).json()).toEqual(job);
    expect(await stored('id')).toEqual([['a'], ['b']]);
  });

  it('is refused when it is not known, skips bytes or has no type', async () => {
    const url = await begin();
    expect((await put(url, 'bytes 5-6/7', 'xx')).status).toBe(400);
    expect((await put(url, 'rows 1', 'xx')).status).toBe(400);
    expect((await put(url.replace(/upload_id=.*/, 'upload_id=other'), 'bytes 0-1/2', 'xx')).status).toBe(400);
    expect((await fetch(upload('jobs'), { method: 'POST', body: '{}' })).status).toBe(400);
  });

  it('is what Google’s Node.js client sends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'load-'));
    const file = join(folder, 'people.csv');
    await writeFile(file, 'a,1,true\nb,2,false\n');
    // Its upload needs a client with credentials, of any issuer.
    const authClient = new OAuth2Client({ credentials: { access_token: 'x' } });
    const client = new Client({ projectId: PROJECT, apiEndpoint: fixture.server.url, authClient });
    const table = client.dataset('d').table('t');
    await table.load(file, { schema: { fields: PEOPLE }, location: LOCATION });
    expect(await stored('id, n')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    await rm(folder, { recursive: true });
  });
});

describe('a copy job', () => {
  const source = { projectId: PROJECT, datasetId: 'd', tableId: 't' };
  const target = { projectId: PROJECT, datasetId: 'd', tableId: 'c' };
  const copy = async (options: object) => {
    const configuration = { copy: { sourceTable: source, destinationTable: target, ...options } };
    return finished((await call(fixture, 'POST', 'jobs', { configuration })).body);
  };
  const ids = (table: string) => rowsOf(fixture.client, `SELECT id FROM d.${table}`);

  beforeEach(async () => {
    await load('a,1,true\nb,2,false\n', { schema: { fields: PEOPLE }, clustering: { fields: ['id'] } });
  });

  it('copies rows, columns and properties, of one table or several', async () => {
    const job = await copy({});
    expect(job.statistics.copy).toEqual({ copiedRows: '2', copiedLogicalBytes: String(2 * (3 + 8 + 1)) });
    const [metadata] = await fixture.client.dataset('d').table('c').getMetadata();
    expect(metadata).toMatchObject({
      type: 'TABLE',
      schema: { fields: PEOPLE },
      clustering: { fields: ['id'] },
    });
    expect((await copy({})).status.errorResult).toMatchObject({ reason: 'duplicate' });
    await copy({ sourceTables: [source, target], sourceTable: null, writeDisposition: 'WRITE_TRUNCATE' });
    expect(await ids('c')).toEqual([['a'], ['b'], ['a'], ['b']]);
    await copy({ writeDisposition: 'WRITE_APPEND' });
    expect(await ids('c')).toHaveLength(6);
  });

  it('makes a snapshot that nobody changes, and restores it', async () => {
    const expires = '2026-03-01T00:00:00Z';
    await copy({ operationType: 'SNAPSHOT', destinationExpirationTime: expires });
    const [metadata] = await fixture.client.dataset('d').table('c').getMetadata();
    expect(metadata).toMatchObject({
      type: 'SNAPSHOT',
      expirationTime: String(Date.parse(expires)),
      snapshotDefinition: { baseTableReference: source, snapshotTime: '2026-01-31T12:30:15.250Z' },
    });
    const snapshot = fixture.client.dataset('d').table('c');
    for (const change of [snapshot.insert({ id: 'z' }), fixture.client.query('DELETE FROM d.c WHERE TRUE')]) {
      await expect(change).rejects.toThrow(
        'is not allowed for this operation because it is currently a SNAPSHOT.',
      );
    }
    const restored = { ...target, tableId: 'r' };
    await copy({ operationType: 'RESTORE', sourceTable: target, destinationTable: restored });
    expect(await ids('r')).toEqual([['a'], ['b']]);
    expect((await fixture.client.dataset('d').table('r').getMetadata())[0]).toMatchObject({ type: 'TABLE' });
    expect(
      (await copy({ sourceTable: target, destinationTable: restored })).status.errorResult.message,
    ).toContain('because it is currently a SNAPSHOT');
  });

  it('of a missing table, or without a source, fails by name', async () => {
    const missing = await copy({ sourceTable: { ...source, tableId: 'nope' } });
    expect(missing.status.errorResult).toMatchObject({ reason: 'notFound' });
    const configuration = { copy: { destinationTable: target } };
    expect(await refusedCall(call(fixture, 'POST', 'jobs', { configuration }))).toMatchObject({
      message: 'Required parameter is missing: sourceTable',
    });
  });
});

describe('columns of types JSON, INTERVAL and BIGNUMERIC', () => {
  const fields = [
    { name: 'j', type: 'JSON' },
    { name: 'js', type: 'JSON', mode: 'REPEATED' },
    { name: 'i', type: 'INTERVAL' },
    { name: 'b', type: 'BIGNUMERIC' },
  ];
  const LARGE = '-578960446186580977117854925043439539266.34992332820282019728792003956564819968';
  const create = () => fixture.client.dataset('d').createTable('t', { schema: { fields } });

  it('take the rows of a client, and give them back to a list and to a query', async () => {
    const [table] = await create();
    await table.insert([
      { j: '{"b": 1.50, "a": [1]}', js: ['1', '"x"'], i: '1-2 3 4:5:6.5', b: LARGE },
      { j: { a: null }, js: [], i: 'P1D', b: 1 },
    ]);
    const rows = [
      ['{"a":[1],"b":1.5}', ['1', '"x"'], '1-2 3 4:5:6.500', LARGE],
      ['{"a":null}', [], '0-0 1 0:0:0', '1'],
    ];
    const [listed] = await table.getRows();
    expect(listed.map((row: object) => Object.values(row).map(plain))).toEqual(rows);
    expect(await stored()).toEqual(rows);
    const [parsed] = await fixture.client.query({ query: 'SELECT j FROM d.t', parseJSON: true });
    expect(parsed).toEqual([{ j: { a: [1], b: 1.5 } }, { j: { a: null } }]);
    expect(await stored('SUM(b), MAX(i), ARRAY_AGG(j.a ORDER BY b)')).toEqual([
      [LARGE.replace(/6\./, '5.'), '1-2 3 4:5:6.500', ['[1]', 'null']],
    ]);
    expect(await stored('SUM(BYTE_LENGTH(TO_JSON_STRING(j)))')).toEqual([[27]]);
  });

  it('refuse the values that do not fit, each by its column', async () => {
    const [table] = await create();
    for (const [row, message] of [
      [{ j: '{"a":' }, 'Cannot convert value to JSON: j is "{\\"a\\":".'],
      [{ i: 'tomorrow' }, 'Cannot convert value to INTERVAL: i is "tomorrow".'],
      [{ b: '6e38' }, 'Cannot convert value to BIGNUMERIC: b is "6e38".'],
      [{ js: ['1', '{'] }, 'Cannot convert value to JSON: js is "{".'],
    ] as const) {
      await expect(table.insert(row)).rejects.toMatchObject({ errors: [{ errors: [{ message }] }] });
    }
  });

  it('take the raw values of a file of JSON, and texts of JSON from a file of CSV', async () => {
    const row = '{"j":{"z":12345678901234567,"a":"x"},"js":[1,"x",true],"i":"PT36H","b":"0.1"}';
    const json = { sourceFormat: 'NEWLINE_DELIMITED_JSON', schema: { fields } };
    expect(
      (await load(`${row}\n{"j":"text","b":12345678901234567890123}\n`, json)).status.errorResult,
    ).toBeUndefined();
    expect(await stored()).toEqual([
      ['{"a":"x","z":12345678901234567}', ['1', '"x"', 'true'], '0-0 0 36:0:0', '0.1'],
      ['"text"', [], null, '12345678901234567890123'],
    ]);
    const csv = {
      schema: { fields: fields.filter(({ mode }) => !mode) },
      writeDisposition: 'WRITE_TRUNCATE',
    };
    expect((await load('"{""a"": 1}",1-0,2.5\n', csv)).status.errorResult).toBeUndefined();
    expect(await stored()).toEqual([['{"a":1}', '1-0 0 0:0:0', '2.5']]);
  });

  it('are parameters and columns of SQL, too', async () => {
    const parameters = { j: '{"b":1,"a":2}', b: '1.5' };
    const types = { j: 'JSON', b: 'BIGNUMERIC' };
    const query = 'SELECT @j AS j, @j.a AS a, @b + 1 AS b';
    const [[row]] = await fixture.client.query({ query, params: parameters, types });
    expect(Object.values(row).map(plain)).toEqual(['{"a":2,"b":1}', '2', '2.5']);
    await fixture.client.query('CREATE TABLE d.t (j JSON, i INTERVAL, b BIGNUMERIC, s STRUCT<b BIGNUMERIC>)');
    await fixture.client.query(
      "INSERT INTO d.t VALUES (JSON '[1]', INTERVAL 1 DAY, 1.5, STRUCT(2)), (NULL, NULL, NULL, NULL)",
    );
    await fixture.client.query(
      "UPDATE d.t SET j = JSON_ARRAY_APPEND(j, '$', b), s = STRUCT(s.b + n) FROM (SELECT 1 AS n) WHERE b = 1.5",
    );
    expect(await stored('j, i, b, s.b AS sb')).toEqual(
      expect.arrayContaining([
        ['[1,1.5]', '0-0 1 0:0:0', '1.5', '3'],
        [null, null, null, null],
      ]),
    );
    const columns =
      'SELECT column_name, data_type FROM d.INFORMATION_SCHEMA.COLUMNS ORDER BY ordinal_position';
    expect(await rowsOf(fixture.client, columns)).toEqual([
      ['j', 'JSON'],
      ['i', 'INTERVAL'],
      ['b', 'BIGNUMERIC'],
      ['s', 'STRUCT<b BIGNUMERIC>'],
    ]);
  });
});
