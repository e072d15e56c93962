import { Type } from '@sinclair/typebox';
import { datasetName } from './bigquery-dataset.ts';
import { tableName } from './bigquery-table.ts';
import { shortName } from './common.ts';
import { grantType } from './grant.ts';

export const datasetGrant = grantType({
  target: { datasetId: Type.String() },
  resource: ({ datasetId = '' }, { project }) => datasetName(project, shortName(datasetId)),
  property: 'datasetId',
});

export const tableGrant = grantType({
  target: { datasetId: Type.String(), tableId: Type.String() },
  resource: ({ datasetId = '', tableId = '' }, { project }) =>
    tableName(project, shortName(datasetId), shortName(tableId)),
  property: 'tableId',
});
