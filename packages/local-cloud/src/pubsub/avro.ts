import avro from 'avsc';
import { CloudError } from '../errors.ts';
import { parsePrefix } from './json-prefix.ts';
import { SCHEMA_DEFINITION_MAX_BYTES } from './limits.ts';
import { reasonOf } from './reason.ts';
import type { Encoding } from './resources.ts';

/** An Avro schema that checks and decodes messages. https://avro.apache.org/docs/1.11.1/specification/ */
export class AvroSchema {
  readonly type: avro.types.RecordType;
  /** For JSON, without defaults: Google's JSON decoder refuses a missing field even if the schema has a default for it. */
  readonly #jsonType: avro.Type;

  private constructor(type: avro.types.RecordType, jsonType: avro.Type) {
    this.type = type;
    this.#jsonType = jsonType;
  }

  /** Throws INVALID_ARGUMENT with the reason. */
  static parse(definition: string): AvroSchema {
    const size = Buffer.byteLength(definition);
    if (size > SCHEMA_DEFINITION_MAX_BYTES) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Could not parse schema definition: it has ${size} bytes; at most ${SCHEMA_DEFINITION_MAX_BYTES} are allowed.`,
      );
    }
    let schema: avro.Schema;
    let type: avro.Type;
    let jsonType: avro.Type;
    try {
      schema = JSON.parse(definition);
      type = avro.Type.forSchema(schema, { wrapUnions: 'always' });
      jsonType = avro.Type.forSchema(withoutDefaults(schema), { wrapUnions: 'always' });
    } catch (error) {
      throw new CloudError('INVALID_ARGUMENT', 'Could not parse schema definition', {
        hint: reasonOf(error),
        cause: error,
      });
    }
    if (!(type instanceof avro.types.RecordType)) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        `Could not parse schema definition: the top level is "${type.typeName}"; it must be a record.`,
      );
    }
    return new AvroSchema(type, jsonType);
  }

  /** Throws an error with the reason when the data does not match the schema. */
  check(data: Uint8Array, encoding: Encoding): void {
    this.#decode(data, encoding);
  }

  /** The data in Avro's JSON encoding. JSON data keeps fields that the schema lacks. Throws when the data cannot be decoded. */
  toJson(data: Uint8Array, encoding: Encoding): unknown {
    if (encoding === 'JSON') return parsePrefix(textOf(data), JSON.parse);
    return JSON.parse(this.type.toString(this.#decode(data, encoding)));
  }

  /**
   * Throws INVALID_ARGUMENT unless each of the two schemas can read the other's data.
   * https://docs.cloud.google.com/pubsub/docs/commit-schema-revision
   */
  checkCompatible(other: AvroSchema): void {
    try {
      this.type.createResolver(other.type);
      other.type.createResolver(this.type);
    } catch (error) {
      throw new CloudError(
        'INVALID_ARGUMENT',
        'Invalid schema revision: it is incompatible with the latest revision.',
        {
          hint: `${reasonOf(error)}; only a field with a default can be added or removed, such as {"type": ["null", "string"], "default": null}`,
          cause: error,
        },
      );
    }
  }

  #decode(data: Uint8Array, encoding: Encoding): unknown {
    if (encoding === 'JSON') return parsePrefix(textOf(data), (text) => decodeJson(this.#jsonType, text));
    return this.type.fromBuffer(bufferOf(data));
  }
}

/** Throws an error that names the field at fault: that of avsc names only its type. */
function decodeJson(type: avro.Type, text: string): unknown {
  try {
    return type.fromString(text);
  } catch (error) {
    const problem = problemIn(type, JSON.parse(text), '');
    throw problem === undefined ? error : new TypeError(problem, { cause: error });
  }
}

/** The first problem of a value in Avro's JSON encoding. */
function problemIn(type: avro.Type, value: unknown, path: string): string | undefined {
  if (type instanceof avro.types.RecordType && isObject(value)) {
    for (const { name, type: fieldType } of type.fields) {
      const field = path === '' ? name : `${path}.${name}`;
      if (!Object.hasOwn(value, name))
        return `field "${field}" is missing: set it to ${described(fieldType)}`;
      const problem = problemIn(fieldType, value[name], field);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  try {
    type.fromString(JSON.stringify(value));
    return undefined;
  } catch {
    const shown = JSON.stringify(value).slice(0, SHOWN_CHARACTERS);
    return `${path === '' ? 'the message' : `field "${path}"`} is ${shown}: it must be ${described(type)}`;
  }
}

const SHOWN_CHARACTERS = 100;

/** A type as its JSON is written: a value of a union is wrapped in the name of its type. */
function described(type: avro.Type): string {
  if (!(type instanceof avro.types.WrappedUnionType)) return `a value of type "${type.branchName}"`;
  const branches = type.types.map(({ branchName }) =>
    branchName === 'null' ? 'null' : `{"${branchName}": …}`,
  );
  return branches.join(' or ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

export function textOf(data: Uint8Array): string {
  return bufferOf(data).toString('utf8');
}

function withoutDefaults(schema: unknown): avro.Schema {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'default' ? undefined : value)));
}
