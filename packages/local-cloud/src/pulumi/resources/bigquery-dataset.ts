import { Type } from '@sinclair/typebox';
import { applied, type Declared } from '../resource-type.ts';
import { DeletionPolicy, Labels, labelOutputs, labelPatch, withProject } from './common.ts';

/** The location of a dataset that names none. https://docs.cloud.google.com/bigquery/docs/locations */
const DEFAULT_LOCATION = 'US';

const Inputs = Type.Object(
  {
    datasetId: Type.String(),
    project: Type.Optional(Type.String()),
    location: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    friendlyName: Type.Optional(Type.String()),
    labels: Type.Optional(Labels),
    defaultTableExpirationMs: Type.Optional(Type.Integer()),
    deleteContentsOnDestroy: Type.Optional(Type.Boolean()),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const datasetName = (project: string, datasetId: string) =>
  `projects/${project}/datasets/${datasetId}`;

export const dataset = applied({
  effect: 'a dataset of the local BigQuery',
  inputs: Inputs,
  notEmulated: {
    maxTimeTravelHours: 'time travel of the local BigQuery always reads seven days',
    storageBillingModel: 'nothing is billed',
    defaultEncryptionConfiguration: 'local files are not encrypted',
    resourceTags: 'no policy looks at tags',
  },
  refused: {
    accesses: 'access lists are not emulated, use gcp.bigquery.DatasetIamMember',
    defaultCollation: 'strings compare by their bytes',
    isCaseInsensitive: 'names of tables are case-sensitive',
    defaultPartitionExpirationMs: 'partitions do not expire',
    externalCatalogDatasetOptions: 'there are no external catalogs',
    externalDatasetReference: 'there are no external datasets',
  },
  holds: 'its tables and their rows',
  defaults: (declared) => ({
    ...withProject(declared),
    location: declared.inputs.location ?? DEFAULT_LOCATION,
  }),
  resourceName: nameOf,
  outputs(declared) {
    const id = nameOf(declared);
    return {
      id,
      selfLink: `https://bigquery.googleapis.com/bigquery/v2/${id}`,
      ...labelOutputs(declared.inputs.labels),
    };
  },
  async create({ inputs, cloud }) {
    await cloud.bigquery.insertDataset({
      datasetReference: { projectId: inputs.project, datasetId: inputs.datasetId },
      location: inputs.location,
      ...settings(inputs),
    });
    return undefined;
  },
  async update({ inputs, old, cloud }) {
    await cloud.bigquery.patchDataset(inputs.datasetId, settings(inputs, old));
    return undefined;
  },
  async delete({ inputs, cloud }) {
    await cloud.bigquery.deleteDataset(inputs.datasetId, {
      deleteContents: inputs.deleteContentsOnDestroy ?? false,
    });
  },
});

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return datasetName(inputs.project ?? context.project, inputs.datasetId);
}

/** Null removes what an earlier deployment set. */
function settings({ description, friendlyName, labels, defaultTableExpirationMs }: Inputs, old?: Inputs) {
  return {
    description: description ?? null,
    friendlyName: friendlyName ?? null,
    defaultTableExpirationMs: defaultTableExpirationMs === undefined ? null : `${defaultTableExpirationMs}`,
    labels: labelPatch(labels, old?.labels),
  };
}
