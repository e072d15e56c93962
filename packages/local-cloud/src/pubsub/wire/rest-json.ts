import { fromProto3JSON, toProto3JSON } from 'proto3-json-serializer';
import protobuf from 'protobufjs';
import { CloudError } from '../../errors.ts';
import { camelCase } from '../fields.ts';
import { reasonOf } from '../reason.ts';
import { toRequest } from './protos.ts';
import type { RouteMatch } from './rest-routes.ts';

type Json = Record<string, unknown>;

/** Builds the request from the path, the query and the body. Throws INVALID_ARGUMENT. */
export function requestOf({ rpc, pathFields }: RouteMatch, query: URLSearchParams, body: string): Json {
  const type = rpc.request;
  const json: Json = {};
  const bodyField = rpc.http?.body;
  if (bodyField === '*') Object.assign(json, withFieldNames(type, parse(body), ''));
  else if (bodyField)
    json[bodyField] = withFieldNames(fieldOf(type, bodyField, '').resolvedType, parse(body), bodyField);
  for (const name of new Set(query.keys())) {
    if (!IGNORED_PARAMETERS.has(name)) setField(type, json, name, query.getAll(name));
  }
  for (const [name, value] of pathFields) setField(type, json, name, [value]);
  try {
    const message = fromProto3JSON(type, json as never);
    return message ? toRequest(type, withProtoKeys(type, json, message)) : {};
  } catch (error) {
    throw invalid(reasonOf(error));
  }
}

/** A response as proto3 JSON. */
export function responseJson(type: protobuf.Type, response: object): string {
  // Encoding and decoding turns nested plain objects into messages.
  const message = type.decode(type.encode(type.fromObject(response)).finish());
  return JSON.stringify(withProtoKeys(type, message, toProto3JSON(message) as Json));
}

/** Gives the maps of `copy` the key `__proto__` that proto3-json-serializer loses. Returns `copy`. */
function withProtoKeys<T extends object>(type: protobuf.Type, original: object, copy: T): T {
  for (const field of type.fieldsArray) {
    const [from, to] = [original, copy].map(
      (value) => Object.getOwnPropertyDescriptor(value, field.name)?.value,
    );
    if (typeof from !== 'object' || typeof to !== 'object' || !from || !to) continue;
    const { resolvedType } = field.resolve();
    if (field instanceof protobuf.MapField) {
      const lost = Object.getOwnPropertyDescriptor(from, '__proto__');
      if (lost) Object.defineProperty(to, '__proto__', lost);
    } else if (resolvedType instanceof protobuf.Type) {
      const items: unknown[] = Array.isArray(from) ? from : [from];
      for (const [index, item] of items.entries()) {
        const other: unknown = Array.isArray(to) ? to[index] : to;
        if (isRecord(item) && isRecord(other)) withProtoKeys(resolvedType, item, other);
      }
    }
  }
  return copy;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** Parameters of every Google API; they have no effect here. https://cloud.google.com/apis/docs/system-parameters */
const IGNORED_PARAMETERS = new Set([
  'alt',
  '$alt',
  'prettyPrint',
  '$prettyPrint',
  'key',
  'quotaUser',
  'fields',
  '$fields',
]);

function parse(body: string): unknown {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch (error) {
    throw invalid(`Invalid JSON payload received. ${reasonOf(error)}`);
  }
}

/** Replaces the field names of `json` with the proto's. Throws INVALID_ARGUMENT for an unknown field. */
function withFieldNames(type: protobuf.Type | protobuf.Enum | null, json: unknown, path: string): unknown {
  if (!(type instanceof protobuf.Type) || type.fullName.startsWith('.google.protobuf.')) return json;
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => withFieldNames(type, item, path));
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = fieldOf(type, name, path);
      const isMap = field instanceof protobuf.MapField;
      return [field.name, isMap ? value : withFieldNames(field.resolvedType, value, `${path}${field.name}.`)];
    }),
  );
}

function fieldOf(type: protobuf.Type, name: string, path: string): protobuf.Field {
  const known = [name, camelCase(name)].find((key) => Object.hasOwn(type.fields, key));
  const field = known === undefined ? undefined : type.fields[known];
  if (!field) throw invalid(`Unknown name "${path}${name}": cannot find field in ${type.name}.`);
  return field.resolve();
}

/** Sets the field at `path` to text values from the URL. */
function setField(type: protobuf.Type, json: Json, path: string, values: readonly string[]): void {
  const [name = '', ...rest] = path.split('.');
  const field = fieldOf(type, name, '');
  if (rest.length > 0 && field.resolvedType instanceof protobuf.Type) {
    const nested = (json[field.name] ?? {}) as Json;
    setField(field.resolvedType, nested, rest.join('.'), values);
    json[field.name] = nested;
    return;
  }
  const parsed = values.map((value) => (field.type === 'bool' ? value === 'true' : value));
  json[field.name] = field.repeated ? parsed : parsed.at(-1);
}

function invalid(message: string): CloudError {
  return new CloudError('INVALID_ARGUMENT', message);
}
