import { emailOf } from '../callers.ts';
import type { CloudError } from '../errors.ts';
import { selfLink } from './access.ts';
import type { AccessTranslation } from './access-changes.ts';
import { reasonOf } from './errors.ts';
import type { ConfigurationInput } from './job-configuration.ts';
import type { Job, JobType } from './jobs.ts';
import { etagOf } from './resources.ts';
import { Results } from './results.ts';

export interface JobReference {
  readonly projectId: string;
  readonly jobId: string;
  readonly location: string;
}

interface ErrorProto {
  readonly reason: string;
  readonly message: string;
  readonly location?: string;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job */
export interface JobResource {
  readonly kind: 'bigquery#job';
  readonly etag: string;
  readonly id: string;
  readonly selfLink: string;
  readonly user_email: string;
  readonly jobReference: JobReference;
  readonly configuration: ConfigurationInput & { readonly jobType: JobType };
  readonly status: {
    readonly state: string;
    readonly errorResult?: ErrorProto;
    readonly errors?: readonly ErrorProto[];
  };
  readonly statistics: Readonly<Record<string, unknown>>;
}

export function jobReference(projectId: string, { id, location }: Job): JobReference {
  return { projectId, jobId: id, location };
}

export function jobResource(projectId: string, job: Job): JobResource {
  const errors = jobErrors(job);
  const resource = {
    kind: 'bigquery#job' as const,
    id: `${projectId}:${job.location}.${job.id}`,
    selfLink: selfLink(`projects/${projectId}/jobs/${job.id}?location=${job.location}`),
    user_email: emailOf(job.owner),
    jobReference: jobReference(projectId, job),
    configuration: jobConfiguration(projectId, job),
    status: {
      state: job.state,
      ...(job.error && { errorResult: errorProto(job.error) }),
      ...(errors.length > 0 && { errors }),
    },
    statistics: jobStatistics(job),
  };
  return { ...resource, etag: etagOf(resource) };
}

/** The error of a job, and those of single rows, which do not always fail it. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatus */
function jobErrors({ error, rowErrors }: Job): ErrorProto[] {
  return [...(error ? [errorProto(error)] : []), ...rowErrors.map(errorProto)];
}

function errorProto(error: CloudError): ErrorProto {
  const reason = reasonOf(error);
  return { reason, message: error.message, ...(reason === 'invalidQuery' && { location: 'query' }) };
}

/** The configuration, with the table that holds the job's rows: its own destination or an anonymous table. */
function jobConfiguration(projectId: string, job: Job): JobResource['configuration'] {
  const { query, ...others } = job.configuration;
  const result = job.outcome?.result;
  const destinationTable =
    job.outcome?.destination ??
    (result && { projectId, datasetId: Results.datasetId, tableId: result.tableId });
  return {
    jobType: job.type,
    ...others,
    ...(query && {
      query: {
        useLegacySql: false,
        priority: 'INTERACTIVE',
        ...query,
        ...(destinationTable && { destinationTable }),
        ...(result && { createDisposition: 'CREATE_IF_NEEDED', writeDisposition: 'WRITE_TRUNCATE' }),
      },
    }),
  };
}

/** A query that failed or did not run is not billed. */
export function billedBytes(job: Job): number {
  return job.outcome ? (job.summary?.bytes.billed ?? 0) : 0;
}

function jobStatistics(job: Job): Readonly<Record<string, unknown>> {
  const { creationTime, endTime, summary, statistics, script, children, transactionId } = job;
  const times = {
    creationTime: String(creationTime),
    startTime: String(creationTime),
    ...(endTime !== undefined && { endTime: String(endTime) }),
    ...(children > 0 && { numChildJobs: String(children) }),
    ...(transactionId && { transactionInfo: { transactionId } }),
    ...(script && {
      parentJobId: script.parentJobId,
      scriptStatistics: { evaluationKind: script.evaluationKind, stackFrames: script.frames },
    }),
  };
  if (statistics) return { ...times, [job.type.toLowerCase()]: statistics };
  if (!summary) return times;
  const totalBytesProcessed = String(summary.bytes.processed);
  // A query takes one slot here, for as long as it runs.
  const slots = endTime !== undefined && { totalSlotMs: String(endTime - creationTime) };
  const { ddl, access } = summary.statementType === 'SCRIPT' ? {} : (job.outcome ?? {});
  return {
    ...times,
    ...slots,
    totalBytesProcessed,
    query: {
      ...slots,
      statementType: summary.statementType,
      totalBytesProcessed,
      totalBytesBilled: String(billedBytes(job)),
      cacheHit: false,
      referencedTables: summary.referencedTables,
      ...(summary.fields && job.configuration.dryRun && { schema: { fields: summary.fields } }),
      ...dmlStatistics(job),
      ...(access && dclTarget(access)),
      ...(ddl && { ddlOperationPerformed: ddl.operation }),
      ...(ddl?.table && { ddlTargetTable: ddl.table }),
      ...(ddl?.dataset && { ddlTargetDataset: ddl.dataset }),
      ...(ddl?.routine && { ddlTargetRoutine: ddl.routine }),
    },
  };
}

const DCL_TARGET = { SCHEMA: 'dclTargetDataset', TABLE: 'dclTargetTable', VIEW: 'dclTargetView' } as const;

function dclTarget({ noun, target }: AccessTranslation) {
  return { [DCL_TARGET[noun]]: target };
}

const COUNT_OF_OPERATION = {
  INSERT: 'insertedRowCount',
  UPDATE: 'updatedRowCount',
  DELETE: 'deletedRowCount',
} as const;

/** Rows that INSERT, UPDATE, DELETE, MERGE or TRUNCATE changed. */
export function dmlStatistics(job: Job): { numDmlAffectedRows?: string; dmlStats?: Record<string, string> } {
  const changed = job.outcome?.changedRows;
  if (!changed) return {};
  const operations = (['INSERT', 'UPDATE', 'DELETE'] as const).filter((name) => changed[name] !== undefined);
  const rows = operations.reduce((sum, name) => sum + (changed[name] ?? 0), 0);
  const counts = operations.map((name) => [COUNT_OF_OPERATION[name], String(changed[name])]);
  return { numDmlAffectedRows: String(rows), dmlStats: Object.fromEntries(counts) };
}
