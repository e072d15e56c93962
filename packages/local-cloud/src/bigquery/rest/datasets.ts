import { invalid } from '../errors.ts';
import { listPage } from '../page.ts';
import type { AccessEntry, DatasetInput, DatasetResource } from '../resources.ts';
import { DATASET_REFERENCE, outputs, RESOURCE, TABLE_REFERENCE } from './messages.ts';
import { DATASETS, type Method, method, ONE_DATASET, PAGING, type Parsed, withBody } from './method.ts';
import { BOOLEAN, INT32, INT64, listOf, mapOf, message, oneOf, STRING } from './types.ts';

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

const DATASET = message<DatasetInput>(
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

const UNDELETE = message<{ deletionTime?: string }>('UndeleteDatasetRequest', () => ({
  deletionTime: STRING,
}));

/** Conditions in policies are not emulated, so every version of a policy is the same. */
const POLICY_VERSION = { accessPolicyVersion: INT32 };
const DATASET_VIEWS = oneOf('DATASET_VIEW_UNSPECIFIED', 'METADATA', 'ACL', 'FULL');
const UPDATE_MODES = oneOf('UPDATE_MODE_UNSPECIFIED', 'UPDATE_METADATA', 'UPDATE_ACL', 'UPDATE_FULL');

export const DATASET_METHODS: readonly Method[] = [
  method(
    'datasets.list',
    'GET',
    DATASETS,
    { ...PAGING, all: BOOLEAN, filter: STRING },
    async (bigquery, { query, access }) => {
      const wanted = datasetFilter(query.filter, query.all ?? false);
      const all = (await bigquery.listDatasets(access)).filter(wanted);
      const { items, ...rest } = listPage(all, query, 'datasets');
      const datasets = items.map(({ kind, id, datasetReference, location, labels, friendlyName }) => {
        return { kind, id, datasetReference, location, labels, friendlyName };
      });
      return { kind: 'bigquery#datasetList', ...(datasets.length > 0 && { datasets }), ...rest };
    },
  ),
  withBody(
    'datasets.insert',
    'POST',
    DATASETS,
    POLICY_VERSION,
    DATASET,
    (bigquery, { query, body, access }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      return bigquery.insertDataset(body, access);
    },
  ),
  method(
    'datasets.get',
    'GET',
    ONE_DATASET,
    { ...POLICY_VERSION, datasetView: DATASET_VIEWS },
    async (bigquery, { path, query }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      const { access, ...metadata } = await bigquery.getDataset(path.datasetId);
      const { kind, etag, id, selfLink, datasetReference } = metadata;
      if (query.datasetView === 'METADATA') return metadata;
      if (query.datasetView === 'ACL') return { kind, etag, id, selfLink, datasetReference, access };
      return { ...metadata, access };
    },
  ),
  withBody(
    'datasets.patch',
    'PATCH',
    ONE_DATASET,
    { ...POLICY_VERSION, updateMode: UPDATE_MODES },
    DATASET,
    (bigquery, { path, query, body, ifMatch }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      return bigquery.patchDataset(path.datasetId, ofMode(query.updateMode, body), ifMatch);
    },
  ),
  withBody(
    'datasets.update',
    'PUT',
    ONE_DATASET,
    { ...POLICY_VERSION, updateMode: UPDATE_MODES },
    DATASET,
    (bigquery, { path, query, body, ifMatch }) => {
      assertPolicyVersion(query.accessPolicyVersion);
      const { datasetId } = path;
      if (query.updateMode !== 'UPDATE_ACL') {
        return bigquery.updateDataset(datasetId, ofMode(query.updateMode, body), ifMatch);
      }
      return bigquery.patchDataset(datasetId, ofMode(query.updateMode, body), ifMatch);
    },
  ),
  method(
    'datasets.delete',
    'DELETE',
    ONE_DATASET,
    { deleteContents: BOOLEAN },
    async (bigquery, { path, query: { deleteContents }, ifMatch }) => {
      await bigquery.deleteDataset(path.datasetId, { deleteContents }, ifMatch);
      return undefined;
    },
  ),
  withBody('datasets.undelete', 'POST', `${ONE_DATASET}:undelete`, {}, UNDELETE, (bigquery, { path, body }) =>
    bigquery.undeleteDataset(path.datasetId, body.deletionTime),
  ),
];

/**
 * Which datasets a list has. The filter is `labels.KEY[:VALUE]`, several separated by spaces; all must match.
 * https://docs.cloud.google.com/bigquery/docs/filtering-labels#filter_datasets_using_labels
 */
function datasetFilter(filter = '', all: boolean): (dataset: DatasetResource) => boolean {
  const conditions = filter.split(/\s+(?:AND\s+)?/i).filter((text) => text !== '');
  const tests = conditions.map((condition) => {
    const [, key = '', value] = /^labels\.([^\s:]+)(?::(\S*))?$/.exec(condition) ?? [];
    if (key === '') {
      throw invalid(
        `Invalid value for filter: ${filter}; it must be labels.KEY or labels.KEY:VALUE, separated by spaces`,
      );
    }
    return ({ labels }: DatasetResource) =>
      labels !== undefined &&
      labels !== null &&
      Object.hasOwn(labels, key) &&
      (value === undefined || value === '*' || labels[key] === value);
  });
  return (dataset) =>
    // The name of a hidden dataset begins with an underscore.
    (all || !dataset.datasetReference.datasetId.startsWith('_')) && tests.every((test) => test(dataset));
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/datasets/get#body.QUERY_PARAMETERS.access_policy_version */
function assertPolicyVersion(version: number | undefined): void {
  if (version === undefined || [0, 1, 3].includes(version)) return;
  throw invalid(`Invalid value for accessPolicyVersion: ${version}; it must be 0, 1 or 3`);
}

/** The part of a dataset that an update may change. */
function ofMode<T extends { readonly access?: unknown }>(
  mode: Parsed<typeof UPDATE_MODES> | undefined,
  dataset: T,
): T {
  if (mode !== 'UPDATE_METADATA' && mode !== 'UPDATE_ACL') return dataset;
  const { access, ...metadata } = dataset;
  if (mode === 'UPDATE_METADATA') return metadata as T;
  return { access } as T;
}
