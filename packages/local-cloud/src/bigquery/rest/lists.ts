import { invalid, tableName } from '../errors.ts';
import type { DatasetResource, TableResource } from '../resources.ts';
import type { RoutineResource } from '../routines.ts';
import { selectedColumns } from '../selected-columns.ts';
import type { Field } from '../types.ts';
import { oneOf } from './types.ts';

/**
 * Which datasets a list has. The filter is `labels.KEY[:VALUE]`, several separated by spaces; all must match.
 * https://docs.cloud.google.com/bigquery/docs/filtering-labels#filter_datasets_using_labels
 */
export function datasetFilter(filter = '', all: boolean): (dataset: DatasetResource) => boolean {
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

/** What a list shows of a routine. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/routines/list */
export const LISTED_OF_A_ROUTINE = 'etag,routineReference,routineType,creationTime,lastModifiedTime,language';

export function routineFilter(filter = ''): (routine: RoutineResource) => boolean {
  const [, type] = /^routineType:(\w+)$/.exec(filter) ?? [];
  if (filter && !type) throw invalid(`Invalid value for filter: ${filter}; it must be routineType:TYPE`);
  return ({ routineType }) => type === undefined || routineType === type;
}

/** The fields that a mask names, separated by commas; all of them for `*`. */
export function masked<T extends object>(resource: T, mask: string): object {
  const names = new Set(mask.split(',').map((name) => name.split('.')[0]));
  return Object.fromEntries(Object.entries(resource).filter(([name]) => names.has('*') || names.has(name)));
}

export const TABLE_VIEWS = oneOf('TABLE_METADATA_VIEW_UNSPECIFIED', 'BASIC', 'STORAGE_STATS', 'FULL');

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

export type SelectedTable = Omit<TableResource, 'schema' | (typeof STORAGE)[number]> & {
  readonly schema?: { readonly fields: readonly Field[] };
};

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables/get */
export function selectedTable(
  { schema, ...table }: TableResource,
  selectedFields: string | undefined,
  view: 'TABLE_METADATA_VIEW_UNSPECIFIED' | 'BASIC' | 'STORAGE_STATS' | 'FULL' | undefined,
): SelectedTable {
  const fields = selectedColumns(schema.fields, selectedFields, tableName(table.tableReference));
  const hidden: readonly string[] = view === 'BASIC' ? STORAGE : [];
  const shown = Object.fromEntries(Object.entries(table).filter(([name]) => !hidden.includes(name)));
  return { ...(shown as typeof table), ...(fields.length > 0 && { schema: { fields } }) };
}
