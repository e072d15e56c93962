import type { TableReference } from '../../warehouse.ts';
import type { FormatOptions } from '../cells.ts';
import {
  type ConfigurationInput,
  CREATE_DISPOSITIONS,
  type JobInput,
  type JobReferenceInput,
  type QueryInput,
  type QueryRequest,
  WRITE_DISPOSITIONS,
} from '../job-configuration.ts';
import type { ParameterInput, ParameterTypeInput, ParameterValueInput } from '../parameters.ts';
import type { AccessEntry, DatasetInput, TableInput } from '../resources.ts';
import type { InsertAllRequest } from '../table-data.ts';
import {
  ANY,
  BOOLEAN,
  INT64,
  listOf,
  type Message,
  mapOf,
  message,
  oneOf,
  STRING,
  UINT32,
  UINT64,
  type ValueType,
} from './types.ts';

interface ColumnInput {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly description?: string;
  readonly fields?: readonly ColumnInput[];
}

// The requests of the REST API, as far as the local BigQuery reads them. Every other field is refused by name.
// https://docs.cloud.google.com/bigquery/docs/reference/rest

const RESOURCE = { kind: STRING, etag: STRING, id: STRING, selfLink: STRING };

const DATASET_REFERENCE = message<{ datasetId?: string; projectId?: string }>('DatasetReference', () => ({
  datasetId: STRING,
  projectId: STRING,
}));

const TABLE_REFERENCE = message<Partial<TableReference>>('TableReference', () => ({
  projectId: STRING,
  datasetId: STRING,
  tableId: STRING,
}));

const ACCESS_ENTRY = message<AccessEntry>('DatasetAccess', () => ({
  role: STRING,
  userByEmail: STRING,
  groupByEmail: STRING,
  domain: STRING,
  specialGroup: STRING,
  iamMember: STRING,
}));

export const DATASET = message<DatasetInput>(
  'Dataset',
  () => ({
    datasetReference: DATASET_REFERENCE,
    location: STRING,
    friendlyName: STRING,
    description: STRING,
    labels: mapOf(STRING),
    defaultTableExpirationMs: INT64,
    maxTimeTravelHours: INT64,
    storageBillingModel: oneOf('LOGICAL', 'PHYSICAL'),
    access: listOf(ACCESS_ENTRY),
  }),
  {
    output: { ...RESOURCE, creationTime: INT64, lastModifiedTime: INT64, type: STRING },
    // The Node.js client sends it in addition to the reference.
    ignored: ['projectId'],
    keepNulls: true,
  },
);

/** The columns of a table. `parseFields` reads them: its errors name the column. */
const COLUMN: Message<ColumnInput> = message<ColumnInput>('TableFieldSchema', () => ({
  name: STRING,
  type: STRING,
  mode: STRING,
  description: STRING,
  fields: listOf(COLUMN),
}));
const COLUMNS: ValueType<unknown[]> = {
  ...listOf(ANY),
  schema: () => listOf(COLUMN).schema(),
  message: () => COLUMN,
};

const TABLE_SCHEMA = message<{ fields?: readonly unknown[] }>('TableSchema', () => ({ fields: COLUMNS }));

const CLUSTERING = message<{ fields?: readonly string[] }>('Clustering', () => ({ fields: listOf(STRING) }));

export const TABLE = message<TableInput>(
  'Table',
  () => ({
    tableReference: TABLE_REFERENCE,
    schema: TABLE_SCHEMA,
    friendlyName: STRING,
    description: STRING,
    labels: mapOf(STRING),
    clustering: CLUSTERING,
    expirationTime: INT64,
  }),
  {
    output: {
      ...RESOURCE,
      creationTime: INT64,
      lastModifiedTime: UINT64,
      type: STRING,
      location: STRING,
      numRows: UINT64,
      numBytes: INT64,
      numLongTermBytes: INT64,
    },
    ignored: ['projectId'],
    keepNulls: true,
  },
);

const PARAMETER_TYPE: Message<ParameterTypeInput> = message<ParameterTypeInput>('QueryParameterType', () => ({
  type: STRING,
  arrayType: PARAMETER_TYPE,
  structTypes: listOf(STRUCT_TYPE),
}));

