import { type Static, Type } from '@sinclair/typebox';

/** Longest `id`, in characters (code points). */
export const ID_MAX_LENGTH = 128;

/** Longest `nombre`, `apellido` and `pais`, in characters (code points): far above any real name, and still a small row. */
export const TEXT_MAX_LENGTH = 256;

/**
 * Characters that a URL path carries unescaped (RFC 3986, "unreserved"). A leading dot is not allowed, because clients and
 * proxies rewrite the paths `/.` and `/..`.
 */
const ID_PATTERN = '^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$';

/**
 * No control characters, and more than spaces. RE2 compiles it; there and in Java, `\s` has only ASCII's spaces. No literal
 * characters, because some languages take U+2028 or U+FEFF in a generated file for a line end or an error.
 */
const TEXT_PATTERN = '^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$';

const text = (description: string, example: string) =>
  Type.String({
    description,
    examples: [example],
    minLength: 1,
    maxLength: TEXT_MAX_LENGTH,
    pattern: TEXT_PATTERN,
    'x-rule': `must be 1 to ${TEXT_MAX_LENGTH} characters without control characters, not only spaces`,
  });

/**
 * The form in which two texts are compared: Unicode's NFC, so that `é` equals `e` with an accent. Texts are stored and served as
 * published. An `id` is ASCII, which has only one form.
 */
export function canonical(text: string): string {
  return text.normalize('NFC');
}

/**
 * The text with one UTF-16 unit per character. JSON Schema counts characters (code points), TypeBox counts units: check this form
 * instead. No pattern here tells a character beyond the basic plane from its substitute.
 */
export function unitPerCharacter(text: string): string {
  return text.replace(/[\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

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
      'x-rule': `must be 1 to ${ID_MAX_LENGTH} of A-Z a-z 0-9 . _ ~ -, and must not begin with a dot`,
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
