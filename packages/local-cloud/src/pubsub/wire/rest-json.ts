import protobuf from 'protobufjs';
import { jsonText } from '../../http/json-body.ts';
import { reasonOf } from '../reason.ts';
import { fieldOf, invalidPayload, type Json, parseMessage } from './proto-json.ts';
import type { RouteMatch } from './rest-routes.ts';

/** Builds the request from the path, the query and the body. Throws INVALID_ARGUMENT. */
export function requestOf(
  { rpc, rule, pathFields }: RouteMatch,
  query: URLSearchParams,
  body: Uint8Array,
): Json {
  const json: Json = {};
  if (rule.body === '*') Object.assign(json, objectOf(rpc.request, parse(body)));
  else if (rule.body !== undefined) json[rule.body] = parse(body);
  for (const name of new Set(query.keys())) {
    if (!SYSTEM_PARAMETERS.has(name)) setField(rpc.request, json, name, query.getAll(name));
  }
  for (const [name, value] of pathFields) setField(rpc.request, json, name, [value]);
  return parseMessage(rpc.request, json);
}

/** Parameters of every Google API. https://cloud.google.com/apis/docs/system-parameters */
const SYSTEM_PARAMETERS = new Set(
  ['access_token', 'alt', 'callback', 'fields', 'key', 'oauth_token', 'prettyPrint', 'quotaUser']
    .flatMap((name) => [name, `$${name}`])
    .concat('$.xgafv', 'uploadType', 'upload_protocol', 'userIp'),
);

function parse(body: Uint8Array): unknown {
  try {
    const text = jsonText(body);
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw invalidPayload(reasonOf(error));
  }
}

/** The fields of a body with the names of the proto, so that the path can replace them. */
function objectOf(type: protobuf.Type, body: unknown): Json {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return parseMessage(type, body);
  const json: Json = {};
  for (const [name, value] of Object.entries(body)) {
    const field = fieldOf(type, name);
    if (Object.hasOwn(json, field.name)) throw invalidPayload(`"${name}" is set twice: leave one out.`);
    json[field.name] = value;
  }
  return json;
}

/** Sets the field at `path` to text values from the URL. */
function setField(type: protobuf.Type, json: Json, path: string, values: readonly string[]): void {
  const [name = '', ...rest] = path.split('.');
  const field = fieldOf(type, name);
  if (rest.length > 0 && field.resolvedType instanceof protobuf.Type) {
    const nested = (json[field.name] ?? {}) as Json;
    setField(field.resolvedType, nested, rest.join('.'), values);
    json[field.name] = nested;
    return;
  }
  const parsed = values.map((value) => (field.type === 'bool' ? booleanOf(value) : value));
  if (!field.repeated && parsed.length > 1) throw invalidPayload(`"${path}" is set twice: leave one out.`);
  json[field.name] = field.repeated ? parsed : parsed[0];
}

/** Python writes `True`. What is no boolean stays as it is, and is refused. */
function booleanOf(text: string): boolean | string {
  if (/^(?:true|t|yes|y|1)$/i.test(text)) return true;
  return /^(?:false|f|no|n|0)$/i.test(text) ? false : text;
}
