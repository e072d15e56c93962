import { describe, expect, it } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import avro from 'avsc';
import { columnsOf } from '../src/columns.ts';
import {
  avroSchema,
  avroSchemaOf,
  type BigQueryColumn,
  bigQueryColumns,
  bigQueryColumnsOf,
  decodeRecord,
  encodeRecord,
  invalidSamples,
  parseRecord,
  RecordRow,
  validSamples,
} from '../src/index.ts';

/** Whether each derivation accepts a value. They must agree, except for the differences below. */
const judges: Record<string, (value: unknown) => boolean> = {
  record: (value) => accepts(() => parseRecord(value)),
  codec: (value) => accepts(() => decodeRecord(jsonBytes(value))),
  avro: (value) => accepts(() => avroType.fromString(JSON.stringify(value))),
  bigquery: (value) => fitsColumns(value, bigQueryColumns),
};

/**
 * Rules that a storage format cannot express. The publisher's encoder stops such rows. Without it, the topic accepts them, and so
 * does the table where "bigquery" is named too.
 */
const knownDifferences: Record<string, readonly ('avro' | 'bigquery')[]> = {
  'a fifth field': ['avro'],
  'an empty id': ['avro', 'bigquery'],
  'an empty name': ['avro', 'bigquery'],
  'a name of spaces': ['avro', 'bigquery'],
  'an id with a slash': ['avro', 'bigquery'],
  'an id with a space': ['avro', 'bigquery'],
  'an id with an accent': ['avro', 'bigquery'],
  'an id that is a relative path': ['avro', 'bigquery'],
  'an id that ends in a line break': ['avro', 'bigquery'],
  'an id one too long': ['avro', 'bigquery'],
  'a text one too long': ['avro', 'bigquery'],
  'a text of emoji one too long': ['avro', 'bigquery'],
  'a control character': ['avro', 'bigquery'],
  'a line break': ['avro', 'bigquery'],
  'half of a surrogate pair': ['avro'],
};

const avroType = avro.Type.forSchema(avroSchema as unknown as avro.Schema);

describe('the derivations of the record agree', () => {
  for (const { name, value } of validSamples) {
    it(`on accepting ${name}`, () => {
      expect(verdicts(value)).toEqual({ record: true, codec: true, avro: true, bigquery: true });
    });
  }

  for (const { name, value } of invalidSamples) {
    it(`on refusing ${name}`, () => {
      const lenient = knownDifferences[name] ?? [];
      expect(verdicts(value)).toEqual({
        record: false,
        codec: false,
        avro: lenient.includes('avro'),
        bigquery: lenient.includes('bigquery'),
      });
    });
  }

  it('except for differences that each name a sample', () => {
    expect(invalidSamples.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.keys(knownDifferences)),
    );
  });

  it('on names, order and descriptions', () => {
    const declared = Object.entries(RecordRow.properties).map(([name, { description }]) => [
      name,
      description,
    ]);
    expect(bigQueryColumns.map(({ name, description }) => [name, description])).toEqual(declared);
    expect(avroSchema.fields.map(({ name, doc }) => [name, doc])).toEqual(declared);
  });
});

describe('the columns', () => {
  it('are the public contract: four required strings', () => {
    expect(bigQueryColumns.map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
      'id STRING REQUIRED',
      'nombre STRING REQUIRED',
      'apellido STRING REQUIRED',
      'pais STRING REQUIRED',
    ]);
  });
});

describe('an optional column', () => {
  const columns = columnsOf(
    Type.Object({ id: Type.String(), telefono: Type.Optional(Type.String({ description: 'Phone.' })) }),
  );

  it('can be empty in the table and in the message', () => {
    expect(bigQueryColumnsOf(columns).at(-1)).toEqual({
      ...{ name: 'telefono', type: 'STRING', mode: 'NULLABLE' },
      description: 'Phone.',
    });
    const type = avro.Type.forSchema(avroSchemaOf(columns) as unknown as avro.Schema);
    expect(type.isValid({ id: '1', telefono: null })).toBe(true);
    expect(type.isValid({ id: '1', telefono: '555' })).toBe(true);
  });

  it('can be read with the schema that lacks it, and the other way round', () => {
    const [before, after] = [columns.slice(0, 1), columns].map((list) =>
      avro.Type.forSchema(avroSchemaOf(list) as unknown as avro.Schema),
    );
    expect(() => before?.createResolver(after as avro.Type)).not.toThrow();
    expect(() => after?.createResolver(before as avro.Type)).not.toThrow();
  });
});

describe('the codec', () => {
  for (const { name, value } of validSamples) {
    it(`gives back ${name}`, () => {
      expect(decodeRecord(encodeRecord(value))).toEqual(value);
    });
  }

  it('encodes equal records to equal bytes, whatever the order of their fields', () => {
    const shuffled = { pais: 'Perú', id: 'a', apellido: 'Rojas', nombre: 'Luz' };
    const ordered = { id: 'a', nombre: 'Luz', apellido: 'Rojas', pais: 'Perú' };
    expect(encodeRecord(shuffled)).toEqual(encodeRecord(ordered));
    expect(new TextDecoder().decode(encodeRecord(shuffled))).toBe(
      '{"id":"a","nombre":"Luz","apellido":"Rojas","pais":"Perú"}',
    );
  });
});

function verdicts(value: unknown): Record<string, boolean> {
  return Object.fromEntries(Object.entries(judges).map(([name, judge]) => [name, judge(value)]));
}

function accepts(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** BigQuery's rules for a JSON row: every required column, no other, strings that have a UTF-8 form. */
function fitsColumns(value: unknown, columns: readonly BigQueryColumn[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const row = value as Record<string, unknown>;
  return (
    Object.keys(row).every((name) => columns.some((column) => column.name === name)) &&
    columns.every(({ name, mode }) => {
      const cell = row[name] ?? null;
      if (cell === null) return mode === 'NULLABLE';
      return typeof cell === 'string' && cell.isWellFormed();
    })
  );
}
