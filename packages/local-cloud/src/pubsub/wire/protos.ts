import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

/** Pub/Sub's proto descriptors, from Google's client. */
const root = protobuf.Root.fromJSON(
  createRequire(import.meta.url)('@google-cloud/pubsub/build/protos/protos.json'),
).resolveAll();

export const SERVICES = ['Publisher', 'Subscriber', 'SchemaService'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** An RPC and its message types. */
export interface Rpc {
  readonly service: ServiceName;
  readonly name: string;
  readonly request: protobuf.Type;
  readonly response: protobuf.Type;
  readonly streaming: boolean;
  /** The RPC's paths: its `google.api.http` option. */
  readonly http: readonly HttpRule[];
}

export interface HttpRule {
  /** `GET` */
  readonly verb: string;
  readonly path: string;
  /** `*`, a field name, or undefined for no body. */
  readonly body: string | undefined;
}

export const RPCS: readonly Rpc[] = SERVICES.flatMap((service) =>
  root.lookupService(`google.pubsub.v1.${service}`).methodsArray.map((method) => ({
    service,
    name: method.name,
    request: typeOf(method.resolvedRequestType),
    response: typeOf(method.resolvedResponseType),
    streaming: method.requestStream === true,
    http: httpRulesOf(method),
  })),
);

/** A decoded message as a plain object. */
export function toRequest(type: protobuf.Type, message: protobuf.Message): Record<string, unknown> {
  return type.toObject(message, { longs: Number, enums: String });
}

function typeOf(type: protobuf.Type | null): protobuf.Type {
  if (!type) throw new TypeError('the RPC has no message type');
  return type;
}

function httpRulesOf(method: protobuf.Method): HttpRule[] {
  const option = (method.parsedOptions as Record<string, Record<string, string>>[] | undefined)?.find(
    (options) => '(google.api.http)' in options,
  )?.['(google.api.http)'];
  if (!option) return [];
  const verb = ['get', 'put', 'post', 'patch', 'delete'].find((name) => name in option);
  return verb === undefined
    ? []
    : [{ verb: verb.toUpperCase(), path: option[verb] ?? '', body: option.body }];
}
