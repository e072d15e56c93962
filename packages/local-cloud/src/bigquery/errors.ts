import { type CanonicalCode, CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';

/** A position in the text of a query. Both numbers count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `project:dataset.table`, as BigQuery writes a table in messages. */
export function tableName({ projectId, datasetId, tableId }: TableReference): string {
  return `${projectId}:${datasetId}.${tableId}`;
}

/** An invalid request, apart from its query. */
export function invalid(message: string): CloudError {
  return new CloudError('INVALID_ARGUMENT', message, { reason: 'invalid' });
}

/** A query that BigQuery refuses too. */
export function invalidQuery(message: string, at?: Position): CloudError {
  return new CloudError('INVALID_ARGUMENT', `${message}${positionSuffix(at)}`, { reason: 'invalidQuery' });
}

/** A query that BigQuery may accept, but that DuckDB is not known to answer alike. */
export function unsupported(what: string, at?: Position): CloudError {
  return invalidQuery(`${what} is not supported by the local BigQuery`, at);
}

export function syntaxError(message: string, at: Position): CloudError {
  return invalidQuery(`Syntax error: ${message}`, at);
}

/** Jobs name the location that they ran in; methods of a dataset or table have none to name. */
export function datasetNotFound(projectId: string, datasetId: string, location?: string): CloudError {
  return notFound(`Dataset ${projectId}:${datasetId}`, location);
}

/** As `datasetNotFound`. */
export function tableNotFound(table: TableReference, location?: string): CloudError {
  return notFound(`Table ${tableName(table)}`, location);
}

function notFound(what: string, location: string | undefined): CloudError {
  const where = location === undefined ? '' : ` was not found in location ${location}`;
  return new CloudError('NOT_FOUND', `Not found: ${what}${where}`);
}

/** The same reference. Throws NOT_FOUND for one of another project. */
export function inProject(reference: TableReference, projectId: string, location: string): TableReference {
  if (reference.projectId === projectId) return reference;
  throw datasetNotFound(reference.projectId, reference.datasetId, location);
}

function positionSuffix(at: Position | undefined): string {
  return at ? ` at [${at.line}:${at.column}]` : '';
}

const REASON_OF_CODE: Readonly<Partial<Record<CanonicalCode, string>>> = {
  INVALID_ARGUMENT: 'invalid',
  OUT_OF_RANGE: 'invalid',
  FAILED_PRECONDITION: 'invalid',
  NOT_FOUND: 'notFound',
  ALREADY_EXISTS: 'duplicate',
  PERMISSION_DENIED: 'accessDenied',
  UNAUTHENTICATED: 'authError',
  RESOURCE_EXHAUSTED: 'rateLimitExceeded',
  CANCELLED: 'stopped',
  UNIMPLEMENTED: 'notImplemented',
  UNAVAILABLE: 'backendError',
};

/** `errors[].reason` of a response, and `errorResult.reason` of a job. */
export function reasonOf({ code, reason }: CloudError): string {
  return reason ?? REASON_OF_CODE[code] ?? 'internalError';
}
