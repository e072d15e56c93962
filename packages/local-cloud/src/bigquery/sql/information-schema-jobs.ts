import type { JobResource } from '../job-resources.ts';
import { isObject } from '../row-values.ts';
import { type Described, type MetadataTable, metadataTable, structType } from './metadata-table.ts';

const TABLE = structType('project_id', 'dataset_id', 'table_id');

/** The columns that are known here. https://docs.cloud.google.com/bigquery/docs/information-schema-jobs */
function jobsTable(allUsers: boolean): MetadataTable {
  return metadataTable<Row>(
    (described) => described.jobs(allUsers).map((job) => ({ job, described })),
    {
      creation_time: ['TIMESTAMP', ({ job }) => timeOf(job.statistics.creationTime)],
      project_id: ['STRING', ({ described }) => described.projectId],
      project_number: ['INT64', ({ described }) => described.projectNumber],
      user_email: ['STRING', ({ job }) => job.user_email],
      job_id: ['STRING', ({ job }) => job.jobReference.jobId],
      job_type: ['STRING', ({ job }) => job.configuration.jobType],
      statement_type: ['STRING', (row) => textOf(queryOf(row).statementType)],
      priority: ['STRING', (row) => (isQuery(row) ? 'INTERACTIVE' : null)],
      start_time: ['TIMESTAMP', ({ job }) => timeOf(job.statistics.startTime)],
      end_time: ['TIMESTAMP', ({ job }) => timeOf(job.statistics.endTime)],
      query: ['STRING', ({ job }) => job.configuration.query?.query],
      state: ['STRING', ({ job }) => job.status.state],
      reservation_id: ['STRING'],
      total_bytes_processed: ['INT64', ({ job }) => textOf(job.statistics.totalBytesProcessed)],
      total_slot_ms: ['INT64', ({ job }) => textOf(job.statistics.totalSlotMs)],
      total_modified_partitions: ['INT64'],
      total_bytes_billed: ['INT64', (row) => textOf(queryOf(row).totalBytesBilled)],
      transaction_id: ['STRING', ({ job }) => textOf(objectOf(job.statistics.transactionInfo).transactionId)],
      parent_job_id: ['STRING', ({ job }) => textOf(job.statistics.parentJobId)],
      cache_hit: ['BOOL', (row) => (isQuery(row) ? false : null)],
      error_result: [structType('reason', 'location', 'debug_info', 'message'), errorOf],
      destination_table: [TABLE, ({ job }) => tableOf(job.configuration.query?.destinationTable)],
      referenced_tables: [{ kind: 'ARRAY', element: TABLE }, referencedTables],
      labels: [
        { kind: 'ARRAY', element: structType('key', 'value') },
        ({ job }) => Object.entries(job.configuration.labels ?? {}),
      ],
      dml_statistics: [
        structType('inserted_row_count', 'deleted_row_count', 'updated_row_count'),
        (row) => dmlOf(queryOf(row).dmlStats),
      ],
    },
    { ofProject: true },
  );
}

export const JOBS = jobsTable(true);
export const JOBS_BY_USER = jobsTable(false);

interface Row {
  readonly job: JobResource;
  readonly described: Described;
}

const objectOf = (value: unknown) => (isObject(value) ? value : {});
const queryOf = ({ job }: Row) => objectOf(job.statistics.query);
const isQuery = ({ job }: Row) => job.configuration.jobType === 'QUERY';

function errorOf({ job: { status } }: Row): (string | null)[] | undefined {
  const { errorResult } = status;
  return errorResult && [errorResult.reason, errorResult.location ?? null, null, errorResult.message];
}

function referencedTables(row: Row): ((string | null)[] | null)[] {
  const { referencedTables } = queryOf(row);
  return (Array.isArray(referencedTables) ? referencedTables : []).map(tableOf);
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
