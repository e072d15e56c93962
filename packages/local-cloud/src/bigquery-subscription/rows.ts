import avro from 'avsc';
import { assertDepth } from '../http/json-body.ts';
import { textOf } from '../pubsub/avro.ts';
import type { Delivery } from '../pubsub/delivery-queue.ts';
import { reasonOf } from '../pubsub/reason.ts';
import type { SchemaRevision } from '../pubsub/schemas.ts';
import type { StoredBigQueryConfig } from '../pubsub/subscription-config.ts';
import type { TableField } from '../warehouse.ts';
import { columnOf, isUnion, typeOf } from './compatibility.ts';

export type Row = Record<string, unknown>;

/** A message does not fit the table. `message` becomes the attribute CloudPubSubDeadLetterSourceDeliveryErrorMessage. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused';
}

interface RowContext {
  readonly config: StoredBigQueryConfig;
  readonly subscription: string;
  readonly columns: readonly TableField[];
  attributesOf(delivery: Delivery): Readonly<Record<string, string>>;
  revision(name: string, revisionId: string): SchemaRevision | undefined;
}

/** The row for a message, in the JSON encoding of BigQuery's API. Throws RowRefused. */
export function rowOf(delivery: Delivery, context: RowContext): Row {
  const { config } = context;
  const row = config.useTopicSchema
    ? topicRow(delivery, context)
    : config.useTableSchema
      ? tableRow(delivery.message.data, context)
      : { data: rawData(delivery, context.columns) };
  return config.writeMetadata ? { ...row, ...metadataOf(delivery, context) } : row;
}

function topicRow(delivery: Delivery, { config, columns, attributesOf, revision }: RowContext): Row {
  const attributes = attributesOf(delivery);
  const schema = revision(
    attributes.googclient_schemaname ?? '',
    attributes.googclient_schemarevisionid ?? '',
  );
  if (!schema) {
    throw new RowRefused(
      `The message was published with schema revision ${attributes.googclient_schemarevisionid ?? '(none)'}, which no longer exists`,
    );
  }
  const encoding = attributes.googclient_schemaencoding === 'BINARY' ? 'BINARY' : 'JSON';
  const value = attempt(() => schema.avro.toJson(delivery.message.data, encoding));
  return recordRow(value, schema.avro.type, columns, config.dropUnknownFields, '');
}

function recordRow(
  value: unknown,
  type: avro.types.RecordType,
  columns: readonly TableField[],
  drop: boolean,
  path: string,
): Row {
  const record = objectOf(value, path);
  const row: Row = {};
  for (const [name, content] of Object.entries(record)) {
    const field = type.field(name);
    const column = columnOf(columns, name);
    if (field && column) row[column.name] = cellOf(content, field.type, column, drop, path + name);
    else if (!drop) throw unknownField(path + name, field ? 'the table' : 'the topic schema');
  }
  return row;
}

/** Converts a value from Avro's JSON encoding to that of BigQuery's API. */
function cellOf(value: unknown, type: avro.Type, column: TableField, drop: boolean, path: string): unknown {
  if (isUnion(type)) {
    if (value === null) return null;
    const [branch, content] = Object.entries(objectOf(value, path))[0] ?? [];
    const branchType = type.types.find(({ branchName }) => branchName === branch);
    if (!branchType) throw new RowRefused(`Field ${path}: its union has no type ${branch}`);
    return cellOf(content, branchType, column, drop, path);
  }
  if (type instanceof avro.types.RecordType)
    return recordRow(value, type, column.fields ?? [], drop, `${path}.`);
  if (type instanceof avro.types.ArrayType) {
    const { itemsType } = type;
    return (value as unknown[]).map((item) => cellOf(item, itemsType, column, drop, path));
  }
  if (type instanceof avro.types.MapType) {
    const { valuesType } = type;
    const valueColumn = columnOf(column.fields ?? [], 'value');
    if (!valueColumn) throw unknownField(`${path}.value`, 'the table');
    return Object.entries(objectOf(value, path)).map(([key, content]) => ({
      key,
      value: cellOf(content, valuesType, valueColumn, drop, `${path}.${key}`),
    }));
  }
  if (type instanceof avro.types.EnumType) return type.symbols.indexOf(String(value));
  // Avro's JSON has one character per byte; BigQuery's API expects base64.
  if (type.typeName === 'bytes' || type.typeName === 'fixed')
    return Buffer.from(String(value), 'latin1').toString('base64');
  return value;
}

function tableRow(data: Uint8Array, { config, columns }: RowContext): Row {
  const value = attempt(() => {
    assertDepth(data);
    return JSON.parse(textOf(data));
  });
  return knownFields(objectOf(value, ''), columns, config.dropUnknownFields, '');
}

function knownFields(record: Row, columns: readonly TableField[], drop: boolean, path: string): Row {
  const row: Row = {};
  for (const [name, value] of Object.entries(record)) {
    const column = columnOf(columns, name);
    if (column) row[column.name] = knownValue(value, column, drop, path + name);
    else if (!drop) throw unknownField(path + name, 'the table');
  }
  return row;
}

function knownValue(value: unknown, column: TableField, drop: boolean, path: string): unknown {
  if (typeOf(column) !== 'RECORD' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => knownValue(item, column, drop, path));
  return knownFields(objectOf(value, path), column.fields ?? [], drop, `${path}.`);
}

function rawData(delivery: Delivery, columns: readonly TableField[]): string {
  const column = columnOf(columns, 'data');
  return column && typeOf(column) === 'BYTES'
    ? Buffer.from(delivery.message.data).toString('base64')
    : textOf(delivery.message.data);
}

function metadataOf(delivery: Delivery, { subscription, attributesOf }: RowContext): Row {
  const { id, publishTime, orderingKey } = delivery.message;
  const attributes = { ...attributesOf(delivery), ...(orderingKey && { ordering_key: orderingKey }) };
  return {
    subscription_name: subscription,
    message_id: String(id),
    publish_time: new Date(publishTime).toISOString(),
    attributes: JSON.stringify(attributes),
  };
}

function objectOf(value: unknown, path: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new RowRefused(`${path === '' ? 'The message' : `Field ${path}`} is not a JSON object`);
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RowRefused(`The message could not be parsed: ${reasonOf(error)}`);
  }
}

function unknownField(path: string, where: string): RowRefused {
  return new RowRefused(`Unknown field "${path}": it is not in ${where}, and drop_unknown_fields is off`);
}
