import { invalid, tableName } from '../errors.ts';
import { listPage } from '../page.ts';
import type { TableInput, TableResource } from '../resources.ts';
import { selectedColumns } from '../selected-columns.ts';
import type { Field } from '../types.ts';
import { CLUSTERING, outputs, RESOURCE, TABLE_REFERENCE, TABLE_SCHEMA } from './messages.ts';
import { type Method, method, ONE_TABLE, PAGING, TABLES, withBody } from './method.ts';
import { BOOLEAN, INT64, mapOf, message, oneOf, STRING, UINT64 } from './types.ts';

const TIME_PARTITIONING = message<NonNullable<TableInput['timePartitioning']>>(
  'TimePartitioning',
  () => ({ type: STRING, field: STRING }),
  { refused: ['expirationMs', 'requirePartitionFilter'] },
);

const VIEW = message<NonNullable<TableInput['view']>>(
  'ViewDefinition',
  () => ({ query: STRING, useLegacySql: BOOLEAN }),
  {
    refused: [
      'foreignDefinitions',
      'privacyPolicy',
      'useExplicitColumnNames',
      'userDefinedFunctionResources',
    ],
  },
);

const TABLE = message<TableInput>(
  'Table',
  () => ({
    tableReference: TABLE_REFERENCE,
    schema: TABLE_SCHEMA,
    friendlyName: STRING,
    description: STRING,
    labels: mapOf(STRING),
    clustering: CLUSTERING,
    timePartitioning: TIME_PARTITIONING,
    expirationTime: INT64,
    view: VIEW,
  }),
  {
    output: {
      ...RESOURCE,
      creationTime: INT64,
      lastModifiedTime: UINT64,
      type: STRING,
      location: STRING,
      numRows: UINT64,
      numBytes: INT64,
      numLongTermBytes: INT64,
      numTotalLogicalBytes: INT64,
      numActiveLogicalBytes: INT64,
      numLongTermLogicalBytes: INT64,
      ...outputs(
        'cloneDefinition',
        'managedTableType',
        'materializedViewStatus',
        'numActivePhysicalBytes',
        'numCurrentPhysicalBytes',
        'numLongTermPhysicalBytes',
        'numPartitions',
        'numPhysicalBytes',
        'numTimeTravelPhysicalBytes',
        'numTotalPhysicalBytes',
        'replicas',
        'restrictions',
        'snapshotDefinition',
        'streamingBuffer',
      ),
    },
    refused: [
      'biglakeConfiguration',
      'defaultCollation',
      'defaultRoundingMode',
      'encryptionConfiguration',
      'externalCatalogTableOptions',
      'externalDataConfiguration',
      'materializedView',
      'maxStaleness',
      'model',
      'partitionDefinition',
      'rangePartitioning',
      'requirePartitionFilter',
      'resourceTags',
      'tableConstraints',
      'tableReplicationInfo',
    ],
    keepNulls: true,
  },
);

const TABLE_VIEWS = oneOf('TABLE_METADATA_VIEW_UNSPECIFIED', 'BASIC', 'STORAGE_STATS', 'FULL');

/** What tells the size of a table, which a view BASIC leaves out. */
const STORAGE = [
  'numRows',
  'numBytes',
  'numLongTermBytes',
  'numTotalLogicalBytes',
  'numActiveLogicalBytes',
  'numLongTermLogicalBytes',
  'lastModifiedTime',
] as const;

type SelectedTable = Omit<TableResource, 'schema' | (typeof STORAGE)[number]> & {
  readonly schema?: { readonly fields: readonly Field[] };
};

export const TABLE_METHODS: readonly Method[] = [
  method('tables.list', 'GET', TABLES, PAGING, async (bigquery, { path, query }) => {
    const all = await bigquery.listTables(path.datasetId);
    const { items, ...rest } = listPage(all, query, `tables ${path.datasetId}`);
    return {
      kind: 'bigquery#tableList',
      ...(items.length > 0 && { tables: items }),
      totalItems: all.length,
      ...rest,
    };
  }),
  withBody('tables.insert', 'POST', TABLES, {}, TABLE, (bigquery, { path, body, access }) =>
    bigquery.insertTable(path.datasetId, body, access),
  ),
  method(
    'tables.get',
    'GET',
    ONE_TABLE,
    { selectedFields: STRING, view: TABLE_VIEWS },
    async (bigquery, { path, query, access }): Promise<SelectedTable> => {
      const table = await bigquery.getTable(path.datasetId, path.tableId, access);
      return selectedTable(table, query.selectedFields, query.view);
    },
  ),
  withBody(
    'tables.patch',
    'PATCH',
    ONE_TABLE,
    { autodetect_schema: BOOLEAN },
    TABLE,
    (bigquery, { path, query, body, ifMatch, access }) => {
      assertNoAutodetect(query.autodetect_schema);
      return bigquery.patchTable(path.datasetId, path.tableId, body, ifMatch, access);
    },
  ),
  withBody(
    'tables.update',
    'PUT',
    ONE_TABLE,
    { autodetect_schema: BOOLEAN },
    TABLE,
    (bigquery, { path, query, body, ifMatch, access }) => {
      assertNoAutodetect(query.autodetect_schema);
      return bigquery.updateTable(path.datasetId, path.tableId, body, ifMatch, access);
    },
  ),
  method('tables.delete', 'DELETE', ONE_TABLE, {}, async (bigquery, { path, ifMatch }) => {
    await bigquery.deleteTable(path.datasetId, path.tableId, ifMatch);
    return undefined;
  }),
];

function assertNoAutodetect(autodetect: boolean | undefined): void {
  if (autodetect) throw invalid('autodetect_schema is not supported by the local BigQuery');
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables/get */
function selectedTable(
  { schema, ...table }: TableResource,
  selectedFields: string | undefined,
  view: 'TABLE_METADATA_VIEW_UNSPECIFIED' | 'BASIC' | 'STORAGE_STATS' | 'FULL' | undefined,
): SelectedTable {
  const fields = selectedColumns(schema.fields, selectedFields, tableName(table.tableReference));
  const hidden: readonly string[] = view === 'BASIC' ? STORAGE : [];
  const shown = Object.fromEntries(Object.entries(table).filter(([name]) => !hidden.includes(name)));
  return { ...(shown as typeof table), ...(fields.length > 0 && { schema: { fields } }) };
}
