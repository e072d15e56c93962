import type { NewPolicy } from '../../iam.ts';
import type { TableReference } from '../../warehouse.ts';
import type { FormatOptions } from '../cells.ts';
import {
  COPY_OPERATIONS,
  type ConfigurationInput,
  type CopyInput,
  CREATE_DISPOSITIONS,
  type JobInput,
  type JobReferenceInput,
  type LoadInput,
  type QueryInput,
  type QueryRequest,
  SOURCE_FORMATS,
  WRITE_DISPOSITIONS,
} from '../job-configuration.ts';
import type { ParameterInput, ParameterTypeInput, ParameterValueInput } from '../parameters.ts';
import type { AccessEntry, DatasetInput, TableInput } from '../resources.ts';
import type { RoutineReference } from '../routine-catalog.ts';
import type { ArgumentInput, RoutineInput } from '../routine-definition.ts';
import type { StandardType } from '../standard-types.ts';
import type { InsertAllRequest } from '../table-data.ts';
import {
  ANY,
  acceptedOf,
  BOOLEAN,
  FIELD_MASK,
  INT32,
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
  readonly maxLength?: string;
  readonly precision?: string;
  readonly scale?: string;
  readonly rangeElementType?: { readonly type?: string };
}

// The requests of the REST API, as far as the local BigQuery reads them. Every other field is refused by name.
// https://docs.cloud.google.com/bigquery/docs/reference/rest

const RESOURCE = { kind: STRING, etag: STRING, id: STRING, selfLink: STRING };

/** Fields that only responses have, and that no response here has. */
function outputs(...names: readonly string[]): Record<string, ValueType> {
  return Object.fromEntries(names.map((name) => [name, ANY]));
}

const DATASET_REFERENCE = message<{ datasetId?: string; projectId?: string }>('DatasetReference', () => ({
  datasetId: STRING,
  projectId: STRING,
}));

const TABLE_REFERENCE = message<Partial<TableReference>>('TableReference', () => ({
  projectId: STRING,
  datasetId: STRING,
  tableId: STRING,
}));

const ACCESS_ENTRY = message<AccessEntry>(
  'DatasetAccess',
  () => ({
    role: STRING,
    userByEmail: STRING,
    groupByEmail: STRING,
    domain: STRING,
    specialGroup: STRING,
    iamMember: STRING,
    view: TABLE_REFERENCE,
  }),
  { refused: ['condition', 'dataset', 'routine'] },
);

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
    output: {
      ...RESOURCE,
      ...outputs(
        'catalogSource',
        'linkedDatasetMetadata',
        'restrictions',
        'satisfiesPzi',
        'satisfiesPzs',
        'tags',
      ),
      creationTime: INT64,
      lastModifiedTime: INT64,
      type: STRING,
    },
    refused: [
      'defaultCollation',
      'defaultEncryptionConfiguration',
      'defaultPartitionExpirationMs',
      'defaultRoundingMode',
      'externalCatalogDatasetOptions',
      'externalDatasetReference',
      'isCaseInsensitive',
      'linkedDatasetSource',
      'resourceTags',
    ],
    keepNulls: true,
  },
);

export const UNDELETE = message<{ deletionTime?: string }>('UndeleteDatasetRequest', () => ({
  deletionTime: STRING,
}));

const RANGE_ELEMENT = message<{ type?: string }>('FieldElementType', () => ({ type: STRING }));

/** The columns of a table. `parseFields` reads them: its errors name the column. */
const COLUMN: Message<ColumnInput> = message<ColumnInput>(
  'TableFieldSchema',
  () => ({
    name: STRING,
    type: STRING,
    mode: STRING,
    description: STRING,
    fields: listOf(COLUMN),
    maxLength: INT64,
    precision: INT64,
    scale: INT64,
    rangeElementType: RANGE_ELEMENT,
  }),
  {
    refused: [
      'categories',
      'collation',
      'dataGovernanceTagsInfo',
      'dataPolicies',
      'dataPolicyList',
      'defaultValueExpression',
      'foreignTypeDefinition',
      'generatedColumn',
      'policyTags',
      'roundingMode',
      'timestampPrecision',
    ],
  },
);
const COLUMNS: ValueType<unknown[]> = {
  ...listOf(ANY),
  schema: () => listOf(COLUMN).schema(),
  message: () => COLUMN,
};

