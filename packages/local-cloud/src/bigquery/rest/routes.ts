import type { Access } from '../../callers.ts';
import type { BigQuery } from '../bigquery.ts';
import type { FormatOptions } from '../cells.ts';
import { listPage } from '../page.ts';

/** A parsed request. */
interface RestRequest {
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  readonly access: Access;
}

export interface Route {
  /** Google's name of the method: `jobs.query`. */
  readonly id: string;
  readonly httpMethod: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path template below `/bigquery/v2/`. */
  readonly path: string;
  /** Names of query parameters, for the discovery document. */
  readonly parameters: readonly string[];
  /** Returns the JSON body, or undefined for 204. */
  handle(bigquery: BigQuery, request: RestRequest): Promise<object | undefined>;
}

const DATASETS = 'projects/{projectId}/datasets';
const DATASET = `${DATASETS}/{datasetId}`;
const TABLES = `${DATASET}/tables`;
const TABLE = `${TABLES}/{tableId}`;
const PAGING = ['maxResults', 'pageToken'];
const FORMAT = ['formatOptions.useInt64Timestamp', 'formatOptions.timestampOutputFormat'];

/** The methods of the REST API that are served. https://docs.cloud.google.com/bigquery/docs/reference/rest */
export const ROUTES: readonly Route[] = [
  route('projects.list', 'GET', 'projects', PAGING, async ({ projectId }) => ({
    kind: 'bigquery#projectList',
    projects: [
      {
        kind: 'bigquery#project',
        id: projectId,
        friendlyName: projectId,
        projectReference: { projectId },
      },
    ],
    totalItems: 1,
  })),
  route(
    'datasets.list',
    'GET',
    DATASETS,
    [...PAGING, 'all', 'filter'],
    async (bigquery, { query, access }) => {
      const { items, ...rest } = listPage(await bigquery.listDatasets(access), query, 'datasets');
      const datasets = items.map(({ kind, id, datasetReference, location, labels, friendlyName }) => {
        return { kind, id, datasetReference, location, labels, friendlyName };
      });
      return { kind: 'bigquery#datasetList', datasets, ...rest };
    },
  ),
  route('datasets.insert', 'POST', DATASETS, ['accessPolicyVersion'], (bigquery, { body }) =>
    bigquery.insertDataset(object(body)),
  ),
  route('datasets.get', 'GET', DATASET, ['accessPolicyVersion', 'datasetView'], (bigquery, { path }) =>
    bigquery.getDataset(path.datasetId ?? ''),
  ),
  route(
    'datasets.patch',
    'PATCH',
    DATASET,
    ['accessPolicyVersion', 'updateMode'],
    (bigquery, { path, body }) => bigquery.patchDataset(path.datasetId ?? '', object(body)),
  ),
  route(
    'datasets.update',
    'PUT',
    DATASET,
    ['accessPolicyVersion', 'updateMode'],
    (bigquery, { path, body }) => bigquery.updateDataset(path.datasetId ?? '', object(body)),
  ),
  route('datasets.delete', 'DELETE', DATASET, ['deleteContents'], async (bigquery, { path, query }) => {
    await bigquery.deleteDataset(path.datasetId ?? '', { deleteContents: query.deleteContents === 'true' });
    return undefined;
  }),
  route('tables.list', 'GET', TABLES, PAGING, async (bigquery, { path, query }) => {
    const all = await bigquery.listTables(path.datasetId ?? '');
    const { items, ...rest } = listPage(all, query, `tables ${path.datasetId}`);
    return { kind: 'bigquery#tableList', tables: items, totalItems: all.length, ...rest };
  }),
  route('tables.insert', 'POST', TABLES, [], (bigquery, { path, body }) =>
    bigquery.insertTable(path.datasetId ?? '', object(body)),
  ),
  route('tables.get', 'GET', TABLE, ['selectedFields', 'view'], (bigquery, { path, access }) =>
    bigquery.getTable(path.datasetId ?? '', path.tableId ?? '', access),
  ),
  route('tables.patch', 'PATCH', TABLE, ['autodetect_schema'], (bigquery, { path, body }) =>
    bigquery.patchTable(path.datasetId ?? '', path.tableId ?? '', object(body)),
  ),
  route('tables.update', 'PUT', TABLE, ['autodetect_schema'], (bigquery, { path, body }) =>
    bigquery.updateTable(path.datasetId ?? '', path.tableId ?? '', object(body)),
  ),
  route('tables.delete', 'DELETE', TABLE, [], async (bigquery, { path }) => {
    await bigquery.deleteTable(path.datasetId ?? '', path.tableId ?? '');
    return undefined;
  }),
  route('tabledata.insertAll', 'POST', `${TABLE}/insertAll`, [], (bigquery, { path, body }) =>
    bigquery.insertAll(path.datasetId ?? '', path.tableId ?? '', body),
  ),
  route(
    'tabledata.list',
    'GET',
    `${TABLE}/data`,
    [...PAGING, 'startIndex', 'selectedFields', ...FORMAT],
    (bigquery, { path, query, access }) =>
      bigquery.listRows(
        path.datasetId ?? '',
        path.tableId ?? '',
        { ...query, formatOptions: formatOptions(query) },
        access,
      ),
  ),
  route(
    'jobs.list',
    'GET',
    'projects/{projectId}/jobs',
    [...PAGING, 'allUsers', 'projection', 'stateFilter', 'minCreationTime', 'maxCreationTime', 'parentJobId'],
    async (bigquery, { query, access }) => ({
      kind: 'bigquery#jobList',
      ...(await bigquery.listJobs(query, access)),
    }),
  ),
  route('jobs.insert', 'POST', 'projects/{projectId}/jobs', [], (bigquery, { body, access }) =>
    bigquery.insertJob(body, access),
  ),
  route(
    'jobs.get',
    'GET',
    'projects/{projectId}/jobs/{jobId}',
    ['location'],
    (bigquery, { path, query, access }) => bigquery.getJob(path.jobId ?? '', query, access),
  ),
  route(
    'jobs.cancel',
    'POST',
    'projects/{projectId}/jobs/{jobId}/cancel',
    ['location'],
    (bigquery, { path, query, access }) => bigquery.cancelJob(path.jobId ?? '', query, access),
  ),
  route('jobs.query', 'POST', 'projects/{projectId}/queries', [], (bigquery, { body, access }) =>
    bigquery.query(body, access),
  ),
  route(
    'jobs.getQueryResults',
    'GET',
    'projects/{projectId}/queries/{jobId}',
    [...PAGING, 'startIndex', 'timeoutMs', 'location', ...FORMAT],
    (bigquery, { path, query, access }) =>
      bigquery.getQueryResults(path.jobId ?? '', { ...query, formatOptions: formatOptions(query) }, access),
  ),
  // Always empty. `bq ls` asks for models and routines as well as tables.
  route('models.list', 'GET', `${DATASET}/models`, PAGING, async () => ({ models: [] })),
  route('routines.list', 'GET', `${DATASET}/routines`, [...PAGING, 'filter', 'readMask'], async () => ({
    routines: [],
  })),
];

function route(
  id: string,
  httpMethod: Route['httpMethod'],
  path: string,
  parameters: readonly string[],
  handle: Route['handle'],
): Route {
  return { id, httpMethod, path, parameters, handle };
}

function object(body: unknown): Record<string, never> | object {
  return typeof body === 'object' && body !== null ? body : {};
}

function formatOptions(query: RestRequest['query']): FormatOptions {
  const format = query['formatOptions.timestampOutputFormat'];
  return {
    useInt64Timestamp: query['formatOptions.useInt64Timestamp'] === 'true',
    ...(format !== undefined && { timestampOutputFormat: format }),
  };
}
