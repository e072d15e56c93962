import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { Type } from '@sinclair/typebox';

/** Version of the contract, not of the code: it changes when a caller can notice. */
const CONTRACT_VERSION = '1.0.0';

/** Refused, perhaps, before anything was counted: what is not read as a request, and keys that can not be checked. */
const UNCOUNTED = new Set(['400', '414', '503']);

const rateLimitHeaders = {
  'RateLimit-Policy': Type.String({
    pattern: '^"[a-z-]+";q=[1-9][0-9]*;w=[1-9][0-9]*$',
    description:
      'How many requests (`q`) an address, or a key, has in how many seconds (`w`), at this instance.',
    examples: ['"anonymous";q=600;w=60'],
  }),
  RateLimit: Type.String({
    pattern: '^"[a-z-]+";r=[0-9]+;t=[0-9]+$',
    description: 'How many requests are left now (`r`), and the seconds until all of them are again (`t`).',
    examples: ['"anonymous";r=598;t=1'],
  }),
};

/** The responses of an operation with the headers that the rate limit adds to each. */
function withLimits(responses: unknown): Record<string, object> {
  return Object.fromEntries(
    Object.entries(responses as Record<string, { headers?: object }>).map(([status, response]) => [
      status,
      { ...response, headers: { ...response.headers, ...rateLimitHeaders } },
    ]),
  );
}

interface Responses {
  readonly responses?: Readonly<
    Record<string, { readonly headers?: Readonly<Record<string, { required?: boolean }>> }>
  >;
}

/** Says of each header whether every such answer has it, which the schema of a route can not. */
function requireHeaders(paths: Readonly<Record<string, Readonly<Record<string, Responses>>>>): void {
  for (const { responses = {} } of Object.values(paths).flatMap(Object.values<Responses>)) {
    for (const [status, { headers = {} }] of Object.entries(responses)) {
      for (const [name, header] of Object.entries(headers)) {
        header.required = !(name in rateLimitHeaders && UNCOUNTED.has(status));
      }
    }
  }
}

/** For `@fastify/swagger`, which collects the schemas of the routes. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Records API',
      version: CONTRACT_VERSION,
      description:
        'People, as records with a name and a country, published as they come in. Every operation takes GET and HEAD and no body. Whatever goes wrong is answered by a problem (RFC 9457) whose kinds are listed at `/problems`; beside those of each operation there are `route-not-found` (404) for every other path and `method-not-allowed` (405) for every other method, and `request-timeout` (408), `expectation-failed` (417) and `headers-too-large` (431) for what is not a proper request at all. Nobody needs a key: without one, an address has so many requests a minute at each instance as `RateLimit-Policy` says; a key in `X-API-Key`, which the operator gives out, has a limit of its own. Pages of any origin may call this API.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'Where this document came from.' }],
    components: {
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'A key has a limit of its own. Nobody needs one.',
        },
      },
    },
    tags: [
      { name: 'records', description: 'The data.' },
      { name: 'health', description: 'For whoever runs the service.' },
    ],
  },
  transform: ({ schema, url }) => ({
    url,
    schema: schema?.tags?.includes('records')
      ? { ...schema, response: withLimits(schema.response), security: [{}, { key: [] }] }
      : schema,
  }),
  transformObject: (document) => {
    if (!('openapiObject' in document)) throw new TypeError('this is not OpenAPI 3');
    requireHeaders(document.openapiObject.paths as Parameters<typeof requireHeaders>[0]);
    return document.openapiObject;
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `def-${index}`,
  },
};

/** The parts of an OpenAPI document that this service has, as far as its page shows them. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: ParameterSchema;
}

export interface ParameterSchema {
  readonly type: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly default?: number;
  /** The rule in words, as problems say it. */
  readonly 'x-rule'?: string;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, ResponseHeader>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface ResponseHeader {
  readonly description?: string;
  readonly schema?: { readonly examples?: readonly unknown[] };
}

export interface MediaType {
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;
}
