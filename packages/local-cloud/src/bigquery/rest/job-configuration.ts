import {
  COPY_OPERATIONS,
  type ConfigurationInput,
  type CopyInput,
  CREATE_DISPOSITIONS,
  type LoadInput,
  type QueryInput,
  SCHEMA_UPDATE_OPTIONS,
  SOURCE_FORMATS,
  WRITE_DISPOSITIONS,
} from '../job-configuration.ts';
import type { ParameterInput, ParameterTypeInput, ParameterValueInput } from '../parameters.ts';
import { CLUSTERING, DATASET_REFERENCE, TABLE_REFERENCE, TABLE_SCHEMA } from './messages.ts';
import {
  ANY,
  acceptedOf,
  BOOLEAN,
  INT32,
  INT64,
  listOf,
  type Message,
  mapOf,
  message,
  oneOf,
  STRING,
} from './types.ts';

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

export const QUERY_TEXT = {
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

const SCHEMA_UPDATES = listOf(oneOf(...SCHEMA_UPDATE_OPTIONS));

const QUERY = message<QueryInput>(
  'JobConfigurationQuery',
  () => ({
    ...QUERY_TEXT,
    ...DISPOSITIONS,
    schemaUpdateOptions: SCHEMA_UPDATES,
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
    schemaUpdateOptions: SCHEMA_UPDATES,
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

export const CONFIGURATION = message<ConfigurationInput>(
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
