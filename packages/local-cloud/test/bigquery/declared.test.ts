import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { discoveryDocument } from '../../src/bigquery/rest/discovery.ts';
import type { Method } from '../../src/bigquery/rest/method.ts';
import { METHODS } from '../../src/bigquery/rest/methods.ts';
import type { Message } from '../../src/bigquery/rest/types.ts';
import { DEVELOPER } from '../../src/callers.ts';
import { type Fixture, LOCATION, PROJECT, startBigQuery } from './support/bigquery.ts';
import { fieldsOf, googleTypes, type TypeText } from './support/google-types.ts';
import { call } from './support/rest.ts';

const google = googleTypes();
let fixture: Fixture;

beforeAll(async () => {
  fixture = await startBigQuery();
  const { bigquery } = fixture;
  await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
  const fields = [{ name: 'id', type: 'STRING' }];
  await bigquery.insertTable('d', { tableReference: { tableId: 't' }, schema: { fields } });
  await bigquery.insertAll('d', 't', { rows: [{ json: { id: 'a' } }] });
  await bigquery.insertRoutine('d', ROUTINE);
  const configuration = { query: { query: 'SELECT id FROM d.t', useLegacySql: false } };
  for (const jobId of ['job', 'deleted']) {
    await bigquery.insertJob({ jobReference: { jobId, location: LOCATION }, configuration });
  }
});

afterAll(() => fixture.close());

const ROUTINE = {
  routineReference: { routineId: 'f' },
  routineType: 'SCALAR_FUNCTION',
  definitionBody: 'x * 2',
  arguments: [{ name: 'x', dataType: { typeKind: 'INT64' } }],
} as const;

/** The messages of all requests, those inside them included. */
function messages(): Message[] {
  const found = new Map<string, Message>();
  const add = (message: Message): void => {
    if (found.has(message.name)) return;
    found.set(message.name, message);
    message.inner().forEach(add);
  };
  for (const { body } of METHODS) if (body) add(body);
  return [...found.values()];
}

/** Messages without a name of their own at Google, with the field that has them. */
const INLINE: Readonly<Record<string, readonly [string, string]>> = {
  DatasetAccess: ['Dataset', 'access'],
  FieldElementType: ['TableFieldSchema', 'rangeElementType'],
  TableDataInsertAllRow: ['TableDataInsertAllRequest', 'rows'],
  QueryParameterStructType: ['QueryParameterType', 'structTypes'],
};

function googleFields(name: string): string[] {
  const [parent, field] = INLINE[name] ?? [];
  if (!parent || !field) return [...(google.messages.get(name)?.keys() ?? [])];
  const type = google.messages.get(parent)?.get(field) ?? '';
  return [...fieldsOf(type.slice(type.indexOf('{') + 1, type.lastIndexOf('}'))).keys()];
}

describe('Google’s types', () => {
  it.each(messages())('have exactly the fields of $name, each read or refused by name', (message) => {
    const { fields, output, inert, refused } = message;
    const declared = [...Object.keys({ ...fields, ...output, ...inert }), ...refused];
    expect(declared.toSorted()).toEqual(googleFields(message.name).toSorted());
  });

  it.each(METHODS.filter(({ handle }) => handle))(
    'have exactly the query parameters of $id',
    ({ id, query }) => {
      expect(Object.keys(query).toSorted()).toEqual(
        [...(google.parameters.get(id)?.keys() ?? [])].toSorted(),
      );
    },
  );
});

/** A value of each parameter that lets its method read the others. */
const VALUES: Readonly<Record<string, unknown>> = {
  maxResults: 1,
  pageSize: 1,
  startIndex: '0',
  timeoutMs: 0,
  selectedFields: 'id',
  filter: 'labels.a',
  stateFilter: ['done'],
  location: LOCATION,
  accessPolicyVersion: 3,
};

/** An object that records which of its properties are read one by one. */
function recording(values: Readonly<Record<string, unknown>>): {
  readonly proxy: object;
  readonly read: Set<string>;
} {
  const read = new Set<string>();
  const proxy = new Proxy(values, {
    get(target, name) {
      if (typeof name === 'string') read.add(name);
      return target[String(name)];
    },
  });
  return { proxy, read };
}

const request = {
  path: { projectId: PROJECT, datasetId: 'd', tableId: 't', jobId: 'deleted', routineId: 'f' },
  access: DEVELOPER,
  media: undefined,
  ifMatch: undefined,
};

