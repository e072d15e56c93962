import type { Access } from '../../callers.ts';
import type { Policy } from '../../iam.ts';
import type { BigQuery } from '../bigquery.ts';
import type { FormatOptions } from '../cells.ts';
import { invalid } from '../errors.ts';
import type { Media } from '../load-rows.ts';
import { listPage } from '../page.ts';
import type { Precondition } from '../resources.ts';
import {
  datasetFilter,
  LISTED_OF_A_ROUTINE,
  masked,
  routineFilter,
  type SelectedTable,
  selectedTable,
  TABLE_VIEWS,
} from './lists.ts';
import {
  DATASET,
  GET_POLICY,
  INSERT_ALL,
  JOB,
  QUERY_REQUEST,
  ROUTINE,
  SET_POLICY,
  TABLE,
  TEST_PERMISSIONS,
  TIMESTAMP_FORMATS,
  UNDELETE,
} from './messages.ts';
import {
  BOOLEAN,
  FIELD_MASK,
  INT32,
  listOf,
  type Message,
  oneOf,
  STRING,
  UINT32,
  UINT64,
  type ValueType,
} from './types.ts';

type Parsed<T> = T extends ValueType<infer V> ? V : never;
type Query<Q> = { readonly [K in keyof Q]?: Parsed<Q[K]> };
type Types = Readonly<Record<string, ValueType>>;

/** A request whose values have the types that its method declares. */
interface RestRequest<Q extends Types, B extends object> {
  readonly path: PathValues;
  readonly query: Query<Q>;
  readonly body: B;
  readonly access: Access;
  /** The file of an upload. */
  readonly media: Media | undefined;
  /** Of the header If-Match. */
  readonly ifMatch: Precondition | undefined;
}

/** Path parameters, decoded: those that the template of the method has. */
export type PathValues = Readonly<
  Record<'projectId' | 'datasetId' | 'tableId' | 'jobId' | 'routineId', string>
>;

type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A method of the REST API. */
export interface Method {
  /** Google's name of the method: `jobs.query`. */
  readonly id: string;
  readonly httpMethod: HttpMethod;
  /** Path template below `/bigquery/v2/`. */
  readonly path: string;
  /** The query parameters. Each is read by `handle`. */
  readonly query: Types;
  readonly body: Message | undefined;
  /** Undefined for a method that is refused by name. Returns the JSON body, or undefined for 204. */
  readonly handle:
    | ((bigquery: BigQuery, request: RestRequest<Types, never>) => Promise<object | undefined>)
    | undefined;
}

const PROJECT = 'projects/{projectId}';
const DATASETS = `${PROJECT}/datasets`;
const ONE_DATASET = `${DATASETS}/{datasetId}`;
const TABLES = `${ONE_DATASET}/tables`;
const ONE_TABLE = `${TABLES}/{tableId}`;
const POLICIES = `${ONE_TABLE}/rowAccessPolicies`;
const ROUTINES = `${ONE_DATASET}/routines`;
const ONE_ROUTINE = `${ROUTINES}/{routineId}`;
const ONE_JOB = `${PROJECT}/jobs/{jobId}`;

const PAGING = { maxResults: UINT32, pageToken: STRING };
const FORMAT = {
  'formatOptions.useInt64Timestamp': BOOLEAN,
  'formatOptions.timestampOutputFormat': oneOf(...TIMESTAMP_FORMATS),
};
/** Conditions in policies are not emulated, so every version of a policy is the same. */
const POLICY_VERSION = { accessPolicyVersion: INT32 };
const DATASET_VIEWS = oneOf('DATASET_VIEW_UNSPECIFIED', 'METADATA', 'ACL', 'FULL');
const UPDATE_MODES = oneOf('UPDATE_MODE_UNSPECIFIED', 'UPDATE_METADATA', 'UPDATE_ACL', 'UPDATE_FULL');

