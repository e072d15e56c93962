import type { JobResource } from '../job-resources.ts';
import { isObject } from '../row-values.ts';
import { type DataType, scalar } from '../types.ts';
import { type Described, type MetadataRow, type MetadataTable, typed } from './metadata-table.ts';

const struct = (...names: string[]): DataType => ({
  kind: 'STRUCT',
  fields: names.map((name) => ({ name, type: scalar(name.endsWith('_count') ? 'INT64' : 'STRING') })),
});

const TABLE = struct('project_id', 'dataset_id', 'table_id');

/** The columns that are known here. https://docs.cloud.google.com/bigquery/docs/information-schema-jobs */
const COLUMNS: MetadataTable['columns'] = {
  ...typed({
    creation_time: 'TIMESTAMP',
    project_id: 'STRING',
    project_number: 'INT64',
    user_email: 'STRING',
    job_id: 'STRING',
    job_type: 'STRING',
    statement_type: 'STRING',
    priority: 'STRING',
    start_time: 'TIMESTAMP',
    end_time: 'TIMESTAMP',
    query: 'STRING',
    state: 'STRING',
    reservation_id: 'STRING',
    total_bytes_processed: 'INT64',
    total_slot_ms: 'INT64',
    total_modified_partitions: 'INT64',
    total_bytes_billed: 'INT64',
    transaction_id: 'STRING',
    parent_job_id: 'STRING',
    cache_hit: 'BOOL',
  }),
  error_result: struct('reason', 'location', 'debug_info', 'message'),
  destination_table: TABLE,
  referenced_tables: { kind: 'ARRAY', element: TABLE },
  labels: { kind: 'ARRAY', element: struct('key', 'value') },
  dml_statistics: struct('inserted_row_count', 'deleted_row_count', 'updated_row_count'),
};

function jobsTable(allUsers: boolean): MetadataTable {
  return {
    ofProject: true,
    columns: COLUMNS,
    rows: (described) => described.jobs(allUsers).map((job) => jobRow(job, described)),
  };
}

export const JOBS = jobsTable(true);
export const JOBS_BY_USER = jobsTable(false);

function jobRow(job: JobResource, { projectId, projectNumber }: Described): MetadataRow {
  const { jobReference, configuration, status, statistics, user_email } = job;
  const query = isObject(statistics.query) ? statistics.query : {};
  const { errorResult } = status;
  const destination = configuration.query?.destinationTable;
  return {
    values: {
      creation_time: timeOf(statistics.creationTime),
      project_id: projectId,
      project_number: projectNumber,
      user_email,
      job_id: jobReference.jobId,
      job_type: configuration.jobType,
      statement_type: textOf(query.statementType),
      priority: configuration.jobType === 'QUERY' ? 'INTERACTIVE' : null,
      start_time: timeOf(statistics.startTime),
      end_time: timeOf(statistics.endTime),
      query: configuration.query?.query,
      state: status.state,
      total_bytes_processed: textOf(statistics.totalBytesProcessed),
      total_slot_ms: textOf(statistics.totalSlotMs),
      transaction_id: isObject(statistics.transactionInfo)
        ? textOf(statistics.transactionInfo.transactionId)
        : null,
      total_bytes_billed: textOf(query.totalBytesBilled),
      parent_job_id: textOf(statistics.parentJobId),
      cache_hit: configuration.jobType === 'QUERY' ? false : null,
      error_result: errorResult && [
        errorResult.reason,
        errorResult.location ?? null,
        null,
        errorResult.message,
      ],
      destination_table: tableOf(destination),
      referenced_tables: (Array.isArray(query.referencedTables) ? query.referencedTables : []).map(tableOf),
      labels: Object.entries(configuration.labels ?? {}).map(([key, value]) => [key, value]),
      dml_statistics: dmlOf(query.dmlStats),
    },
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Of milliseconds since the epoch, as the REST API has them. */
function timeOf(value: unknown): string | null {
  return typeof value === 'string' ? new Date(Number(value)).toISOString() : null;
}

function tableOf(value: unknown): (string | null)[] | null {
  if (!isObject(value)) return null;
  return [value.projectId, value.datasetId, value.tableId].map(textOf);
}

function dmlOf(value: unknown): (string | null)[] | null {
  if (!isObject(value)) return null;
  const counts = [value.insertedRowCount, value.deletedRowCount, value.updatedRowCount];
  return counts.map((count) => textOf(count) ?? '0');
}
