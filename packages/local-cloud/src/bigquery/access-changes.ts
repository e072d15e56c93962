import type { Access } from '../callers.ts';
import type { TableReference } from '../warehouse.ts';
import { datasetResource, requireOnDataset, requireOnTable, tableResource } from './access.ts';
import type { ServiceContext } from './datasets.ts';
import { datasetNotFound } from './errors.ts';
import type { Common } from './sql/translate.ts';

/** GRANT or REVOKE: each role for each member. */
export interface AccessTranslation extends Common {
  readonly kind: 'access';
  readonly verb: 'GRANT' | 'REVOKE';
  readonly noun: 'SCHEMA' | 'TABLE' | 'VIEW';
  /** Of a table or view; of a dataset without `tableId`. */
  readonly target: Omit<TableReference, 'tableId'> & Partial<TableReference>;
  readonly roles: readonly string[];
  readonly members: readonly string[];
}

/** Throws PERMISSION_DENIED. */
export function authorizeAccess(access: Access, { target }: AccessTranslation): void {
  const { projectId, datasetId, tableId } = target;
  if (tableId === undefined) requireOnDataset(access, 'bigquery.datasets.update', projectId, datasetId);
  else requireOnTable(access, 'bigquery.tables.setIamPolicy', { projectId, datasetId, tableId });
}

/** Throws NOT_FOUND for the dataset, INVALID_ARGUMENT for a role or member that is not known; then nothing is changed. */
export function changeAccess(
  translation: AccessTranslation,
  { iam, catalog, location }: ServiceContext,
): void {
  const { target, verb, roles, members } = translation;
  const { projectId, datasetId, tableId } = target;
  if (!catalog.findDataset(datasetId)) throw datasetNotFound(projectId, datasetId, location);
  const resource =
    tableId === undefined
      ? datasetResource(projectId, datasetId)
      : tableResource({ projectId, datasetId, tableId });
  const { bindings } = iam.policyOf(resource);
  const others = bindings.map(({ role, members: held }) => ({
    role,
    members: held.filter((member) => !roles.includes(role) || !members.includes(member)),
  }));
  const granted = verb === 'GRANT' ? roles.map((role) => ({ role, members })) : [];
  iam.setPolicy(resource, { bindings: [...others, ...granted] });
}
