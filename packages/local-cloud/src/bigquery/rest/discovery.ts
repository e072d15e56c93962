import type { Method } from './method.ts';
import { METHODS } from './methods.ts';
import { BOOLEAN, type Message, STRING, schemasOf } from './types.ts';

const BASE_PATH = '/bigquery/v2/';

/** The parameters that every method reads. */
export const COMMON_PARAMETERS = {
  alt: STRING,
  fields: STRING,
  prettyPrint: BOOLEAN,
  access_token: STRING,
  oauth_token: STRING,
  uploadType: STRING,
};

/**
 * The discovery document of the API. The `bq` command builds its calls from it.
 * https://developers.google.com/discovery/v1/reference/apis
 */
export function discoveryDocument(rootUrl: string): object {
  return {
    kind: 'discovery#restDescription',
    discoveryVersion: 'v1',
    id: 'bigquery:v2',
    name: 'bigquery',
    version: 'v2',
    title: 'BigQuery API',
    protocol: 'rest',
    rootUrl,
    servicePath: BASE_PATH.slice(1),
    basePath: BASE_PATH,
    baseUrl: `${rootUrl}${BASE_PATH.slice(1)}`,
    batchPath: 'batch/bigquery/v2',
    parameters: inQuery(COMMON_PARAMETERS),
    schemas: schemas(),
    resources: resources(),
  };
}

/** The messages of requests, those inside them, and one for every other response. */
function schemas(): Record<string, object> {
  const found: Record<string, object> = {
    Any: { id: 'Any', type: 'object', additionalProperties: { type: 'any' } },
  };
  const add = (message: Message): void => {
    if (Object.hasOwn(found, message.name)) return;
    found[message.name] = message.describe();
    for (const inner of message.inner()) add(inner);
  };
  for (const { body } of METHODS) if (body) add(body);
  return found;
}

function resources(): Record<string, { methods: Record<string, object> }> {
  const byResource: Record<string, { methods: Record<string, object> }> = {};
  for (const method of METHODS) {
    const [resource = '', name = ''] = method.id.split('.');
    byResource[resource] ??= { methods: {} };
    byResource[resource].methods[name] = describe(method);
  }
  return byResource;
}

/** Google's document has the resource of these methods as one parameter. */
const OF_A_RESOURCE = /Iam(?:Policy|Permissions)$/;

function describe(method: Method): object {
  const { id, httpMethod, query, body } = method;
  const [resource, verb] = OF_A_RESOURCE.test(id) ? method.path.split(':') : [];
  const path = resource === undefined ? method.path : `{resource}:${verb}`;
  const names = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
  const inPath = names.map((name) => {
    const pattern = resource && { pattern: `^${resource.replaceAll(/\{\w+\}/g, '[^/]+')}$` };
    return [name, { type: 'string', location: 'path', required: true, ...pattern }] as const;
  });
  return {
    id: `bigquery.${id}`,
    path: path.replaceAll('{', '{+'),
    flatPath: method.path,
    httpMethod,
    parameters: { ...Object.fromEntries(inPath), ...inQuery(query) },
    parameterOrder: names,
    ...(httpMethod === 'GET' || httpMethod === 'DELETE' ? {} : { request: { $ref: body?.name ?? 'Any' } }),
    ...(httpMethod === 'DELETE' ? {} : { response: { $ref: 'Any' } }),
    ...(id === 'jobs.insert' ? MEDIA_UPLOAD : {}),
  };
}

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

function inQuery(types: Method['query']): Record<string, object> {
  return Object.fromEntries(
    Object.entries(schemasOf(types)).map(([name, schema]) => {
      // A list is a parameter that may be repeated.
      const items = 'items' in schema ? schema.items : undefined;
      const described = typeof items === 'object' ? { ...items, repeated: true } : schema;
      return [name, { ...described, location: 'query' }];
    }),
  );
}
