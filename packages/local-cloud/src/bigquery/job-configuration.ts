import type { TableReference } from '../warehouse.ts';
import type { FormatOptions } from './cells.ts';
import { invalid } from './errors.ts';
import { assertDatasetId, assertTableId } from './names.ts';
import { type ParameterInput, parseParameters } from './parameters.ts';
import { checkedLabels } from './resources.ts';
import type { Parameter } from './sql/bindings.ts';

export const WRITE_DISPOSITIONS = ['WRITE_EMPTY', 'WRITE_TRUNCATE', 'WRITE_APPEND'] as const;
export const CREATE_DISPOSITIONS = ['CREATE_IF_NEEDED', 'CREATE_NEVER'] as const;
export const SCHEMA_UPDATE_OPTIONS = [
  'SCHEMA_UPDATE_OPTION_UNSPECIFIED',
  'ALLOW_FIELD_ADDITION',
  'ALLOW_FIELD_RELAXATION',
] as const;
export const COPY_OPERATIONS = ['COPY', 'SNAPSHOT', 'RESTORE', 'CLONE'] as const;
export const SOURCE_FORMATS = ['CSV', 'NEWLINE_DELIMITED_JSON', 'PARQUET'] as const;

type WriteDisposition = (typeof WRITE_DISPOSITIONS)[number];
type SchemaUpdateOption = (typeof SCHEMA_UPDATE_OPTIONS)[number];
type CreateDisposition = (typeof CREATE_DISPOSITIONS)[number];

interface DatasetName {
  readonly projectId?: string;
  readonly datasetId?: string;
}