const STRUCT_TYPE = message<{ name?: string; type?: ParameterTypeInput; description?: string }>(
  'QueryParameterStructType',
  () => ({ name: STRING, type: PARAMETER_TYPE, description: STRING }),
);

const PARAMETER_VALUE: Message<ParameterValueInput> = message<ParameterValueInput>(
  'QueryParameterValue',
  () => ({
    value: STRING,
    arrayValues: listOf(PARAMETER_VALUE),
    structValues: mapOf(PARAMETER_VALUE),
  }),
);

const PARAMETER = message<ParameterInput>('QueryParameter', () => ({
  name: STRING,
  parameterType: PARAMETER_TYPE,
  parameterValue: PARAMETER_VALUE,
}));

const QUERY_TEXT = {
  query: STRING,
  useLegacySql: BOOLEAN,
  parameterMode: oneOf('POSITIONAL', 'NAMED'),
  queryParameters: listOf(PARAMETER),
  defaultDataset: DATASET_REFERENCE,
  maximumBytesBilled: INT64,
  useQueryCache: BOOLEAN,
  preserveNulls: BOOLEAN,
};

const DISPOSITIONS = {
  writeDisposition: oneOf(...WRITE_DISPOSITIONS),
  createDisposition: oneOf(...CREATE_DISPOSITIONS),
};

const QUERY = message<QueryInput>('JobConfigurationQuery', () => ({
  ...QUERY_TEXT,
  ...DISPOSITIONS,
  destinationTable: TABLE_REFERENCE,
  clustering: CLUSTERING,
  priority: oneOf('INTERACTIVE', 'BATCH'),
  allowLargeResults: BOOLEAN,
  flattenResults: BOOLEAN,
}));

const CONFIGURATION = message<ConfigurationInput>(
  'JobConfiguration',
  () => ({
    query: QUERY,
    dryRun: BOOLEAN,
    jobTimeoutMs: INT64,
    labels: mapOf(STRING),
  }),
  { output: { jobType: STRING } },
);

const JOB_REFERENCE = message<JobReferenceInput>(
  'JobReference',
  () => ({ projectId: STRING, jobId: STRING, location: STRING }),
  // Google's Pulumi provider sends it.
  { ignored: ['project'] },
);

export const JOB = message<JobInput>(
  'Job',
  () => ({ jobReference: JOB_REFERENCE, configuration: CONFIGURATION }),
  {
    output: { ...RESOURCE, status: ANY, statistics: ANY, user_email: STRING, principal_subject: STRING },
  },
);

export const TIMESTAMP_FORMATS = [
  'TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED',
  'FLOAT64',
  'INT64',
  'ISO8601_STRING',
] as const;

const FORMAT_OPTIONS = message<FormatOptions>('DataFormatOptions', () => ({
  useInt64Timestamp: BOOLEAN,
  timestampOutputFormat: oneOf(...TIMESTAMP_FORMATS),
}));

export const QUERY_REQUEST = message<QueryRequest>(
  'QueryRequest',
  () => ({
    ...QUERY_TEXT,
    dryRun: BOOLEAN,
    labels: mapOf(STRING),
    jobTimeoutMs: INT64,
    maxResults: UINT32,
    timeoutMs: UINT32,
    location: STRING,
    formatOptions: FORMAT_OPTIONS,
    requestId: STRING,
    jobCreationMode: oneOf('JOB_CREATION_MODE_UNSPECIFIED', 'JOB_CREATION_REQUIRED', 'JOB_CREATION_OPTIONAL'),
    queryResultsFormat: oneOf('QUERY_RESULTS_FORMAT_UNSPECIFIED', 'STRUCT_ENCODING'),
  }),
  { output: { kind: STRING } },
);

const INSERT_ROW = message<{ insertId?: string; json?: unknown }>('TableDataInsertAllRow', () => ({
  insertId: STRING,
  json: ANY,
}));

export const INSERT_ALL = message<InsertAllRequest>(
  'TableDataInsertAllRequest',
  () => ({
    rows: listOf(INSERT_ROW),
    skipInvalidRows: BOOLEAN,
    ignoreUnknownValues: BOOLEAN,
    traceId: STRING,
  }),
  { output: { kind: STRING } },
);