async function readBy(method: Method, query: object, body: object): Promise<void> {
  // What it answers, or refuses, is for other tests.
  const call = async () => method.handle?.(fixture.bigquery, { ...request, query, body: body as never });
  await call().catch(() => undefined);
}

describe('the code', () => {
  const withQuery = METHODS.filter(({ handle, query }) => handle && Object.keys(query).length > 0);

  it.each(withQuery)('reads each query parameter of $id', async (method) => {
    const names = Object.keys(method.query);
    const { proxy, read } = recording(Object.fromEntries(names.map((name) => [name, VALUES[name]])));
    await readBy(method, proxy, { description: 'x' });
    expect(names.filter((name) => !read.has(name))).toEqual([]);
  });

  const withBody = METHODS.filter(({ body }) => body && Object.keys(body.fields).length > 0);

  it.each(withBody)('reads each field of the request of $id', async (method) => {
    const names = Object.keys(method.body?.fields ?? {});
    const isNew = method.httpMethod === 'POST';
    const good = {
      datasetReference: { datasetId: isNew ? 'new' : 'd' },
      tableReference: { tableId: isNew ? 'new' : 't' },
      ...{ ...ROUTINE, routineReference: { routineId: isNew ? 'new' : 'f' } },
      policy: { bindings: [] },
      ...{ query: 'SELECT 1', useLegacySql: false, rows: [{ json: { id: 'b' } }], permissions: [] },
      configuration: { query: { query: 'SELECT 1', useLegacySql: false } },
    };
    const given = Object.entries(good).filter(([name]) => names.includes(name));
    const { proxy, read } = recording(Object.fromEntries(given));
    await readBy(method, {}, proxy);
    expect(names.filter((name) => !read.has(name))).toEqual([]);
  });

  it('keeps every field of a dataset, a table and the jobs, and shows it again', async () => {
    const dataset = {
      ...{ friendlyName: 'f', description: 'd', labels: { a: 'b' }, location: 'EU' },
      ...{ defaultTableExpirationMs: '3600000', maxTimeTravelHours: '48', storageBillingModel: 'LOGICAL' },
      access: [{ role: 'OWNER', specialGroup: 'projectOwners' }],
    };
    const table = {
      ...{ friendlyName: 'f', description: 'd', labels: { a: 'b' }, clustering: { fields: ['id'] } },
      ...{
        expirationTime: '4000000000000',
        schema: { fields: [{ name: 'id', type: 'STRING', description: 'x' }] },
      },
    };
    const body = (reference: object, fields: object) => ({ ...reference, ...fields });
    const made = await call(
      fixture,
      'POST',
      'datasets',
      body({ datasetReference: { datasetId: 'kept' } }, dataset),
    );
    expect(made.body).toMatchObject(dataset);
    const stored = await call(
      fixture,
      'POST',
      'datasets/kept/tables',
      body({ tableReference: { tableId: 't' } }, table),
    );
    expect(stored.body).toMatchObject(table);
    const query = {
      ...{ query: 'SELECT @p', useLegacySql: false, parameterMode: 'NAMED', maximumBytesBilled: '100' },
      queryParameters: [{ name: 'p', parameterType: { type: 'INT64' }, parameterValue: { value: '1' } }],
      ...{ defaultDataset: { datasetId: 'd' }, useQueryCache: false, preserveNulls: true, priority: 'BATCH' },
      ...{ destinationTable: { datasetId: 'd', tableId: 'x' }, clustering: { fields: ['f0_'] } },
      ...{ writeDisposition: 'WRITE_TRUNCATE', createDisposition: 'CREATE_IF_NEEDED' },
      ...{ allowLargeResults: true, flattenResults: false },
    };
    const configuration = { query, jobTimeoutMs: '60000', labels: { a: 'b' } };
    expect((await call(fixture, 'POST', 'jobs', { configuration })).body.configuration).toMatchObject(
      configuration,
    );
  });
});

