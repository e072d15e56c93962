import { describe, expect, it } from '@jest/globals';
import { incompatibility } from '../../src/bigquery-subscription/compatibility.ts';
import { AvroSchema } from '../../src/pubsub/avro.ts';
import type { TableField } from '../../src/warehouse.ts';

const config = {
  table: 'p.d.t',
  useTopicSchema: true,
  useTableSchema: false,
  writeMetadata: false,
  dropUnknownFields: false,
};

/** The incompatibility of one Avro field and one column. */
function check(
  type: unknown,
  column: Partial<TableField> | undefined,
  extra: object = {},
): string | undefined {
  const { type: avro } = AvroSchema.parse(
    JSON.stringify({ type: 'record', name: 'R', fields: [{ name: 'f', type }] }),
  );
  const columns = column ? [{ name: 'f', type: 'STRING', ...column }] : [];
  return incompatibility({ ...config, ...extra }, columns, [avro]);
}

describe('topic schema and table', () => {
  it.each([
    ['string', { type: 'STRING', mode: 'REQUIRED' }],
    ['string', { type: 'STRING' }],
    ['string', { type: 'TIMESTAMP' }],
    ['string', { type: 'JSON' }],
    ['string', { name: 'F' }],
    ['int', { type: 'INT64' }],
    ['long', { type: 'NUMERIC' }],
    ['double', { type: 'FLOAT64' }],
    ['boolean', { type: 'BOOL' }],
    ['bytes', { type: 'BYTES' }],
    [['null', 'string'], { type: 'STRING', mode: 'NULLABLE' }],
    [
      { type: 'array', items: 'string' },
      { type: 'STRING', mode: 'REPEATED' },
    ],
    [
      { type: 'record', name: 'I', fields: [{ name: 'a', type: 'int' }] },
      { type: 'RECORD', fields: [{ name: 'a', type: 'INTEGER' }] },
    ],
  ])('accepts %j in column %j', (type, column) => {
    expect(check(type, column)).toBeUndefined();
  });

  it.each([
    [
      'string',
      { type: 'INTEGER' },
      'Incompatible schema type for field f: expected STRING or JSON or TIMESTAMP or DATETIME or DATE or TIME or NUMERIC or BIGNUMERIC, got INTEGER',
    ],
    [
      'int',
      { type: 'STRING' },
      'Incompatible schema type for field f: expected INTEGER or NUMERIC or BIGNUMERIC, got STRING',
    ],
    [
      'string',
      undefined,
      'Incompatible schema for field f: it is in the topic schema but not in the BigQuery table, and drop_unknown_fields is off',
    ],
    [
      ['null', 'string'],
      { mode: 'REQUIRED' },
      'Incompatible schema mode for field f: it can be null in the topic schema but is REQUIRED in the BigQuery table',
    ],
    [
      ['null', 'string', 'int'],
      {},
      'Incompatible schema type for field f: BigQuery has no type for an Avro union, except for null and one other type',
    ],
    [
      { type: 'array', items: 'string' },
      {},
      'Incompatible schema mode for field f: expected REPEATED, got NULLABLE',
    ],
    [
      'string',
      { mode: 'REPEATED' },
      'Incompatible schema mode for field f: expected NULLABLE or REQUIRED, got REPEATED',
    ],
    [
      { type: 'record', name: 'I', fields: [{ name: 'a', type: 'int' }] },
      { type: 'RECORD', fields: [{ name: 'a', type: 'STRING' }] },
      'Incompatible schema type for field f.a: expected INTEGER or NUMERIC or BIGNUMERIC, got STRING',
    ],
    [
      { type: 'map', values: 'int' },
      { type: 'RECORD', mode: 'REPEATED', fields: [{ name: 'key', type: 'STRING' }] },
      'Incompatible schema for field f.value: the BigQuery table has no such column',
    ],
  ])('refuses %j in column %j', (type, column, reason) => {
    expect(check(type, column)).toBe(reason);
  });

  it('refuses a table with a required column that the topic schema lacks', () => {
    const { type } = AvroSchema.parse('{"type":"record","name":"R","fields":[{"name":"f","type":"string"}]}');
    const columns = [
      { name: 'f', type: 'STRING' },
      { name: 'g', type: 'STRING', mode: 'REQUIRED' },
    ];
    expect(incompatibility(config, columns, [type])).toBe(
      'Incompatible schema mode for field g: it is REQUIRED in the BigQuery table but never written by the subscription',
    );
  });

  it('accepts a field that the table lacks when unknown fields are dropped', () => {
    expect(check('string', undefined, { dropUnknownFields: true })).toBeUndefined();
  });
});