const TABLE_SCHEMA = message<{ fields?: readonly unknown[] }>('TableSchema', () => ({ fields: COLUMNS }), {
  refused: ['foreignTypeInfo'],
});

const CLUSTERING = message<{ fields?: readonly string[] }>('Clustering', () => ({ fields: listOf(STRING) }));

const TIME_PARTITIONING = message<NonNullable<TableInput['timePartitioning']>>(
  'TimePartitioning',
  () => ({ type: STRING, field: STRING }),
  { refused: ['expirationMs', 'requirePartitionFilter'] },
);

const VIEW = message<NonNullable<TableInput['view']>>(
  'ViewDefinition',
  () => ({ query: STRING, useLegacySql: BOOLEAN }),
  {
    refused: [
      'foreignDefinitions',
      'privacyPolicy',
      'useExplicitColumnNames',
      'userDefinedFunctionResources',
    ],
  },
);

export const TABLE = message<TableInput>(
  'Table',
  () => ({
    tableReference: TABLE_REFERENCE,
    schema: TABLE_SCHEMA,
    friendlyName: STRING,
    description: STRING,
    labels: mapOf(STRING),
    clustering: CLUSTERING,
    timePartitioning: TIME_PARTITIONING,
    expirationTime: INT64,
    view: VIEW,
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
      numTotalLogicalBytes: INT64,
      numActiveLogicalBytes: INT64,
      numLongTermLogicalBytes: INT64,
      ...outputs(
        'cloneDefinition',
        'managedTableType',
        'materializedViewStatus',
        'numActivePhysicalBytes',
        'numCurrentPhysicalBytes',
        'numLongTermPhysicalBytes',
        'numPartitions',
        'numPhysicalBytes',
        'numTimeTravelPhysicalBytes',
        'numTotalPhysicalBytes',
        'replicas',
        'restrictions',
        'snapshotDefinition',
        'streamingBuffer',
      ),
    },
    refused: [
      'biglakeConfiguration',
      'defaultCollation',
      'defaultRoundingMode',
      'encryptionConfiguration',
      'externalCatalogTableOptions',
      'externalDataConfiguration',
      'materializedView',
      'maxStaleness',
      'model',
      'partitionDefinition',
      'rangePartitioning',
      'requirePartitionFilter',
      'resourceTags',
      'tableConstraints',
      'tableReplicationInfo',
    ],
    keepNulls: true,
  },
);

const STANDARD_TYPE: Message<StandardType> = message<StandardType>('StandardSqlDataType', () => ({
  typeKind: STRING,
  arrayElementType: STANDARD_TYPE,
  rangeElementType: STANDARD_TYPE,
  structType: STANDARD_STRUCT,
}));

const STANDARD_FIELD = message<{ name?: string; type?: StandardType }>('StandardSqlField', () => ({
  name: STRING,
  type: STANDARD_TYPE,
}));

const STANDARD_STRUCT = message<NonNullable<StandardType['structType']>>('StandardSqlStructType', () => ({
  fields: listOf(STANDARD_FIELD),
}));

const ARGUMENT = message<ArgumentInput>(
  'Argument',
  () => ({
    name: STRING,
    dataType: STANDARD_TYPE,
    argumentKind: acceptedOf(
      ['ARGUMENT_KIND_UNSPECIFIED', 'FIXED_TYPE', 'ANY_TYPE'],
      ['ANY_TABLE', 'FIXED_TABLE'],
    ),
  }),
  { refused: ['isAggregate', 'mode', 'tableType'] },
);

const ROUTINE_REFERENCE = message<Partial<RoutineReference>>('RoutineReference', () => ({
  projectId: STRING,
  datasetId: STRING,
  routineId: STRING,
}));

