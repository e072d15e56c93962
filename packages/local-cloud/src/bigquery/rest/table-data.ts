import type { InsertAllRequest } from '../table-data.ts';
import { FORMAT, formatOptions } from './format-options.ts';
import { type Method, method, ONE_TABLE, PAGING, withBody } from './method.ts';
import { ANY, BOOLEAN, listOf, message, STRING, UINT64 } from './types.ts';

const INSERT_ROW = message<{ json?: unknown }>('TableDataInsertAllRow', () => ({ json: ANY }), {
  // Google deduplicates rows by it as a best effort.
  inert: { insertId: STRING },
});

const INSERT_ALL = message<InsertAllRequest>(
  'TableDataInsertAllRequest',
  () => ({
    rows: listOf(INSERT_ROW),
    skipInvalidRows: BOOLEAN,
    ignoreUnknownValues: BOOLEAN,
  }),
  { output: { kind: STRING }, inert: { traceId: STRING }, refused: ['templateSuffix'] },
);

export const TABLE_DATA_METHODS: readonly Method[] = [
  withBody(
    'tabledata.insertAll',
    'POST',
    `${ONE_TABLE}/insertAll`,
    {},
    INSERT_ALL,
    (bigquery, { path, body }) => bigquery.insertAll(path.datasetId, path.tableId, body),
  ),
  method(
    'tabledata.list',
    'GET',
    `${ONE_TABLE}/data`,
    { ...PAGING, startIndex: UINT64, selectedFields: STRING, ...FORMAT },
    (bigquery, { path, query, access }) => {
      const { maxResults, pageToken, startIndex, selectedFields } = query;
      const request = {
        maxResults,
        pageToken,
        startIndex,
        selectedFields,
        formatOptions: formatOptions(query),
      };
      return bigquery.listRows(path.datasetId, path.tableId, request, access);
    },
  ),
];
