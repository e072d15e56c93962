import { ROUTES, type Route } from './routes.ts';

/**
 * The discovery document of the API. The `bq` command builds its calls from it.
 * https://developers.google.com/discovery/v1/reference/apis
 */
export function discoveryDocument(rootUrl: string): object {
  const basePath = '/bigquery/v2/';
  return {
    kind: 'discovery#restDescription',
    discoveryVersion: 'v1',
    id: 'bigquery:v2',
    name: 'bigquery',
    version: 'v2',
    title: 'BigQuery API',
    protocol: 'rest',
    rootUrl,
    servicePath: basePath.slice(1),
    basePath,
    baseUrl: `${rootUrl}${basePath.slice(1)}`,
    batchPath: 'batch/bigquery/v2',
    parameters: queryParameters([
      'alt',
      'fields',
      'key',
      'oauth_token',
      'prettyPrint',
      'quotaUser',
      'userIp',
    ]),
    schemas: { Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } } },
    resources: resources(),
  };
}

function resources(): Record<string, { methods: Record<string, object> }> {
  const byResource: Record<string, { methods: Record<string, object> }> = {};
  for (const route of ROUTES) {
    const [resource = '', method = ''] = route.id.split('.');
    byResource[resource] ??= { methods: {} };
    byResource[resource].methods[method] = describe(route);
  }
  return byResource;
}

function describe({ id, httpMethod, path, parameters }: Route): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
  const inPath = names.map((name) => [name, { type: 'string', location: 'path', required: true }] as const);
  return {
    id: `bigquery.${id}`,
    path: path.replaceAll('{', '{+'),
    httpMethod,
    parameters: { ...Object.fromEntries(inPath), ...queryParameters(parameters) },
    parameterOrder: names,
    ...(httpMethod === 'GET' || httpMethod === 'DELETE' ? {} : { request: { $ref: 'Any' } }),
    ...(httpMethod === 'DELETE' ? {} : { response: { $ref: 'Any' } }),
    ...(id === 'jobs.insert' ? MEDIA_UPLOAD : {}),
  };
}

/** `bq query` needs this entry but uploads nothing. The paths are not served: load jobs are refused. */
const MEDIA_UPLOAD = {
  supportsMediaUpload: true,
  mediaUpload: {
    accept: ['*/*'],
    protocols: {
      simple: { multipart: true, path: '/upload/bigquery/v2/projects/{+projectId}/jobs' },
      resumable: { multipart: true, path: '/resumable/upload/bigquery/v2/projects/{+projectId}/jobs' },
    },
  },
};

function queryParameters(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { type: 'string', location: 'query' }]));
}