/** The methods of the REST API, as Google declares them. https://docs.cloud.google.com/bigquery/docs/reference/rest */
export const METHODS: readonly Method[] = [
  method('projects.list', 'GET', 'projects', PAGING, async (bigquery, { query }) => {
    const { projectId, projectNumber } = bigquery;
    const project = {
      kind: 'bigquery#project',
      id: projectId,
      numericId: projectNumber,
      friendlyName: projectId,
      projectReference: { projectId },
    };
    const { items, ...rest } = listPage([project], query, 'projects');
    return { kind: 'bigquery#projectList', projects: items, totalItems: 1, ...rest };
  }),
  method('projects.getServiceAccount', 'GET', `${PROJECT}/serviceAccount`, {}, async ({ projectNumber }) => ({
    kind: 'bigquery#getServiceAccountResponse',
    email: `bq-${projectNumber}@bigquery-encryption.iam.gserviceaccount.com`,
  })),
  method(
    'datasets.list',
    'GET',
    DATASETS,
    { ...PAGING, all: BOOLEAN, filter: STRING },
    async (bigquery, { query, access }) => {
      const wanted = datasetFilter(query.filter, query.all ?? false);
      const all = (await bigquery.listDatasets(access)).filter(wanted);
      const { items, ...rest } = listPage(all, query, 'datasets');
      const datasets = items.map(({ kind, id, datasetReference, location, labels, friendlyName }) => {
        return { kind, id, datasetReference, location, labels, friendlyName };
      });
      return { kind: 'bigquery#datasetList', ...(datasets.length > 0 && { datasets }), ...rest };
    },
  ),
  withBody(
    'datasets.insert',
    'POST',
    DATASETS,
    POLICY_VERSION,
    DATASET,
    (bigquery, { query, body, access }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      return bigquery.insertDataset(body, access);
    },
  ),
  method(
    'datasets.get',
    'GET',
    ONE_DATASET,
    { ...POLICY_VERSION, datasetView: DATASET_VIEWS },
    async (bigquery, { path, query }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      const { access, ...metadata } = await bigquery.getDataset(path.datasetId);
      const { kind, etag, id, selfLink, datasetReference } = metadata;
      if (query.datasetView === 'METADATA') return metadata;
      if (query.datasetView === 'ACL') return { kind, etag, id, selfLink, datasetReference, access };
      return { ...metadata, access };
    },
  ),
  withBody(
    'datasets.patch',
    'PATCH',
    ONE_DATASET,
    { ...POLICY_VERSION, updateMode: UPDATE_MODES },
    DATASET,
    (bigquery, { path, query, body, ifMatch }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      return bigquery.patchDataset(path.datasetId, ofMode(query.updateMode, body), ifMatch);
    },
  ),
  withBody(
    'datasets.update',
    'PUT',
    ONE_DATASET,
    { ...POLICY_VERSION, updateMode: UPDATE_MODES },
    DATASET,
    (bigquery, { path, query, body, ifMatch }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      const { datasetId } = path;
      if (query.updateMode !== 'UPDATE_ACL') {
        return bigquery.updateDataset(datasetId, ofMode(query.updateMode, body), ifMatch);
      }
      return bigquery.patchDataset(datasetId, ofMode(query.updateMode, body), ifMatch);
    },
  ),
  method(
    'datasets.delete',
    'DELETE',
    ONE_DATASET,
    { deleteContents: BOOLEAN },
    async (bigquery, { path, query: { deleteContents }, ifMatch }) => {
      await bigquery.deleteDataset(path.datasetId, { deleteContents }, ifMatch);
      return undefined;
    },
  ),
  withBody('datasets.undelete', 'POST', `${ONE_DATASET}:undelete`, {}, UNDELETE, (bigquery, { path, body }) =>
    bigquery.undeleteDataset(path.datasetId, body.deletionTime),
  ),
  method('tables.list', 'GET', TABLES, PAGING, async (bigquery, { path, query }) => {
    const all = await bigquery.listTables(path.datasetId);
    const { items, ...rest } = listPage(all, query, `tables ${path.datasetId}`);
    return {
      kind: 'bigquery#tableList',
      ...(items.length > 0 && { tables: items }),
      totalItems: all.length,
      ...rest,
    };
  }),
  withBody('tables.insert', 'POST', TABLES, {}, TABLE, (bigquery, { path, body, access }) =>
    bigquery.insertTable(path.datasetId, body, access),
  ),
  method(
    'tables.get',
    'GET',
    ONE_TABLE,
    { selectedFields: STRING, view: TABLE_VIEWS },
    async (bigquery, { path, query, access }): Promise<SelectedTable> => {
      const table = await bigquery.getTable(path.datasetId, path.tableId, access);
      return selectedTable(table, query.selectedFields, query.view);
    },
  ),
  withBody(
    'tables.patch',
    'PATCH',
    ONE_TABLE,
    { autodetect_schema: BOOLEAN },
    TABLE,
    (bigquery, { path, query, body, ifMatch, access }) => {
      assertNoAutodetect(query.autodetect_schema);
      return bigquery.patchTable(path.datasetId, path.tableId, body, ifMatch, access);
    },
  ),
  withBody(
    'tables.update',
    'PUT',
    ONE_TABLE,
    { autodetect_schema: BOOLEAN },
    TABLE,
    (bigquery, { path, query, body, ifMatch, access }) => {
      assertNoAutodetect(query.autodetect_schema);
      return bigquery.updateTable(path.datasetId, path.tableId, body, ifMatch, access);
    },
  ),
  method('tables.delete', 'DELETE', ONE_TABLE, {}, async (bigquery, { path, ifMatch }) => {
    await bigquery.deleteTable(path.datasetId, path.tableId, ifMatch);
    return undefined;
  }),
  withBody(
    'tables.getIamPolicy',
    'POST',
    `${ONE_TABLE}:getIamPolicy`,
    {},
    GET_POLICY,
    async (bigquery, { path }) => shownPolicy(bigquery.tablePolicy(path.datasetId, path.tableId)),
  ),
  withBody(
    'tables.setIamPolicy',
    'POST',
    `${ONE_TABLE}:setIamPolicy`,
    {},
    SET_POLICY,
    async (bigquery, { path, body }) => {
      if (!body.policy) throw invalid('Required parameter is missing: policy');
      return shownPolicy(bigquery.setTablePolicy(path.datasetId, path.tableId, body.policy));
    },
  ),
  withBody(
    'tables.testIamPermissions',
    'POST',
    `${ONE_TABLE}:testIamPermissions`,
    {},
    TEST_PERMISSIONS,
    async (bigquery, { path, body: { permissions = [] }, access }) => {
      const { datasetId, tableId } = path;
      const held = bigquery.testTablePermissions(datasetId, tableId, permissions, access);
      return held.length > 0 ? { permissions: held } : {};
    },
  ),
  withBody(
    'tabledata.insertAll',
    'POST',
    `${ONE_TABLE}/insertAll`,
    {},
    INSERT_ALL,
    (bigquery, { path, body }) => bigquery.insertAll(path.datasetId, path.tableId, body),
  ),
  method(
    'tabledata.list',
    'GET',
    `${ONE_TABLE}/data`,
    { ...PAGING, startIndex: UINT64, selectedFields: STRING, ...FORMAT },
    (bigquery, { path, query, access }) => {
      const { maxResults, pageToken, startIndex, selectedFields } = query;
      const request = {
        maxResults,
        pageToken,
        startIndex,
        selectedFields,
        formatOptions: formatOptions(query),
      };
      return bigquery.listRows(path.datasetId, path.tableId, request, access);
    },
  ),
  method(
    'jobs.list',
    'GET',
    `${PROJECT}/jobs`,
    {
      ...PAGING,
      allUsers: BOOLEAN,
      projection: oneOf('full', 'minimal'),
      stateFilter: listOf(oneOf('done', 'pending', 'running')),
      minCreationTime: UINT64,
      maxCreationTime: UINT64,
      parentJobId: STRING,
    },
    async (bigquery, { query, access }) => ({
      kind: 'bigquery#jobList',
      ...(await bigquery.listJobs(query, access)),
    }),
  ),
  withBody('jobs.insert', 'POST', `${PROJECT}/jobs`, {}, JOB, (bigquery, { body, access, media }) =>
    bigquery.insertJob(body, access, media),
  ),
  method('jobs.get', 'GET', ONE_JOB, { location: STRING }, (bigquery, { path, query, access }) =>
    bigquery.getJob(path.jobId, { location: query.location }, access),
  ),
  method(
    'jobs.cancel',
    'POST',
    `${ONE_JOB}/cancel`,
    { location: STRING },
    (bigquery, { path, query, access }) =>
      bigquery.cancelJob(path.jobId, { location: query.location }, access),
  ),
  method(
    'jobs.delete',
    'DELETE',
    `${ONE_JOB}/delete`,
    { location: STRING },
    async (bigquery, { path, query, access }) => {
      await bigquery.deleteJob(path.jobId, { location: query.location }, access);
      return {};
    },
  ),
  withBody('jobs.query', 'POST', `${PROJECT}/queries`, {}, QUERY_REQUEST, (bigquery, { body, access }) =>
    bigquery.query(body, access),
  ),
  method(
    'jobs.getQueryResults',
    'GET',
    `${PROJECT}/queries/{jobId}`,
    { ...PAGING, startIndex: UINT64, timeoutMs: UINT32, location: STRING, ...FORMAT },
    (bigquery, { path, query, access }) => {
      const { maxResults, pageToken, startIndex, timeoutMs, location } = query;
      const request = { maxResults, pageToken, startIndex, timeoutMs, location };
      return bigquery.getQueryResults(
        path.jobId,
        { ...request, formatOptions: formatOptions(query) },
        access,
      );
    },
  ),
  // Always empty. `bq ls` asks for models and row access policies as well as tables.
  method('models.list', 'GET', `${ONE_DATASET}/models`, PAGING, (bigquery, { path, query }) =>
    none(bigquery, path, query, 'models'),
  ),
  method(
    'routines.list',
    'GET',
    ROUTINES,
    { ...PAGING, filter: STRING, readMask: FIELD_MASK },
    async (bigquery, { path, query }) => {
      const { maxResults, pageToken, filter, readMask } = query;
      const all = (await bigquery.listRoutines(path.datasetId)).filter(routineFilter(filter));
      const { items, ...rest } = listPage(all, { maxResults, pageToken }, `routines ${path.datasetId}`);
      const routines = items.map((routine) => masked(routine, readMask || LISTED_OF_A_ROUTINE));
      return { ...(routines.length > 0 && { routines }), ...rest };
    },
  ),
  withBody('routines.insert', 'POST', ROUTINES, {}, ROUTINE, (bigquery, { path, body, access }) =>
    bigquery.insertRoutine(path.datasetId, body, access),
  ),
  method('routines.get', 'GET', ONE_ROUTINE, { readMask: FIELD_MASK }, async (bigquery, { path, query }) =>
    masked(await bigquery.getRoutine(path.datasetId, path.routineId), query.readMask || '*'),
  ),
  withBody('routines.update', 'PUT', ONE_ROUTINE, {}, ROUTINE, (bigquery, { path, body, ifMatch, access }) =>
    bigquery.updateRoutine(path.datasetId, path.routineId, body, ifMatch, access),
  ),
  method('routines.delete', 'DELETE', ONE_ROUTINE, {}, async (bigquery, { path }) => {
    await bigquery.deleteRoutine(path.datasetId, path.routineId);
    return undefined;
  }),
  method(
    'rowAccessPolicies.list',
    'GET',
    POLICIES,
    { pageSize: INT32, pageToken: STRING },
    async (bigquery, { path, query }) => {
      await bigquery.getTable(path.datasetId, path.tableId);
      const { items } = listPage([], { maxResults: query.pageSize, pageToken: query.pageToken }, 'policies');
      return { rowAccessPolicies: items };
    },
  ),
  refused('models.get', 'GET', `${ONE_DATASET}/models/{modelId}`),
  refused('models.patch', 'PATCH', `${ONE_DATASET}/models/{modelId}`),
  refused('models.delete', 'DELETE', `${ONE_DATASET}/models/{modelId}`),
  refused('routines.getIamPolicy', 'POST', `${ONE_ROUTINE}:getIamPolicy`),
  refused('routines.setIamPolicy', 'POST', `${ONE_ROUTINE}:setIamPolicy`),
  refused('routines.testIamPermissions', 'POST', `${ONE_ROUTINE}:testIamPermissions`),
  refused('rowAccessPolicies.insert', 'POST', POLICIES),
  refused('rowAccessPolicies.batchDelete', 'POST', `${POLICIES}:batchDelete`),
  refused('rowAccessPolicies.get', 'GET', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.update', 'PUT', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.delete', 'DELETE', `${POLICIES}/{policyId}`),
  refused('rowAccessPolicies.getIamPolicy', 'POST', `${POLICIES}/{policyId}:getIamPolicy`),
  refused('rowAccessPolicies.testIamPermissions', 'POST', `${POLICIES}/{policyId}:testIamPermissions`),
];