/** Why a response does not have the type; undefined when it has. */
function mistake(value: unknown, type: TypeText, path: string): string | undefined {
  const text = type.replace(/^\|\s*/, '').trim();
  if (text === 'any' || text.startsWith('IJson')) return undefined;
  if (text === 'string' || text === 'number' || text === 'boolean') {
    return typeof value === text ? undefined : `${path} is ${JSON.stringify(value)}, not a ${text}`;
  }
  if (/^'/.test(text)) {
    return text.includes(`'${value}'`)
      ? undefined
      : `${path} is ${JSON.stringify(value)}, not one of ${text}`;
  }
  if (text.startsWith('Array<')) {
    if (!Array.isArray(value)) return `${path} is no list`;
    return first(value.map((item, index) => mistake(item, text.slice(6, -1), `${path}[${index}]`)));
  }
  if (/^\{\s*\[key/.test(text)) return undefined;
  const fields = text.startsWith('{') ? fieldsOf(text.slice(1, -1)) : google.messages.get(text.slice(1));
  if (!fields) return `${path} has the unknown type ${text}`;
  if (typeof value !== 'object' || value === null) return `${path} is no object`;
  return first(
    Object.entries(value).map(([name, item]) => {
      const inner = fields.get(name);
      return inner === undefined
        ? `${path}.${name} is not a field of ${text}`
        : mistake(item, inner, `${path}.${name}`);
    }),
  );
}

const first = (mistakes: readonly (string | undefined)[]) => mistakes.find((text) => text !== undefined);

describe('a response', () => {
  const job = `jobs/job?location=${LOCATION}`;
  const query = { query: 'SELECT id FROM d.t', useLegacySql: false };

  it.each([
    ['Dataset', 'GET', 'datasets/d', undefined],
    ['DatasetList', 'GET', 'datasets', undefined],
    ['Table', 'GET', 'datasets/d/tables/t', undefined],
    ['TableList', 'GET', 'datasets/d/tables', undefined],
    ['Routine', 'GET', 'datasets/d/routines/f', undefined],
    ['ListRoutinesResponse', 'GET', 'datasets/d/routines', undefined],
    ['TableDataList', 'GET', 'datasets/d/tables/t/data', undefined],
    ['TableDataInsertAllResponse', 'POST', 'datasets/d/tables/t/insertAll', { rows: [{ json: { no: 1 } }] }],
    ['Job', 'GET', job, undefined],
    ['JobList', 'GET', 'jobs?projection=full', undefined],
    ['JobCancelResponse', 'POST', `jobs/job/cancel?location=${LOCATION}`, undefined],
    ['QueryResponse', 'POST', 'queries', query],
    ['QueryResponse', 'POST', 'queries', { ...query, query: "INSERT INTO d.t (id) VALUES ('x')" }],
    ['QueryResponse', 'POST', 'queries', { ...query, dryRun: true }],
    [
      'Job',
      'POST',
      'jobs',
      { configuration: { query: { ...query, query: 'CREATE TABLE d.ddl (a INT64)' } } },
    ],
    ['Job', 'POST', 'jobs', { configuration: { query: { ...query, query: 'SELECT nope' } } }],
    ['GetQueryResultsResponse', 'GET', `queries/job?location=${LOCATION}`, undefined],
    ['Policy', 'POST', 'datasets/d/tables/t:getIamPolicy', {}],
    ['GetServiceAccountResponse', 'GET', 'serviceAccount', undefined],
  ])('has the type %s: %s %s', async (type, method, path, body) => {
    const answer = await call(fixture, method, path, body);
    expect(answer.status).toBe(200);
    expect(mistake(answer.body, `I${type}`, type)).toBeUndefined();
  });
});

/** Google's own document, as `bq` has it. */
const bq = (process.env.PATH ?? '')
  .split(':')
  .map((folder) => join(folder, 'bq'))
  .find(existsSync);
const document = bq && join(dirname(realpathSync(bq)), '../platform/bq/discovery_next/bigquery.json');

(document && existsSync(document) ? describe : describe.skip)('Google’s discovery document', () => {
  type Methods = Record<string, { methods: Record<string, Record<string, unknown>> }>;
  const read = (): { resources: Methods } => JSON.parse(readFileSync(document ?? '', 'utf8'));

  it('has no method that the local BigQuery lacks, and the same paths and types of parameters', () => {
    const ours = (discoveryDocument('http://localhost/') as { resources: Methods }).resources;
    for (const [resource, { methods }] of Object.entries(read().resources)) {
      for (const [name, theirs] of Object.entries(methods)) {
        const mine = ours[resource]?.methods[name];
        const typesOf = (parameters: unknown) =>
          Object.entries(parameters as Record<string, Record<string, unknown>>)
            .map(([key, { type, format, location, repeated }]) =>
              JSON.stringify([key, type, format, location, repeated]),
            )
            .toSorted();
        expect([resource, name, mine?.httpMethod, mine?.path]).toEqual([
          resource,
          name,
          theirs.httpMethod,
          theirs.path,
        ]);
        const isServed = METHODS.some(({ id, handle }) => id === `${resource}.${name}` && handle);
        if (isServed)
          expect(typesOf(mine?.parameters)).toEqual(expect.arrayContaining(typesOf(theirs.parameters)));
      }
    }
  });
});
