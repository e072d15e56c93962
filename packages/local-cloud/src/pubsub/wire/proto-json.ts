import protobuf from 'protobufjs';
import { CloudError } from '../../errors.ts';
import { camelCase } from '../fields.ts';

/**
 * Proto3 JSON, typed by the protos: what a REST request sends becomes the plain object that gRPC's decoder gives, and back.
 * https://protobuf.dev/programming-guides/json/
 */

export type Json = Record<string, unknown>;
type Path = string;

/** Reads a message. Null is an absent field. Throws INVALID_ARGUMENT, which names the field, the value and its type. */
export function parseMessage(type: protobuf.Type, json: unknown, path: Path = ''): Json {
  if (!isObject(json)) throw invalidValue(path, type.fullName.slice(1), json);
  const message: Json = {};
  const oneofs = new Map<protobuf.OneOf, string>();
  for (const [name, value] of Object.entries(json)) {
    const field = fieldOf(type, name, path);
    if (value === null) continue;
    const fieldPath = path === '' ? name : `${path}.${name}`;
    if (Object.hasOwn(message, field.name)) {
      throw invalidPayload(`"${fieldPath}" is set twice: leave one out.`);
    }
    if (field.partOf) {
      const other = oneofs.get(field.partOf);
      if (other) throw invalidPayload(`"${fieldPath}" and "${other}" exclude each other: set one.`);
      oneofs.set(field.partOf, fieldPath);
    }
    message[field.name] = parseField(field, value, fieldPath);
  }
  return message;
}

/** The field with this name in camelCase or snake_case. Throws INVALID_ARGUMENT for any other name. */
export function fieldOf(type: protobuf.Type, name: string, path: Path = ''): protobuf.Field {
  const known = [name, camelCase(name)].find((key) => Object.hasOwn(type.fields, key));
  const field = known === undefined ? undefined : type.fields[known];
  if (field) return field.resolve();
  throw invalidPayload(
    `Unknown name "${path === '' ? '' : `${path}.`}${name}": cannot find field in ${type.name}.`,
    `fields of ${type.name}: ${Object.keys(type.fields).join(', ')}`,
  );
}

function parseField(field: protobuf.Field, value: unknown, path: Path): unknown {
  if (field instanceof protobuf.MapField) {
    if (!isObject(value)) throw invalidValue(path, 'map', value);
    const entries = Object.entries(value).map(([key, item]) => {
      if (item === null) throw invalidValue(`${path}[${JSON.stringify(key)}]`, typeName(field), item);
      return [text(path, key), parseSingle(field, item, `${path}[${JSON.stringify(key)}]`)];
    });
    // Defines the key "__proto__", too.
    return Object.fromEntries(entries);
  }
  if (!field.repeated) return parseSingle(field, value, path);
  if (!Array.isArray(value)) throw invalidValue(path, `list of ${typeName(field)}`, value);
  return value.map((item, index) => parseSingle(field, item, `${path}[${index}]`));
}

function parseSingle(field: protobuf.Field, value: unknown, path: Path): unknown {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Enum) return parseEnum(resolvedType, value, path);
  if (resolvedType) {
    const wellKnown = WELL_KNOWN[resolvedType.fullName];
    return wellKnown ? wellKnown.parse(value, path) : parseMessage(resolvedType, value, path);
  }
  const parse = SCALARS[type];
  if (!parse) throw new TypeError(`no JSON form is known for the type ${type}`);
  return parse(value, path, typeName(field));
}

type ParseScalar = (value: unknown, path: Path, type: string) => unknown;

const integer =
  (min: number, max: number): ParseScalar =>
  (value, path, type) => {
    const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
      throw invalidValue(path, type, value);
    }
    return number;
  };

const decimal: ParseScalar = (value, path, type) => {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  if (typeof number !== 'number') throw invalidValue(path, type, value);
  return number;
};

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const SCALARS: Readonly<Record<string, ParseScalar>> = {
  string: (value, path) => text(path, value),
  bool: (value, path, type) => {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalidValue(path, type, value);
  },
  bytes(value, path, type) {
    const bytes = bytesOf(value);
    if (!bytes) throw invalidValue(path, `${type}, base64`, value);
    return bytes;
  },
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  uint32: integer(0, 2 ** 32 - 1),
  int64: integer(-(2 ** 63), 2 ** 63 - 1),
  uint64: integer(0, 2 ** 64 - 1),
  double: decimal,
  float: decimal,
};

function text(path: Path, value: unknown): string {
  if (typeof value !== 'string' || !value.isWellFormed()) throw invalidValue(path, 'TYPE_STRING', value);
  return value;
}

