import { ID_MAX_LENGTH, type RecordRow, TEXT_MAX_LENGTH } from './record.ts';

/** A value, with a name for what is special about it. */
export interface Sample<T> {
  readonly name: string;
  readonly value: T;
}

const person: RecordRow = { id: 'sample-1', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

/** Valid records at the edges of what is allowed, for tests of anything that handles records. */
export const validSamples: readonly Sample<RecordRow>[] = [
  { name: 'a plain person', value: person },
  { name: 'an id of one character', value: { ...person, id: '7' } },
  { name: 'the longest id', value: { ...person, id: 'x'.repeat(ID_MAX_LENGTH) } },
  { name: 'an id with every kind of allowed character', value: { ...person, id: '~Az_09.-' } },
  {
    name: 'accents, an apostrophe and a hyphen',
    value: { ...person, nombre: 'Zoë-Anaïs', apellido: "O'Higgins" },
  },
  { name: 'decomposed accents', value: { ...person, nombre: 'Jose\u0301' } },
  { name: 'quotes, a backslash and SQL', value: { ...person, nombre: `"; DROP TABLE records; -- \\ '` } },
  { name: 'a formula for a spreadsheet', value: { ...person, apellido: '=1+1' } },
  { name: 'a comma and markup', value: { ...person, apellido: '<b>a</b>, y & z' } },
  { name: 'an emoji outside the basic plane', value: { ...person, nombre: '👩‍🚀' } },
  { name: 'the longest text, of emoji', value: { ...person, nombre: '🦙'.repeat(TEXT_MAX_LENGTH) } },
  { name: 'the longest text', value: { ...person, pais: 'á'.repeat(TEXT_MAX_LENGTH) } },
  { name: 'a right-to-left name', value: { ...person, nombre: 'محمد' } },
];

/** Invalid values, each with the field whose rule it breaks. */
export const invalidSamples: readonly (Sample<unknown> & { readonly field: string })[] = [
  { name: 'null', field: '(record)', value: null },
  { name: 'an array', field: '(record)', value: [person] },
  { name: 'a string', field: '(record)', value: 'record' },
  { name: 'no fields', field: 'id', value: {} },
  { name: 'a missing field', field: 'pais', value: { id: 'a', nombre: 'Ana', apellido: 'Pérez' } },
  { name: 'a null field', field: 'nombre', value: { ...person, nombre: null } },
  { name: 'a number', field: 'id', value: { ...person, id: 7 } },
  { name: 'a value wrapped as in an Avro union', field: 'id', value: { ...person, id: { string: 'a' } } },
  { name: 'a fifth field', field: 'edad', value: { ...person, edad: '41' } },
  { name: 'an empty id', field: 'id', value: { ...person, id: '' } },
  { name: 'an empty name', field: 'nombre', value: { ...person, nombre: '' } },
  { name: 'a name of spaces', field: 'apellido', value: { ...person, apellido: ' \u00a0 ' } },
  { name: 'an id with a slash', field: 'id', value: { ...person, id: 'a/b' } },
  { name: 'an id with a space', field: 'id', value: { ...person, id: 'a b' } },
  { name: 'an id with an accent', field: 'id', value: { ...person, id: 'ñ' } },
  { name: 'an id that is a relative path', field: 'id', value: { ...person, id: '..' } },
  { name: 'an id that ends in a line break', field: 'id', value: { ...person, id: 'a\n' } },
  { name: 'an id one too long', field: 'id', value: { ...person, id: 'x'.repeat(ID_MAX_LENGTH + 1) } },
  { name: 'a text one too long', field: 'pais', value: { ...person, pais: 'x'.repeat(TEXT_MAX_LENGTH + 1) } },
  {
    name: 'a text of emoji one too long',
    field: 'pais',
    value: { ...person, pais: '🦙'.repeat(TEXT_MAX_LENGTH + 1) },
  },
  { name: 'a control character', field: 'nombre', value: { ...person, nombre: 'Ana\u0000' } },
  { name: 'a line break', field: 'nombre', value: { ...person, nombre: 'Ana\nMaría' } },
  { name: 'half of a surrogate pair', field: 'nombre', value: { ...person, nombre: 'Ana \ud83d' } },
];
