import { invalid } from '../errors.ts';
import { ExactNumber, plainDecimal } from '../exact-number.ts';
import { isObject } from '../row-values.ts';
import { isEmpty } from '../schema.ts';

/** A type of the REST API: it reads a value of a request, and describes itself in the discovery document. */
export interface ValueType<T = unknown> {
  /** Throws INVALID_ARGUMENT, which names `path`. */
  parse(value: unknown, path: string): T;
  /** https://developers.google.com/discovery/v1/type-format */
  readonly schema: () => object;
  /** The message that it is, or that its elements are. */
  readonly message?: () => Message;
}

export const STRING: ValueType<string> = {
  schema: () => ({ type: 'string' }),
  parse(value, path) {
    if (typeof value === 'string') return value;
    // Google's own command line sends numbers where the API has text.
    if (typeof value === 'number' || typeof value === 'boolean' || value instanceof ExactNumber) {
      return String(value);
    }
    throw wrong(value, path, 'a string');
  },
};

export const BOOLEAN: ValueType<boolean> = {
  schema: () => ({ type: 'boolean' }),
  parse(value, path) {
    // Python writes `True`.
    const word = String(value).toLowerCase();
    if (word === 'true' || word === '1') return true;
    if (word === 'false' || word === '0') return false;
    throw wrong(value, path, 'true or false');
  },
};

/** 64 bits, which JSON carries as text. */
export const INT64 = wholeText('int64', -(2n ** 63n), 2n ** 63n - 1n);
export const UINT64 = wholeText('uint64', 0n, 2n ** 64n - 1n);
export const INT32 = wholeNumber('int32', -(2 ** 31), 2 ** 31 - 1);
export const UINT32 = wholeNumber('uint32', 0, 2 ** 32 - 1);

/** Names of fields, separated by commas. */
export const FIELD_MASK: ValueType<string> = {
  schema: () => ({ type: 'string', format: 'google-fieldmask' }),
  parse(value, path) {
    if (typeof value === 'string' && /^[\w.,*]*$/.test(value)) return value;
    throw wrong(value, path, 'names of fields, separated by commas');
  },
};

/** JSON of any shape. */
export const ANY: ValueType = { schema: () => ({ type: 'any' }), parse: (value) => value };

export function oneOf<const T extends string>(...words: readonly T[]): ValueType<T> {
  return acceptedOf(words, []);
}

/** Words of which some are not emulated: these are refused by name. */
export function acceptedOf<const T extends string>(
  words: readonly T[],
  refused: readonly string[],
): ValueType<T> {
  return {
    schema: () => ({ type: 'string', enum: [...words, ...refused] }),
    parse(value, path) {
      const given = String(value).toLowerCase();
      const found = words.find((word) => word.toLowerCase() === given);
      if (found !== undefined) return found;
      if (refused.some((word) => word.toLowerCase() === given)) {
        throw invalid(`${path}: ${value} is not supported by the local BigQuery`);
      }
      throw wrong(value, path, `one of ${words.join(', ')}`);
    },
  };
}

export function listOf<T>(type: ValueType<T>): ValueType<T[]> {
  return {
    schema: () => ({ type: 'array', items: type.schema() }),
    ...(type.message && { message: type.message }),
    parse(value, path) {
      if (!Array.isArray(value)) throw wrong(value, path, 'a list');
      return value.map((item: unknown, index) => type.parse(item, `${path}[${index}]`));
    },
  };
}

/** An object with any keys. A null stays: it removes a key in a patch. */
export function mapOf<T>(type: ValueType<T>): ValueType<Record<string, T | null>> {
  return {
    schema: () => ({ type: 'object', additionalProperties: type.schema() }),
    ...(type.message && { message: type.message }),
    parse(value, path) {
      if (!isObject(value)) throw wrong(value, path, 'an object');
      const entries = Object.entries(value).map(
        ([key, item]) => [key, item === null ? null : type.parse(item, `${path}.${key}`)] as const,
      );
      return Object.fromEntries(entries);
    },
  };
}

/** The fields of a message that a caller may set, by name. */
export type Fields<T> = { readonly [K in keyof T]-?: ValueType };

export interface Message<T extends object = object> extends ValueType<T> {
  readonly name: string;
  readonly fields: Readonly<Record<string, ValueType>>;
  /** Fields that only responses have. */
  readonly output: Readonly<Record<string, ValueType>>;
  readonly inert: Readonly<Record<string, ValueType>>;
  /** Fields of Google's that are not emulated. */
  readonly refused: readonly string[];
  readonly describe: () => object;
  /** The messages of its fields. */
  readonly inner: () => Message[];
}