/** One of the two alphabets, with or without padding, and nothing else: Node ignores what is not base64. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || (/[-_]/.test(value) && /[+/]/.test(value))) return undefined;
  const standard = value.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Buffer.from(standard, 'base64');
  const padded = bytes.toString('base64');
  return standard === padded || standard === padded.replace(/=+$/, '') ? bytes : undefined;
}

function parseEnum(type: protobuf.Enum, value: unknown, path: Path): string {
  const name = typeof value === 'number' ? type.valuesById[value] : value;
  if (typeof name === 'string' && Object.hasOwn(type.values, name)) return name;
  throw invalidValue(path, `enum: ${Object.keys(type.values).join(', ')}`, value);
}

/** The first timestamp that the proto allows. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');

/** Messages with a JSON form of their own. */
const WELL_KNOWN: Readonly<
  Record<string, { parse(value: unknown, path: Path): unknown; print(value: never): unknown }>
> = {
  '.google.protobuf.Duration': {
    parse(value, path) {
      const match = typeof value === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
      if (!match) throw invalidValue(path, 'Duration, such as "3.5s"', value);
      const sign = match[1] === '-' ? -1 : 1;
      return { seconds: sign * Number(match[2]), nanos: sign * Number((match[3] ?? '').padEnd(9, '0')) };
    },
    print: ({ seconds, nanos }: Time) =>
      `${Number(nanos ?? 0) < 0 && Number(seconds ?? 0) === 0 ? '-' : ''}${Number(seconds ?? 0)}${fraction(nanos)}s`,
  },
  '.google.protobuf.Timestamp': {
    parse(value, path) {
      const match =
        typeof value === 'string'
          ? /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(value)
          : null;
      const millis = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
      if (!match || Number.isNaN(millis) || millis < FIRST_MS) {
        throw invalidValue(path, 'Timestamp, such as "2026-01-31T12:00:00Z"', value);
      }
      return { seconds: millis / 1e3, nanos: Number((match[2] ?? '').padEnd(9, '0')) };
    },
    print: ({ seconds, nanos }: Time) =>
      new Date(Number(seconds ?? 0) * 1e3).toISOString().replace('.000Z', `${fraction(nanos)}Z`),
  },
  '.google.protobuf.FieldMask': {
    parse(value, path) {
      const mask = text(path, value);
      return { paths: mask === '' ? [] : mask.split(',') };
    },
    print: ({ paths }: { paths?: readonly string[] }) => (paths ?? []).join(','),
  },
  // Only fields that are not emulated have this type.
  '.google.protobuf.Struct': { parse: (value) => value, print: (value) => value },
};

interface Time {
  readonly seconds?: number | string | { toString(): string } | null;
  readonly nanos?: number | null;
}

/** Nanoseconds with 3, 6 or 9 digits; nothing for none. */
function fraction(nanos: number | null | undefined): string {
  if (!nanos) return '';
  return `.${String(Math.abs(nanos))
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}

/** A message as JSON. Fields at their default are left out. */
export function printMessage(type: protobuf.Type, message: object): Json {
  const entries = type.fieldsArray.flatMap((field) => {
    const value = Object.getOwnPropertyDescriptor(message, field.name)?.value;
    const json = value === undefined || value === null ? undefined : printField(field.resolve(), value);
    return json === undefined ? [] : [[field.name, json] as const];
  });
  return Object.fromEntries(entries);
}

/** Undefined for a default. */
function printField(field: protobuf.Field, value: unknown): unknown {
  if (field instanceof protobuf.MapField) {
    const entries = Object.entries(value as Json).map(([key, item]) => [key, printSingle(field, item)]);
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  if (Array.isArray(value)) {
    return value.length > 0 ? value.map((item) => printSingle(field, item)) : undefined;
  }
  const json = printSingle(field, value);
  return json === '' || json === 0 || json === '0' || json === false || isUnspecified(field, json)
    ? undefined
    : json;
}

function printSingle({ resolvedType, type }: protobuf.Field, value: unknown): unknown {
  if (resolvedType instanceof protobuf.Enum) {
    return typeof value === 'number' ? (resolvedType.valuesById[value] ?? value) : value;
  }
  if (resolvedType) {
    const wellKnown = WELL_KNOWN[resolvedType.fullName];
    return wellKnown ? wellKnown.print(value as never) : printMessage(resolvedType, value as object);
  }
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  return type.endsWith('64') ? String(value) : value;
}

function isUnspecified({ resolvedType }: protobuf.Field, json: unknown): boolean {
  return resolvedType instanceof protobuf.Enum && resolvedType.values[String(json)] === 0;
}

function typeName({ type, resolvedType }: protobuf.Field): string {
  return resolvedType ? resolvedType.fullName.slice(1) : `TYPE_${type.toUpperCase()}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SHOWN_CHARACTERS = 100;

function invalidValue(path: Path, type: string, value: unknown): CloudError {
  const shown = (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_CHARACTERS);
  return invalidPayload(`Invalid value at '${path || 'the body'}' (${type}), ${shown}`);
}

export function invalidPayload(problem: string, hint?: string): CloudError {
  return new CloudError(
    'INVALID_ARGUMENT',
    `Invalid JSON payload received. ${problem}`,
    hint === undefined ? {} : { hint },
  );
}
