import avro from 'avsc';
import { CloudError } from '../errors.ts';
import { parsePrefix } from './json-prefix.ts';
import { SCHEMA_DEFINITION_MAX_BYTES } from './limits.ts';
import { reasonOf } from './reason.ts';
import type { Encoding } from './resources.ts';

/** An Avro schema by which messages are checked and read. https://avro.apache.org/docs/1.11.1/specification/ */
export class AvroSchema {
  readonly type: avro.types.RecordType;
  /** For JSON. Without defaults: Avro's JSON decoder at Google refuses a missing field even when it has one. */
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
        `Could not parse schema definition: it has ${size} bytes, at most ${SCHEMA_DEFINITION_MAX_BYTES} are allowed.`,
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
        `Could not parse schema definition: the top level must be a record, it is "${type.typeName}".`,
      );
    }
    return new AvroSchema(type, jsonType);
  }

  /** Throws an error that says what is wrong with a message's data. */
  check(data: Uint8Array, encoding: Encoding): void {
    this.#decode(data, encoding);
  }

  /** A message's data in Avro's JSON encoding, whatever its own; JSON keeps fields that are not in the schema. Throws. */
  toJson(data: Uint8Array, encoding: Encoding): unknown {
    if (encoding === 'JSON') return parsePrefix(textOf(data), JSON.parse);
    return JSON.parse(this.type.toString(this.#decode(data, encoding)));
  }

  /**
   * Throws INVALID_ARGUMENT unless each of the two schemas can read what the other wrote.
   * https://docs.cloud.google.com/pubsub/docs/commit-schema-revision
   */
  checkCompatible(other: AvroSchema): void {
    try {
      this.type.createResolver(other.type);
      other.type.createResolver(this.type);
    } catch (error) {
      throw new CloudError('INVALID_ARGUMENT', 'Invalid schema revision: incompatible with the latest one.', {
        hint: `${reasonOf(error)}; a field can be added or removed only if it has a default, such as {"type": ["null", "string"], "default": null}`,
        cause: error,
      });
    }
  }

  #decode(data: Uint8Array, encoding: Encoding): unknown {
    if (encoding === 'JSON') return parsePrefix(textOf(data), (text) => this.#jsonType.fromString(text));
    return this.type.fromBuffer(bufferOf(data));
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function textOf(data: Uint8Array): string {
  return bufferOf(data).toString('utf8');
}

function withoutDefaults(schema: unknown): avro.Schema {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'default' ? undefined : value)));
}