type Labels = Readonly<Record<string, string | null>>;

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/JobReference */
export interface JobReferenceInput {
  readonly projectId?: string;
  readonly jobId?: string;
  readonly location?: string;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job */
export interface JobInput {
  readonly jobReference?: JobReferenceInput;
  readonly configuration?: ConfigurationInput;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfiguration */
export interface ConfigurationInput {
  readonly query?: QueryInput;
  readonly load?: LoadInput;
  readonly copy?: CopyInput;
  readonly dryRun?: boolean;
  readonly jobTimeoutMs?: string;
  readonly labels?: Labels;
}

/** What jobs.insert and jobs.query have in common. */
interface QueryText {
  readonly query?: string;
  /** Absent means false. */
  readonly useLegacySql?: boolean;
  readonly parameterMode?: 'POSITIONAL' | 'NAMED';
  readonly queryParameters?: readonly ParameterInput[];
  readonly defaultDataset?: DatasetName;
  /** Bytes, as decimal text. */
  readonly maximumBytesBilled?: string;
  /** Without effect: nothing is cached here. */
  readonly useQueryCache?: boolean;
  /** Without effect, as in GoogleSQL at Google. */
  readonly preserveNulls?: boolean;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationQuery */
export interface QueryInput extends QueryText {
  readonly destinationTable?: Partial<TableReference>;
  readonly writeDisposition?: WriteDisposition;
  readonly createDisposition?: CreateDisposition;
  readonly schemaUpdateOptions?: readonly SchemaUpdateOption[];
  readonly clustering?: { readonly fields?: readonly string[] };
  /** Without effect: every job starts at once. */
  readonly priority?: 'INTERACTIVE' | 'BATCH';
  /** Without effect, as in GoogleSQL at Google. */
  readonly allowLargeResults?: boolean;
  readonly flattenResults?: boolean;
}

/** The body of jobs.query. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query#QueryRequest */
export interface QueryRequest extends QueryText {
  readonly dryRun?: boolean;
  readonly labels?: Labels;
  readonly jobTimeoutMs?: string;
  readonly maxResults?: number;
  readonly timeoutMs?: number;
  readonly location?: string;
  readonly formatOptions?: FormatOptions;
  readonly requestId?: string;
  readonly jobCreationMode?:
    | 'JOB_CREATION_MODE_UNSPECIFIED'
    | 'JOB_CREATION_REQUIRED'
    | 'JOB_CREATION_OPTIONAL';
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad */
export interface LoadInput {
  readonly destinationTable?: Partial<TableReference>;
  readonly sourceFormat?: (typeof SOURCE_FORMATS)[number];
  readonly schema?: { readonly fields?: readonly unknown[] };
  readonly autodetect?: boolean;
  readonly writeDisposition?: WriteDisposition;
  readonly createDisposition?: CreateDisposition;
  readonly schemaUpdateOptions?: readonly SchemaUpdateOption[];
  readonly clustering?: { readonly fields?: readonly string[] };
  readonly destinationTableProperties?: {
    readonly friendlyName?: string;
    readonly description?: string;
    readonly labels?: Labels;
  };
  readonly maxBadRecords?: number;
  readonly ignoreUnknownValues?: boolean;
  readonly encoding?: 'UTF-8' | 'ISO-8859-1';
  readonly fieldDelimiter?: string;
  readonly quote?: string;
  readonly skipLeadingRows?: number;
  readonly allowQuotedNewlines?: boolean;
  readonly allowJaggedRows?: boolean;
  readonly nullMarker?: string;
  readonly nullMarkers?: readonly string[];
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationTableCopy */
export interface CopyInput {
  readonly sourceTable?: Partial<TableReference>;
  readonly sourceTables?: readonly Partial<TableReference>[];
  readonly destinationTable?: Partial<TableReference>;
  readonly writeDisposition?: WriteDisposition;
  readonly createDisposition?: CreateDisposition;
  readonly operationType?: 'OPERATION_TYPE_UNSPECIFIED' | (typeof COPY_OPERATIONS)[number];
  /** RFC 3339. */
  readonly destinationExpirationTime?: string;
}

/** Where the rows of a job go. */
export interface Destination {
  readonly reference: TableReference;
  readonly writeDisposition: WriteDisposition;
  readonly createIfNeeded: boolean;
  /** How appended rows may change the columns of the table. */
  readonly schemaUpdates: readonly SchemaUpdateOption[];
}

/** A query and its options, checked. */
export interface QueryConfiguration {
  readonly query: string;
  readonly parameters: readonly Parameter[];
  readonly defaultDataset: { readonly projectId: string; readonly datasetId: string } | undefined;
  readonly destination: Destination | undefined;
  /** Of the destination table. */
  readonly clustering: QueryInput['clustering'];
  /** Bytes, as decimal text. */
  readonly maximumBytesBilled: string | undefined;
  readonly dryRun: boolean;
}

/** A first line that names the dialect. */
const LEGACY_PREFIX = /^\s*#legacySQL\s/i;

export function parseQuery(projectId: string, input: QueryInput, dryRun = false): QueryConfiguration {
  if (!input.query) throw invalid('Required parameter is missing: query');
  // GoogleSQL is the default. https://docs.cloud.google.com/bigquery/docs/introduction-sql#changing_from_the_default_dialect
  if (input.useLegacySql || LEGACY_PREFIX.test(input.query)) {
    throw invalid(
      'Legacy SQL is not supported by the local BigQuery: write GoogleSQL without #legacySQL, and set useLegacySql to false, in bq --use_legacy_sql=false',
    );
  }
  return {
    query: input.query,
    parameters: parseParameters(input.parameterMode, input.queryParameters),
    defaultDataset: input.defaultDataset && parseDataset(projectId, input.defaultDataset),
    destination:
      input.destinationTable && parseDestination(projectId, input.destinationTable, input, 'WRITE_EMPTY'),
    clustering: input.clustering,
    maximumBytesBilled: input.maximumBytesBilled,
    dryRun,
  };
}

export function parseDestination(
  projectId: string,
  table: Partial<TableReference> | undefined,
  input: Pick<QueryInput, 'writeDisposition' | 'createDisposition' | 'schemaUpdateOptions'>,
  defaultDisposition: WriteDisposition,
): Destination {
  const { writeDisposition = defaultDisposition, schemaUpdateOptions: schemaUpdates = [] } = input;
  if (schemaUpdates.length > 0 && writeDisposition !== 'WRITE_APPEND') {
    throw invalid(
      'Schema update options should only be specified with WRITE_APPEND disposition, or with WRITE_TRUNCATE disposition on a table partition.',
    );
  }
  return {
    reference: parseTable(projectId, table, 'destinationTable'),
    writeDisposition,
    createIfNeeded: input.createDisposition !== 'CREATE_NEVER',
    schemaUpdates,
  };
}

export function parseTable(
  projectId: string,
  table: Partial<TableReference> | undefined,
  name: string,
): TableReference {
  if (!table) throw invalid(`Required parameter is missing: ${name}`);
  const dataset = parseDataset(projectId, table);
  assertTableId(table.tableId);
  return { ...dataset, tableId: table.tableId };
}

function parseDataset(projectId: string, { projectId: other, datasetId }: DatasetName) {
  assertDatasetId(datasetId);
  return { projectId: other || projectId, datasetId };
}

/** The options that every job has. */
export function checkedJobOptions({
  labels,
  jobTimeoutMs,
}: Pick<ConfigurationInput, 'labels' | 'jobTimeoutMs'>) {
  if (labels) checkedLabels(labels);
  // 0 is no limit. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfiguration
  const limit = Number(jobTimeoutMs ?? 0);
  if (limit < 0) throw invalid(`Invalid value for jobTimeoutMs: ${jobTimeoutMs}; it must be 0 or more`);
  return { jobTimeoutMs: limit === 0 ? undefined : limit };
}
