import type { Access } from '../../callers.ts';
import { requireOnDataset, requireOnProject, requireOnTable } from '../access.ts';
import { Results } from '../results.ts';

// The permission that each method requires, by kind of resource. https://docs.cloud.google.com/bigquery/docs/access-control

const ON_PROJECT: Readonly<Record<string, string>> = {
  'datasets.insert': 'bigquery.datasets.create',
  'datasets.undelete': 'bigquery.datasets.create',
  'jobs.insert': 'bigquery.jobs.create',
  'jobs.list': 'bigquery.jobs.list',
  'jobs.query': 'bigquery.jobs.create',
};

const ON_DATASET: Readonly<Record<string, string>> = {
  'datasets.delete': 'bigquery.datasets.delete',
  'datasets.get': 'bigquery.datasets.get',
  'datasets.patch': 'bigquery.datasets.update',
  'datasets.update': 'bigquery.datasets.update',
  'models.list': 'bigquery.models.list',
  'routines.delete': 'bigquery.routines.delete',
  'routines.get': 'bigquery.routines.get',
  'routines.insert': 'bigquery.routines.create',
  'routines.list': 'bigquery.routines.list',
  'routines.update': 'bigquery.routines.update',
  'tables.insert': 'bigquery.tables.create',
  'tables.list': 'bigquery.tables.list',
};

const ON_TABLE: Readonly<Record<string, string>> = {
  'tabledata.insertAll': 'bigquery.tables.updateData',
  'tabledata.list': 'bigquery.tables.getData',
  'tables.delete': 'bigquery.tables.delete',
  'rowAccessPolicies.list': 'bigquery.tables.get',
  'tables.get': 'bigquery.tables.get',
  'tables.getIamPolicy': 'bigquery.tables.getIamPolicy',
  'tables.patch': 'bigquery.tables.update',
  'tables.setIamPolicy': 'bigquery.tables.setIamPolicy',
  'tables.update': 'bigquery.tables.update',
};

/** The service checks these: jobs and results belong to their creators, and lists hold only what the caller may see. */
const BY_THE_SERVICE = new Set([
  'datasets.list',
  'jobs.cancel',
  'jobs.delete',
  'jobs.get',
  'jobs.getQueryResults',
  'projects.getServiceAccount',
  'projects.list',
  // It answers which permissions the caller has.
  'tables.testIamPermissions',
]);

/** Throws CloudError PERMISSION_DENIED when the caller may not call the method on the resource in the path. */
export function authorize(
  access: Access,
  method: string,
  projectId: string,
  { datasetId = '', tableId = '' }: Readonly<Record<string, string>>,
): void {
  const onProject = ON_PROJECT[method];
  const onDataset = ON_DATASET[method];
  const onTable = ON_TABLE[method];
  if (onProject) requireOnProject(access, onProject, projectId);
  else if (onDataset) requireOnDataset(access, onDataset, projectId, datasetId);
  else if (onTable) {
    if (datasetId !== Results.datasetId) requireOnTable(access, onTable, { projectId, datasetId, tableId });
  } else if (!BY_THE_SERVICE.has(method))
    throw new Error(`No permission is declared for the method ${method}`);
}