interface MessageOptions {
  /** Fields that only responses have; clients send them back, without effect. */
  readonly output?: Readonly<Record<string, ValueType>>;
  /** Fields that change nothing here: they are read by type, and dropped. */
  readonly inert?: Readonly<Record<string, ValueType>>;
  /** Fields of Google's that are not emulated. */
  readonly refused?: readonly string[];
  /** What to do instead of using a refused field. */
  readonly advice?: Readonly<Record<string, string>>;
  /** In a patch, null removes a field. Elsewhere a null field counts as absent. */
  readonly keepNulls?: boolean;
}

/**
 * A message of the REST API. A refused field is refused by name, unless its value is empty: clients send `resourceTags: {}`
 * and `policyTags: {names: []}`. A name that the API does not have is ignored, as at Google: the Node.js client sends
 * `load.location`, and Google's Pulumi provider `jobReference.project`.
 */
export function message<T extends object>(
  name: string,
  fields: () => Fields<T>,
  { output = {}, inert = {}, refused = [], advice = {}, keepNulls = false }: MessageOptions = {},
): Message<T> {
  let types: Readonly<Record<string, ValueType>> | undefined;
  const declared = () => {
    types ??= fields() as Readonly<Record<string, ValueType>>;
    return types;
  };
  const self: Message<T> = {
    name,
    output,
    inert,
    refused,
    get fields() {
      return declared();
    },
    message: () => self,
    inner: () => Object.values(declared()).flatMap((type) => type.message?.() ?? []),
    schema: () => ({ $ref: name }),
    describe: () => ({
      id: name,
      type: 'object',
      properties: {
        ...Object.fromEntries(refused.map((field) => [field, { type: 'any' }])),
        ...schemasOf(inert),
        ...schemasOf(declared()),
        ...Object.fromEntries(
          Object.entries(output).map(([field, type]) => [field, { ...type.schema(), readOnly: true }]),
        ),
      },
    }),
    parse(value, path) {
      if (!isObject(value)) throw wrong(value, path || 'the request', 'an object');
      const parsed: Record<string, unknown> = {};
      for (const [field, given] of Object.entries(value)) {
        const type = Object.hasOwn(declared(), field) ? declared()[field] : undefined;
        const where = path ? `${path}.${field}` : field;
        if (Object.hasOwn(inert, field)) {
          if (!isEmpty(given)) inert[field]?.parse(given, where);
          continue;
        }
        if (!type) {
          if (!refused.includes(field) || isEmpty(given)) continue;
          const instead = Object.hasOwn(advice, field) ? `: ${advice[field]}` : '';
          throw invalid(`${path || name}.${field} is not supported by the local BigQuery${instead}`);
        }
        // An empty text is no word and no number.
        if (given === '' && type !== STRING) continue;
        if (given !== null) parsed[field] = type.parse(given, where);
        else if (keepNulls) parsed[field] = null;
      }
      return parsed as T;
    },
  };
  return self;
}

export function schemasOf(types: Readonly<Record<string, ValueType>>): Record<string, object> {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, type.schema()]));
}

function wholeText(format: string, least: bigint, most: bigint): ValueType<string> {
  return {
    schema: () => ({ type: 'string', format }),
    parse: (value, path) => String(whole(value, path, least, most)),
  };
}

function wholeNumber(format: string, least: number, most: number): ValueType<number> {
  return {
    schema: () => ({ type: 'integer', format }),
    parse: (value, path) => Number(whole(value, path, BigInt(least), BigInt(most))),
  };
}

function whole(value: unknown, path: string, least: bigint, most: bigint): bigint {
  const isNumber = typeof value === 'number' || typeof value === 'string' || value instanceof ExactNumber;
  const text = isNumber ? plainDecimal(String(value)) : undefined;
  const number = text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  if (number !== undefined && number >= least && number <= most) return number;
  throw wrong(
    value,
    path,
    least === 0n ? 'a whole number, 0 or more' : `a whole number from ${least} to ${most}`,
  );
}

function wrong(value: unknown, path: string, expected: string) {
  const text = value instanceof ExactNumber ? value.text : (JSON.stringify(value) ?? String(value));
  const excerpt = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return invalid(`Invalid value for ${path}: ${excerpt}; it must be ${expected}`);
}
