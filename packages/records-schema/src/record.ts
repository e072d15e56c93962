import { type Static, Type } from '@sinclair/typebox';

/** Longest `id`, in characters. */
export const ID_MAX_LENGTH = 128;

/** Longest `nombre`, `apellido` and `pais`, in characters: far above any real name, and still a small row. */
export const TEXT_MAX_LENGTH = 256;

/**
 * Characters that a URL path carries unescaped (RFC 3986, "unreserved"). A leading dot is not allowed, because clients and
 * proxies rewrite the paths `/.` and `/..`.
 */
const ID_PATTERN = '^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$';

/** No control characters, and more than spaces. Means the same with and without the `u` flag. */
const TEXT_PATTERN = '^(?=[\\s\\S]*\\S)[^\\u0000-\\u001f\\u007f-\\u009f]*$';

const text = (description: string, example: string) =>
  Type.String({
    description,
    examples: [example],
    minLength: 1,
    maxLength: TEXT_MAX_LENGTH,
    pattern: TEXT_PATTERN,
  });

/**
 * The only definition of a row. BigQuery columns, Avro schema, message codec and the API's responses are derived from it. A record
 * is identified by its `id` and never changes.
 */
export const RecordRow = Type.Object(
  {
    id: Type.String({
      description: 'Identity of the record: unique, and safe in a URL path without escaping.',
      examples: ['k3v9q2xw-7h2m4c8t'],
      minLength: 1,
      maxLength: ID_MAX_LENGTH,
      pattern: ID_PATTERN,
    }),
    nombre: text('Given name or names.', 'María José'),
    apellido: text('Family name or names.', 'Núñez Cárdenas'),
    pais: text('Country, as its name is written in Spanish.', 'México'),
  },
  { $id: 'Record', title: 'Record', description: 'A person, as published.', additionalProperties: false },
);

export type RecordRow = Static<typeof RecordRow>;

/** Names of the columns, in the declared order. */
export const COLUMN_NAMES = Object.keys(RecordRow.properties) as readonly (keyof RecordRow)[];
