import { Type } from '@sinclair/typebox';
import type { TableReference } from '../../warehouse.ts';
import { applied, type Declared } from '../resource-type.ts';
import { datasetName } from './bigquery-dataset.ts';
import { tableName } from './bigquery-table.ts';
import { DeletionPolicy, shortName, withProject } from './common.ts';

const Inputs = Type.Object(
  {
    datasetId: Type.String(),
    project: Type.Optional(Type.String()),
    view: Type.Object(
      { projectId: Type.String(), datasetId: Type.String(), tableId: Type.String() },
      { additionalProperties: false },
    ),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

const GRANT = 'use gcp.bigquery.DatasetIamMember, whose grants are checked';

/** One entry of the access list of a dataset: an authorized view. */
export const datasetAccess = applied({
  effect: 'the view may read the tables of the dataset for everybody who may read the view',
  inputs: Inputs,
  notEmulated: {},
  refused: {
    authorizedDataset: 'authorized datasets are not emulated, name each view',
    condition: 'IAM conditions are not evaluated, so the entry would allow more than declared',
    domain: GRANT,
    groupByEmail: GRANT,
    iamMember: GRANT,
    role: GRANT,
    routine: 'routines are not emulated',
    specialGroup: GRANT,
    userByEmail: GRANT,
  },
  defaults: (declared) => ({ ...withProject(declared), datasetId: shortName(declared.inputs.datasetId) }),
  outputs: (declared) => ({ id: `${sourceOf(declared)}/${viewName(declared.inputs)}` }),
  references: (declared) => [
    { property: 'datasetId', resource: sourceOf(declared) },
    { property: 'view', resource: viewName(declared.inputs) },
  ],
  async create({ inputs, cloud }) {
    await cloud.bigquery.authorizeView(inputs.datasetId, viewOf(inputs), true);
    return undefined;
  },
  async delete({ inputs, cloud }) {
    await cloud.bigquery.authorizeView(inputs.datasetId, viewOf(inputs), false);
  },
});

function sourceOf({ inputs, context }: Declared<Inputs>): string {
  return datasetName(inputs.project ?? context.project, shortName(inputs.datasetId));
}

function viewOf({ view: { projectId, datasetId, tableId } }: Inputs): TableReference {
  return { projectId, datasetId, tableId };
}

function viewName({ view: { projectId, datasetId, tableId } }: Inputs): string {
  return tableName(projectId, datasetId, tableId);
}
