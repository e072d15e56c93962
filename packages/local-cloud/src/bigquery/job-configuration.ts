import type { TableReference } from '../warehouse.ts';
import { invalid, unsupported } from './errors.ts';
import { assertDatasetId, assertTableId } from './names.ts';
import { wholeNumber } from './page.ts';
import { parseParameters } from './parameters.ts';
import { checkedLabels } from './resources.ts';
import { isObject } from './row-values.ts';
import type { Parameter } from './sql/bindings.ts';

type WriteDisposition = 'WRITE_EMPTY' | 'WRITE_TRUNCATE' | 'WRITE_APPEND';

/** A query and its options, checked. */
export interface QueryConfiguration {
  readonly query: string;
  readonly parameters: readonly Parameter[];
  readonly defaultDataset: { readonly projectId: string; readonly datasetId: string } | undefined;
  readonly destinationTable: TableReference | undefined;
  readonly writeDisposition: WriteDisposition;
  readonly createIfNeeded: boolean;
  /** Of the destination table. */
  readonly clustering: unknown;
  /** Bytes, as decimal text. */
  readonly maximumBytesBilled: string | undefined;
  readonly jobTimeoutMs: number | undefined;
  readonly labels: Readonly<Record<string, string | null>>;
  readonly dryRun: boolean;
}

/** Properties of a query that are applied, or that change nothing here. */
const KNOWN = new Set([
  'query',
  'useLegacySql',
  'parameterMode',
  'queryParameters',
  'defaultDataset',
  'destinationTable',
  'writeDisposition',
  'createDisposition',
  'clustering',
  'maximumBytesBilled',
  'priority',
  'useQueryCache',
  'jobTimeoutMs',
  'labels',
  'dryRun',
  'allowLargeResults',
  'flattenResults',
  'preserveNulls',
]);

/** Properties of a jobs.query request that do not belong to the query. */
const REQUEST_ONLY = [
  'kind',
  'maxResults',
  'timeoutMs',
  'location',
  'formatOptions',
  'requestId',
  'jobCreationMode',
];

/** `configuration` of jobs.insert. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfiguration */
export function parseJobConfiguration(projectId: string, configuration: unknown): QueryConfiguration {
  if (!isObject(configuration)) throw invalid('Required parameter is missing: configuration');
  const { query, jobType, dryRun, labels, jobTimeoutMs, ...others } = configuration;
  const [other] = Object.keys(others);
  if (other) throw invalid(`Jobs of type ${other} are not supported by the local BigQuery`);
  if (jobType !== undefined && jobType !== 'QUERY') throw invalid(`Invalid jobType ${jobType}`);
  if (!isObject(query)) throw invalid('Required parameter is missing: query');
  return parseQuery(projectId, { ...query, dryRun, labels, jobTimeoutMs });
}

/** The body of jobs.query. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest */
export function parseQueryRequest(projectId: string, request: unknown): QueryConfiguration {
  if (!isObject(request)) throw invalid('The request must be a JSON object');
  const query = Object.fromEntries(Object.entries(request).filter(([name]) => !REQUEST_ONLY.includes(name)));
  return parseQuery(projectId, query);
}

function parseQuery(projectId: string, input: Readonly<Record<string, unknown>>): QueryConfiguration {
  for (const [name, value] of Object.entries(input)) {
    const isEmpty = isObject(value) || Array.isArray(value) ? Object.keys(value).length === 0 : !value;
    if (!KNOWN.has(name) && !isEmpty) throw invalid(`${name} is not supported by the local BigQuery`);
  }
  if (typeof input.query !== 'string' || input.query === '')
    throw invalid('Required parameter is missing: query');
  // The REST API defaults to legacy SQL.
  if (input.useLegacySql !== false) {
    throw invalid('Legacy SQL is not supported by the local BigQuery: set useLegacySql to false');
  }
  const createDisposition = oneOf(input.createDisposition, 'createDisposition', [
    'CREATE_IF_NEEDED',
    'CREATE_NEVER',
  ]);
  oneOf(input.priority, 'priority', ['INTERACTIVE', 'BATCH']);
  return {
    query: input.query,
    parameters: parseParameters(input.parameterMode, input.queryParameters),
    defaultDataset: parseDataset(projectId, input.defaultDataset),
    destinationTable: parseDestination(projectId, input.destinationTable),
    writeDisposition: oneOf(input.writeDisposition, 'writeDisposition', [
      'WRITE_EMPTY',
      'WRITE_TRUNCATE',
      'WRITE_APPEND',
    ]),
    clustering: input.clustering ?? undefined,
    createIfNeeded: createDisposition === 'CREATE_IF_NEEDED',
    maximumBytesBilled: optionalNumber(input.maximumBytesBilled, 'maximumBytesBilled')?.toString(),
    jobTimeoutMs: optionalNumber(input.jobTimeoutMs, 'jobTimeoutMs'),
    labels: input.labels === undefined ? {} : checkedLabels(input.labels),
    dryRun: input.dryRun === true,
  };
}

/** `allowed[0]` is the default. */
function oneOf<T extends string>(value: unknown, name: string, allowed: readonly [T, ...T[]]): T {
  if (value === undefined || value === null || value === '') return allowed[0];
  const found = allowed.find((word) => word === value);
  if (!found)
    throw invalid(
      `Invalid value for ${name}: ${JSON.stringify(value)}; it must be one of ${allowed.join(', ')}`,
    );
  return found;
}

function optionalNumber(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  return wholeNumber(String(value), name);
}

function parseDataset(projectId: string, value: unknown): QueryConfiguration['defaultDataset'] {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid('defaultDataset must be an object');
  assertDatasetId(value.datasetId);
  return {
    projectId: typeof value.projectId === 'string' ? value.projectId : projectId,
    datasetId: value.datasetId,
  };
}

function parseDestination(projectId: string, value: unknown): TableReference | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid('destinationTable must be an object');
  const dataset = parseDataset(projectId, value);
  assertTableId(value.tableId);
  if (!dataset) throw unsupported('A destinationTable without a dataset');
  return { ...dataset, tableId: value.tableId };
}
