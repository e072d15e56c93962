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
    const message = fromProto3JSON(type, renamed(json, PROTO, ESCAPED) as never);
    return message ? (renamed(toRequest(type, message), ESCAPED, PROTO) as Json) : {};
  } catch (error) {
    throw invalid(reasonOf(error));
  }
}

/** A response as proto3 JSON. */
export function responseJson(type: protobuf.Type, response: object): string {
  // Encoding and decoding turns nested plain objects into messages.
  const escaped = renamed(response, PROTO, ESCAPED) as object;
  const json = toProto3JSON(type.decode(type.encode(type.fromObject(escaped)).finish()));
  return JSON.stringify(renamed(json, ESCAPED, PROTO));
}

/** The serializer of proto3 JSON loses a map's key `__proto__`, so it meets the key by another name. */
const PROTO = '__proto__';
const ESCAPED = '\0__proto__';

/** `value` with the keys `from` of its plain objects renamed; the same object when there are none. */
function renamed(value: unknown, from: string, to: string): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => renamed(item, from, to));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value);
  const next = entries.map(([key, item]) => [key === from ? to : key, renamed(item, from, to)] as const);
  const isSame = next.every(
    ([key, item], index) => key === entries[index]?.[0] && item === entries[index]?.[1],
  );
  return isSame ? value : Object.fromEntries(next);
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
  const field = type.fields[name] ?? type.fields[camelCase(name)];
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
