import type { JavaScriptValue, Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import protobuf from 'google-protobuf/google/protobuf/struct_pb.js';

/** A value as a program gives it: JSON, with UNKNOWN for what a preview does not know. */
type PropertyValue = unknown;
export type Properties = Readonly<Record<string, PropertyValue>>;

/** Stands for an output that is known only after the deployment. Only previews contain it. */
export const UNKNOWN = '[known after deployment]';

/** Whether the value, or a part of it, is UNKNOWN. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnknown);
}

// The marks of Pulumi's wire format, from its SDK (sdk/go/common/resource/properties.go).
const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const RESOURCE_REFERENCE = '5cf8f73096256a8f31e491e813e4eb8e';
const OUTPUT_VALUE = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
const ASSET = 'c44067f5952c0a294b673a41bacd8c17';
const ARCHIVE = '0def7320c3a5731c473e5ecbe6d01bc7';
const UNKNOWN_VALUE = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export interface DecodedProperties {
  readonly values: Record<string, PropertyValue>;
  /** Names of the top-level properties that hold a secret somewhere. */
  readonly secrets: readonly string[];
  /** URNs of the resources that output values come from. */
  readonly dependencies: readonly string[];
}

/** A value of a kind that the engine does not support. */
export class PropertyValueError extends Error {
  override readonly name = 'PropertyValueError';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Decodes Pulumi's wire format. Throws PropertyValueError for an asset or an archive. */
export function decodeProperties(struct: Struct | undefined): DecodedProperties {
  const values: Record<string, PropertyValue> = {};
  const secrets: string[] = [];
  const dependencies = new Set<string>();
  for (const [name, wire] of Object.entries(struct?.toJavaScript() ?? {})) {
    const decoder = new Decoder();
    values[name] = decoder.decode(wire, name);
    if (decoder.secret) secrets.push(name);
    for (const urn of decoder.dependencies) dependencies.add(urn);
  }
  return { values, secrets, dependencies: [...dependencies] };
}

/** Encodes outputs in Pulumi's wire format, without undefined values. `secrets` names the secret properties. */
export function encodeProperties(values: Properties, secrets: readonly string[]): Struct {
  const wire: Record<string, JavaScriptValue> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const encoded = encode(value);
    wire[name] = secrets.includes(name) ? { [SIGNATURE_KEY]: SECRET, value: encoded } : encoded;
  }
  return protobuf.Struct.fromJavaScript(wire);
}

class Decoder {
  secret = false;
  readonly dependencies: string[] = [];

  decode(value: unknown, path: string): PropertyValue {
    if (value === UNKNOWN_VALUE) return UNKNOWN;
    if (Array.isArray(value)) return value.map((item, index) => this.decode(item, `${path}[${index}]`));
    if (!isObject(value)) return value;
    switch (value[SIGNATURE_KEY]) {
      case undefined:
        return Object.fromEntries(
          Object.entries(value).map(([key, item]) => [key, this.decode(item, `${path}.${key}`)]),
        );
      case SECRET:
        this.secret = true;
        return this.decode(value.value, path);
      case OUTPUT_VALUE:
        this.secret ||= value.secret === true;
        if (Array.isArray(value.dependencies)) this.dependencies.push(...value.dependencies.map(String));
        return 'value' in value ? this.decode(value.value, path) : UNKNOWN;
      case RESOURCE_REFERENCE:
        // A provider sees the id of a resource that is passed as a value, and a component's URN.
        return this.decode(value.id === '' ? UNKNOWN_VALUE : (value.id ?? value.urn), path);
      case ASSET:
      case ARCHIVE:
        throw new PropertyValueError(path, 'assets and archives are not emulated: pass the text itself');
      default:
        throw new PropertyValueError(path, `unknown kind of Pulumi value (${String(value[SIGNATURE_KEY])})`);
    }
  }
}

function encode(value: unknown): JavaScriptValue {
  if (value === UNKNOWN) return UNKNOWN_VALUE;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(encode);
  if (!isObject(value)) return null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, encode(item)]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