export const ROUTINE = message<RoutineInput>(
  'Routine',
  () => ({
    routineReference: ROUTINE_REFERENCE,
    routineType: acceptedOf(
      ['SCALAR_FUNCTION'],
      ['PROCEDURE', 'TABLE_VALUED_FUNCTION', 'AGGREGATE_FUNCTION'],
    ),
    language: acceptedOf(['SQL'], ['JAVASCRIPT', 'PYTHON', 'JAVA', 'SCALA']),
    arguments: listOf(ARGUMENT),
    returnType: STANDARD_TYPE,
    definitionBody: STRING,
    description: STRING,
  }),
  {
    output: { etag: STRING, creationTime: INT64, lastModifiedTime: INT64, ...outputs('buildStatus') },
    refused: [
      'dataGovernanceType',
      'determinismLevel',
      'externalRuntimeOptions',
      'importedLibraries',
      'pythonOptions',
      'remoteFunctionOptions',
      'returnTableType',
      'securityMode',
      'sparkOptions',
      'strictMode',
    ],
  },
);

const PARAMETER_TYPE: Message<ParameterTypeInput> = message<ParameterTypeInput>(
  'QueryParameterType',
  () => ({
    type: STRING,
    arrayType: PARAMETER_TYPE,
    rangeElementType: PARAMETER_TYPE,
    structTypes: listOf(STRUCT_TYPE),
  }),
  { refused: ['timestampPrecision'] },
);

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
    rangeValue: RANGE_VALUE,
  }),
);

const RANGE_VALUE = message<NonNullable<ParameterValueInput['rangeValue']>>('RangeValue', () => ({
  start: PARAMETER_VALUE,
  end: PARAMETER_VALUE,
}));

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
  writeDisposition: acceptedOf(WRITE_DISPOSITIONS, ['WRITE_TRUNCATE_DATA']),
  createDisposition: oneOf(...CREATE_DISPOSITIONS),
};

const QUERY = message<QueryInput>(
  'JobConfigurationQuery',
  () => ({
    ...QUERY_TEXT,
    ...DISPOSITIONS,
    destinationTable: TABLE_REFERENCE,
    clustering: CLUSTERING,
    priority: oneOf('INTERACTIVE', 'BATCH'),
    allowLargeResults: BOOLEAN,
    flattenResults: BOOLEAN,
  }),
  {
    refused: [
      'connectionProperties',
      'continuous',
      'createSession',
      'destinationEncryptionConfiguration',
      'maximumBillingTier',
      'rangePartitioning',
      'schemaUpdateOptions',
      'scriptOptions',
      'secureContext',
      'systemVariables',
      'tableDefinitions',
      'timePartitioning',
      'userDefinedFunctionResources',
      'writeIncrementalResults',
    ],
  },
);

const LOAD = message<LoadInput>(
  'JobConfigurationLoad',
  () => ({
    ...DISPOSITIONS,
    destinationTable: TABLE_REFERENCE,
    destinationTableProperties: message<NonNullable<LoadInput['destinationTableProperties']>>(
      'DestinationTableProperties',
      () => ({ friendlyName: STRING, description: STRING, labels: mapOf(STRING) }),
      { refused: ['expirationTime'] },
    ),
    sourceFormat: acceptedOf(SOURCE_FORMATS, ['AVRO', 'ORC', 'DATASTORE_BACKUP', 'ICEBERG']),
    schema: TABLE_SCHEMA,
    autodetect: BOOLEAN,
    clustering: CLUSTERING,
    maxBadRecords: INT32,
    ignoreUnknownValues: BOOLEAN,
    encoding: acceptedOf(['UTF-8', 'ISO-8859-1'], ['UTF-16BE', 'UTF-16LE', 'UTF-32BE', 'UTF-32LE']),
    fieldDelimiter: STRING,
    quote: STRING,
    skipLeadingRows: INT32,
    allowQuotedNewlines: BOOLEAN,
    allowJaggedRows: BOOLEAN,
    nullMarker: STRING,
    nullMarkers: listOf(STRING),
  }),
  {
    // Lists of Parquet are read as lists, whatever its options say.
    inert: { parquetOptions: ANY },
    refused: [
      'columnNameCharacterMap',
      'connectionProperties',
      'copyFilesOnly',
      'createSession',
      'dateFormat',
      'datetimeFormat',
      'decimalTargetTypes',
      'destinationEncryptionConfiguration',
      'fileSetSpecType',
      'hivePartitioningOptions',
      'jsonExtension',
      'preserveAsciiControlCharacters',
      'projectionFields',
      'rangePartitioning',
      'referenceFileSchemaUri',
      'schemaInline',
      'schemaInlineFormat',
      'schemaUpdateOptions',
      'sourceColumnMatch',
      'sourceUris',
      'timeFormat',
      'timePartitioning',
      'timeZone',
      'timestampFormat',
      'timestampTargetPrecision',
      'useAvroLogicalTypes',
    ],
  },
);

