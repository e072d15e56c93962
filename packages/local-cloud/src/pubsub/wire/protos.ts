import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
/** The library below Google's clients, which has the descriptors of IAM and of errors. */
const gax = createRequire(createRequire(require.resolve('@google-cloud/pubsub')).resolve('google-gax'));

/** Proto descriptors, from Google's client. */
const ROOTS = {
  'google.pubsub.v1': require('@google-cloud/pubsub/build/protos/protos.json'),
  'google.iam.v1': gax('../protos/iam_service.json'),
  'google.rpc': gax('../protos/status.json'),
};

const PACKAGES = {
  Publisher: 'google.pubsub.v1',
  Subscriber: 'google.pubsub.v1',
  SchemaService: 'google.pubsub.v1',
  IAMPolicy: 'google.iam.v1',
} as const;
export type ServiceName = keyof typeof PACKAGES;
export const SERVICES = Object.keys(PACKAGES) as ServiceName[];

/** An RPC and its message types. */
export interface Rpc {
  readonly service: ServiceName;
  readonly name: string;
  /** Its path over gRPC. */
  readonly path: string;
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

const roots = new Map(
  Object.entries(ROOTS).map(([name, json]) => [name, protobuf.Root.fromJSON(json).resolveAll()]),
);

export const RPCS: readonly Rpc[] = SERVICES.flatMap((service) => {
  const name = `${PACKAGES[service]}.${service}`;
  const { methodsArray } = (roots.get(PACKAGES[service]) as protobuf.Root).lookupService(name);
  return methodsArray.map((method) => ({
    service,
    name: method.name,
    path: `/${name}/${method.name}`,
    request: typeOf(method.resolvedRequestType),
    response: typeOf(method.resolvedResponseType),
    streaming: method.requestStream === true,
    http: service === 'IAMPolicy' ? iamRulesOf(method.name) : httpRulesOf(method),
  }));
});

/** A message type of google.rpc. */
export function errorType(name: 'Status' | 'ErrorInfo'): protobuf.Type {
  return (roots.get('google.rpc') as protobuf.Root).lookupType(`google.rpc.${name}`);
}

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

/** Where Pub/Sub serves IAM's methods. https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/getIamPolicy */
function iamRulesOf(method: string): HttpRule[] {
  const verb = `${method.charAt(0).toLowerCase()}${method.slice(1)}`;
  return ['topics', 'subscriptions', 'snapshots', 'schemas'].map((collection) => ({
    verb: method === 'GetIamPolicy' ? 'GET' : 'POST',
    path: `/v1/{resource=projects/*/${collection}/*}:${verb}`,
    body: method === 'GetIamPolicy' ? undefined : '*',
  }));
}
