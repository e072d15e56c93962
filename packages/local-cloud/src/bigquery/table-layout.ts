import { invalid } from './errors.ts';
import { isObject } from './row-values.ts';
import { modeOf } from './schema.ts';
import type { Field } from './types.ts';

/** https://docs.cloud.google.com/bigquery/docs/clustered-tables#limitations */
const MAX_CLUSTERING_COLUMNS = 4;
const NOT_CLUSTERABLE = ['FLOAT', 'BYTES', 'TIME', 'RECORD'];

/** Types by which a table can be partitioned, with the lengths of their partitions. https://docs.cloud.google.com/bigquery/docs/partitioned-tables */
const PARTITION_LENGTHS: Readonly<Record<string, readonly string[]>> = {
  DATE: ['DAY', 'MONTH', 'YEAR'],
  DATETIME: ['HOUR', 'DAY', 'MONTH', 'YEAR'],
  TIMESTAMP: ['HOUR', 'DAY', 'MONTH', 'YEAR'],
};

/** Checks how a table is partitioned and clustered, which here changes nothing. Throws INVALID_ARGUMENT. */
export function checkLayout(properties: Readonly<Record<string, unknown>>, fields: readonly Field[]): void {
  checkClustering(properties, fields);
  const { timePartitioning, rangePartitioning } = properties;
  if (isObject(timePartitioning)) {
    const { field: name, type } = timePartitioning;
    if (name === undefined) {
      throw invalid('timePartitioning without a field is not supported by the local BigQuery: name a column');
    }
    const field = partitionField(name, fields);
    const lengths = Object.hasOwn(PARTITION_LENGTHS, field.type) ? PARTITION_LENGTHS[field.type] : [];
    if (!lengths?.includes(String(type)) || field.mode === 'REPEATED') {
      throw invalid(
        `Cannot partition by ${type} of ${name}, a column of type ${field.type} ${modeOf(field)}`,
      );
    }
  }
  if (isObject(rangePartitioning)) {
    const field = partitionField(rangePartitioning.field, fields);
    if (field.type !== 'INTEGER' || field.mode === 'REPEATED') {
      throw invalid(
        `Cannot partition by ranges of ${field.name}, a column of type ${field.type} ${modeOf(field)}`,
      );
    }
  }
}

function partitionField(name: unknown, fields: readonly Field[]): Field {
  const field = fields.find((column) => column.name.toLowerCase() === String(name).toLowerCase());
  if (field) return field;
  throw invalid(`The field specified for partitioning cannot be found in the schema: ${name}`);
}

/** The partitions of a table as a text, to compare. Empty without any. */
export function partitioningOf({
  timePartitioning: time,
  rangePartitioning: ranges,
}: Readonly<Record<string, unknown>>): string {
  const by = (value: unknown) => (isObject(value) ? Object.entries(value).sort().join() : '');
  return `${by(time)}${isObject(ranges) ? `${ranges.field} ${by(ranges.range)}` : ''}`;
}

/** The columns by which a table is partitioned, and the clause of CREATE TABLE. Undefined without any. */
export function partitionClause(
  { timePartitioning, rangePartitioning }: Readonly<Record<string, unknown>>,
  fields: readonly Field[],
): { readonly field: string; readonly sql: string } | undefined {
  if (isObject(rangePartitioning) && isObject(rangePartitioning.range)) {
    const { start, end, interval } = rangePartitioning.range;
    const field = String(rangePartitioning.field);
    return { field, sql: `RANGE_BUCKET(${field}, GENERATE_ARRAY(${start}, ${end}, ${interval}))` };
  }
  if (!isObject(timePartitioning)) return undefined;
  const field = partitionField(timePartitioning.field, fields);
  const { type } = timePartitioning;
  if (type !== 'DAY') return { field: field.name, sql: `${field.type}_TRUNC(${field.name}, ${type})` };
  return { field: field.name, sql: field.type === 'DATE' ? field.name : `DATE(${field.name})` };
}

function checkClustering(properties: Readonly<Record<string, unknown>>, fields: readonly Field[]): void {
  const clustering = properties.clustering;
  if (clustering === undefined) return;
  const names: unknown = isObject(clustering) ? clustering.fields : undefined;
  if (!Array.isArray(names) || names.length === 0 || names.length > MAX_CLUSTERING_COLUMNS) {
    throw invalid(`clustering.fields must be a list of 1 to ${MAX_CLUSTERING_COLUMNS} columns`);
  }
  for (const name of names) {
    const field = fields.find((field) => field.name.toLowerCase() === String(name).toLowerCase());
    if (!field) throw invalid(`The field specified for clustering cannot be found in the schema: ${name}`);
    if (field.mode === 'REPEATED' || NOT_CLUSTERABLE.includes(field.type)) {
      throw invalid(
        `Cannot cluster by ${name}: type ${field.type} ${modeOf(field)} is not supported for clustering`,
      );
    }
  }
}