const COPY = message<CopyInput>(
  'JobConfigurationTableCopy',
  () => ({
    ...DISPOSITIONS,
    sourceTable: TABLE_REFERENCE,
    sourceTables: listOf(TABLE_REFERENCE),
    destinationTable: TABLE_REFERENCE,
    operationType: oneOf('OPERATION_TYPE_UNSPECIFIED', ...COPY_OPERATIONS),
    destinationExpirationTime: STRING,
  }),
  { refused: ['destinationEncryptionConfiguration'] },
);

const CONFIGURATION = message<ConfigurationInput>(
  'JobConfiguration',
  () => ({
    query: QUERY,
    load: LOAD,
    copy: COPY,
    dryRun: BOOLEAN,
    jobTimeoutMs: INT64,
    labels: mapOf(STRING),
  }),
  {
    output: { jobType: STRING },
    refused: ['extract', 'maxSlots', 'reservation'],
    advice: {
      extract:
        'there is no Cloud Storage here; write the rows of a query to a file, as bq query --format=csv does',
    },
  },
);

const JOB_REFERENCE = message<JobReferenceInput>('JobReference', () => ({
  projectId: STRING,
  jobId: STRING,
  location: STRING,
}));

export const JOB = message<JobInput>(
  'Job',
  () => ({ jobReference: JOB_REFERENCE, configuration: CONFIGURATION }),
  {
    output: {
      ...RESOURCE,
      jobCreationReason: ANY,
      status: ANY,
      statistics: ANY,
      user_email: STRING,
      principal_subject: STRING,
    },
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
  }),
  {
    output: { kind: STRING },
    // Java's client names the one format that there is.
    inert: {
      queryResultsFormat: acceptedOf(['QUERY_RESULTS_FORMAT_UNSPECIFIED', 'STRUCT_ENCODING'], ['ARROW']),
    },
    refused: [
      'arrowSerializationOptions',
      'connectionProperties',
      'continuous',
      'createSession',
      'destinationEncryptionConfiguration',
      'maxSlots',
      'reservation',
      'secureContext',
      'writeIncrementalResults',
    ],
  },
);

const INSERT_ROW = message<{ json?: unknown }>('TableDataInsertAllRow', () => ({ json: ANY }), {
  // Google deduplicates rows by it as a best effort.
  inert: { insertId: STRING },
});

export const INSERT_ALL = message<InsertAllRequest>(
  'TableDataInsertAllRequest',
  () => ({
    rows: listOf(INSERT_ROW),
    skipInvalidRows: BOOLEAN,
    ignoreUnknownValues: BOOLEAN,
  }),
  { output: { kind: STRING }, inert: { traceId: STRING }, refused: ['templateSuffix'] },
);

const BINDING = message<NonNullable<NewPolicy['bindings']>[number]>('Binding', () => ({
  role: STRING,
  members: listOf(STRING),
  condition: ANY,
}));

const POLICY = message<NewPolicy>('Policy', () => ({ etag: STRING, bindings: listOf(BINDING) }), {
  inert: { version: INT32 },
  refused: ['auditConfigs'],
});

export const SET_POLICY = message<{ policy?: NewPolicy }>('SetIamPolicyRequest', () => ({ policy: POLICY }), {
  // A mask chooses audit logs, which no policy has here.
  inert: { updateMask: FIELD_MASK },
});

/** Every version of a policy is the same, because conditions are refused. */
export const GET_POLICY = message('GetIamPolicyRequest', () => ({}), { inert: { options: ANY } });

export const TEST_PERMISSIONS = message<{ permissions?: readonly string[] }>(
  'TestIamPermissionsRequest',
  () => ({
    permissions: listOf(STRING),
  }),
);