function method<Q extends Types>(
  id: string,
  httpMethod: HttpMethod,
  path: string,
  query: Q,
  handle: (bigquery: BigQuery, request: RestRequest<Q, object>) => Promise<object | undefined>,
): Method {
  return { id, httpMethod, path, query, body: undefined, handle: handle as Method['handle'] };
}

function withBody<Q extends Types, B extends object>(
  id: string,
  httpMethod: HttpMethod,
  path: string,
  query: Q,
  body: Message<B>,
  handle: (bigquery: BigQuery, request: RestRequest<Q, B>) => Promise<object | undefined>,
): Method {
  return { id, httpMethod, path, query, body, handle: handle as Method['handle'] };
}

/** A method of Google's that the local BigQuery refuses by name. */
function refused(id: string, httpMethod: HttpMethod, path: string): Method {
  return { id, httpMethod, path, query: {}, body: undefined, handle: undefined };
}

function formatOptions(query: Query<typeof FORMAT>): FormatOptions {
  return {
    useInt64Timestamp: query['formatOptions.useInt64Timestamp'],
    timestampOutputFormat: query['formatOptions.timestampOutputFormat'],
  };
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets/get#body.QUERY_PARAMETERS.access_policy_version */
function assertPolicyVersion(version: number | undefined): void {
  if (version === undefined || [0, 1, 3].includes(version)) return;
  throw invalid(`Invalid value for accessPolicyVersion: ${version}; it must be 0, 1 or 3`);
}

function assertNoAutodetect(autodetect: boolean | undefined): void {
  if (autodetect) throw invalid('autodetect_schema is not supported by the local BigQuery');
}

/** The part of a dataset that an update may change. */
function ofMode<T extends { readonly access?: unknown }>(
  mode: Parsed<typeof UPDATE_MODES> | undefined,
  dataset: T,
): T {
  if (mode !== 'UPDATE_METADATA' && mode !== 'UPDATE_ACL') return dataset;
  const { access, ...metadata } = dataset;
  if (mode === 'UPDATE_METADATA') return metadata as T;
  return { access } as T;
}

/** Without fields at their default. */
function shownPolicy({ version, etag, bindings }: Policy): object {
  return { etag, ...(bindings.length > 0 && { version, bindings }) };
}

async function none(
  bigquery: BigQuery,
  { datasetId = '' }: RestRequest<Types, object>['path'],
  {
    maxResults,
    pageToken,
  }: { readonly maxResults?: number | undefined; readonly pageToken?: string | undefined },
  name: 'models',
): Promise<object> {
  await bigquery.getDataset(datasetId);
  return { [name]: listPage([], { maxResults, pageToken }, name).items };
}
