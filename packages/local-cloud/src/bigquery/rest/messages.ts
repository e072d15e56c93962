import type { TableReference } from '../../warehouse.ts';
import { ANY, INT64, listOf, type Message, message, STRING, type ValueType } from './types.ts';

// What the requests of several resources have. Requests are declared as far as the local BigQuery reads them; every other field is
// refused by name. https://docs.cloud.google.com/bigquery/docs/reference/rest

export const RESOURCE = { kind: STRING, etag: STRING, id: STRING, selfLink: STRING };

/** Fields that only responses have, and that no response here has. */
export function outputs(...names: readonly string[]): Record<string, ValueType> {
  return Object.fromEntries(names.map((name) => [name, ANY]));
}

export const DATASET_REFERENCE = message<{ datasetId?: string; projectId?: string }>(
  'DatasetReference',
  () => ({
    datasetId: STRING,
    projectId: STRING,
  }),
);

export const TABLE_REFERENCE = message<Partial<TableReference>>('TableReference', () => ({
  projectId: STRING,
  datasetId: STRING,
  tableId: STRING,
}));

interface ColumnInput {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly description?: string;
  readonly fields?: readonly ColumnInput[];
  readonly maxLength?: string;
  readonly precision?: string;
  readonly scale?: string;
  readonly timestampPrecision?: string;
  readonly rangeElementType?: { readonly type?: string };
}

const RANGE_ELEMENT = message<{ type?: string }>('FieldElementType', () => ({ type: STRING }));

/** The columns of a table. `parseFields` reads them: its errors name the column. */
const COLUMN: Message<ColumnInput> = message<ColumnInput>(
  'TableFieldSchema',
  () => ({
    name: STRING,
    type: STRING,
    mode: STRING,
    description: STRING,
    fields: listOf(COLUMN),
    maxLength: INT64,
    precision: INT64,
    scale: INT64,
    timestampPrecision: INT64,
    rangeElementType: RANGE_ELEMENT,
  }),
  {
    refused: [
      'categories',
      'collation',
      'dataGovernanceTagsInfo',
      'dataPolicies',
      'dataPolicyList',
      'defaultValueExpression',
      'foreignTypeDefinition',
      'generatedColumn',
      'policyTags',
      'roundingMode',
    ],
  },
);
const COLUMNS: ValueType<unknown[]> = {
  ...listOf(ANY),
  schema: () => listOf(COLUMN).schema(),
  message: () => COLUMN,
};

export const TABLE_SCHEMA = message<{ fields?: readonly unknown[] }>(
  'TableSchema',
  () => ({ fields: COLUMNS }),
  {
    refused: ['foreignTypeInfo'],
  },
);

export const CLUSTERING = message<{ fields?: readonly string[] }>('Clustering', () => ({
  fields: listOf(STRING),
}));
