import { describe, expect, it } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import { columnsOf } from '../src/columns.ts';
import { decodeRecord, encodeRecord, InvalidRecordError, invalidSamples, parseRecord } from '../src/index.ts';

const person = { id: 'a', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

describe('an error about a record', () => {
  for (const { name, field, value } of invalidSamples) {
    it(`names the field that is wrong: ${name}`, () => {
      expect(failureOf(() => parseRecord(value)).issues.map((issue) => issue.field)).toContain(field);
    });
  }

  it('lists field, rule and value of every mistake at once', () => {
    const failure = failureOf(() => parseRecord({ id: 'a/b', nombre: '', pais: 3, edad: '41' }));
    expect(failure.issues).toEqual([
      { field: 'apellido', rule: 'is required', value: undefined },
      { field: 'edad', rule: 'is not a field of a record (id, nombre, apellido, pais)', value: '"41"' },
      {
        field: 'id',
        rule: 'must be 1 to 128 of A-Z a-z 0-9 . _ ~ -, and must not begin with a dot',
        value: '"a/b"',
      },
      { field: 'nombre', rule: 'must not be empty', value: '""' },
      { field: 'pais', rule: 'must be a string', value: '3' },
    ]);
    expect(failure.message).toBe(
      'not a valid record: apellido is required; ' +
        'edad is not a field of a record (id, nombre, apellido, pais), got "41"; ' +
        'id must be 1 to 128 of A-Z a-z 0-9 . _ ~ -, and must not begin with a dot, got "a/b"; ' +
        'nombre must not be empty, got ""; pais must be a string, got 3',
    );
  });

  it('shortens a long value', () => {
    const [issue] = failureOf(() => parseRecord({ ...person, id: 'x'.repeat(10_000) })).issues;
    expect(issue?.rule).toBe('must be at most 128 characters, not 10000');
    expect(issue?.value).toHaveLength(80);
  });

  it('is thrown by the encoder, before anything is sent', () => {
    expect(() => encodeRecord({ ...person, nombre: '' })).toThrow(InvalidRecordError);
  });

  it('distinguishes text that is not JSON from bytes that are not UTF-8', () => {
    expect(failureOf(() => decodeRecord(new TextEncoder().encode('{'))).message).toMatch(
      /must be JSON .*, got \{$/,
    );
    expect(failureOf(() => decodeRecord(Uint8Array.of(0x22, 0xff, 0x22))).message).toBe(
      'not a valid record: (record) must be UTF-8',
    );
  });
});

describe('a column of a type without a rule', () => {
  it('is refused by its name when the schema is loaded', () => {
    expect(() => columnsOf(Type.Object({ edad: Type.Integer() }))).toThrow(
      'column "edad" is not a Type.String',
    );
  });
});

function failureOf(check: () => unknown): InvalidRecordError {
  try {
    check();
  } catch (error) {
    if (error instanceof InvalidRecordError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
