import { type Access, grantHint } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { tableName } from './errors.ts';

export function requireOnProject(access: Access, permission: string, projectId: string): void {
  const rule = `User does not have ${permission} permission in project ${projectId}.`;
  demand(access, permission, `projects/${projectId}`, `Project ${projectId}: ${rule}`);
}

export function requireOnDataset(
  access: Access,
  permission: string,
  projectId: string,
  datasetId: string,
): void {
  const name = `${projectId}:${datasetId}`;
  const rule = `Permission ${permission} denied on dataset ${name} (or it may not exist).`;
  demand(access, permission, datasetResource(projectId, datasetId), `Dataset ${name}: ${rule}`);
}

export function requireOnTable(access: Access, permission: string, table: TableReference): void {
  const name = tableName(table);
  const rule = `Permission ${permission} denied on table ${name} (or it may not exist).`;
  demand(access, permission, tableResource(table), `Table ${name}: ${rule}`);
}

/** https://docs.cloud.google.com/bigquery/docs/running-queries#required_permissions */
export function requireToQuery(access: Access, table: TableReference): void {
  const name = tableName(table);
  const rule = `User does not have permission to query table ${name}, or perhaps it does not exist.`;
  demand(access, 'bigquery.tables.getData', tableResource(table), `Table ${name}: ${rule}`);
}

/** A resource that its creator may read without a grant. */
export interface Owned {
  /** The account that created it; undefined for the developer. */
  readonly owner: string | undefined;
}

/** The creator of a job needs no grant; every other caller needs `permission` on the project. */
export function requireOnJob(
  access: Access,
  permission: string,
  projectId: string,
  job: Owned & { id: string; location: string },
): void {
  if (access.member === job.owner) return;
  const name = `${projectId}:${job.location}.${job.id}`;
  const rule = `Permission ${permission} denied on job ${name} (or it may not exist).`;
  demand(access, permission, `projects/${projectId}`, `Job ${name}: ${rule}`);
}

/** "Only the user who ran the query can access it." https://docs.cloud.google.com/bigquery/docs/cached-results */
export function requireOwner(access: Access, table: TableReference, { owner }: Owned): void {
  if (access.member === undefined || access.member === owner) return;
  const name = tableName(table);
  throw denied(
    `Table ${name}: Permission bigquery.tables.getData denied on table ${name} (or it may not exist).`,
    'only the account that ran a query can read its anonymous table; no role changes that',
  );
}

/** The URL of a resource at Google, which the API shows. */
export function selfLink(path: string): string {
  return `https://bigquery.googleapis.com/bigquery/v2/${path}`;
}

export function datasetResource(projectId: string, datasetId: string): string {
  return `projects/${projectId}/datasets/${datasetId}`;
}

export function tableResource({ projectId, datasetId, tableId }: TableReference): string {
  return `${datasetResource(projectId, datasetId)}/tables/${tableId}`;
}

function demand(access: Access, permission: string, resource: string, message: string): void {
  if (access.allows(permission, resource)) return;
  throw denied(message, grantHint(access.member, permission, resource));
}

function denied(message: string, hint: string): CloudError {
  return new CloudError('PERMISSION_DENIED', `Access Denied: ${message}`, { hint });
}
