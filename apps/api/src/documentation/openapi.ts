import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { Type } from '@sinclair/typebox';

/** Version of the contract, not of the code: change it when callers can notice. */
const CONTRACT_VERSION = '1.3.0';

/** Statuses that can come before a request is counted against a limit. */
const UNCOUNTED = new Set(['400', '414', '431', '503']);

const rateLimitHeaders = {
  'RateLimit-Policy': Type.String({
    pattern: '^"[a-z-]+";q=[1-9][0-9]*;w=[1-9][0-9]*$',
    description:
      'Requests (`q`) that this instance allows an address, or a key, in a number of seconds (`w`).',
    examples: ['"anonymous";q=600;w=60'],
  }),
  RateLimit: Type.String({
    pattern: '^"[a-z-]+";r=[0-9]+;t=[0-9]+$',
    description: 'Requests left now (`r`), and seconds until the quota is full again (`t`).',
    examples: ['"anonymous";r=598;t=1'],
  }),
};

/** Adds the headers of the rate limit to every response of an operation. */
function withLimits(responses: unknown): Record<string, object> {
  return Object.fromEntries(
    Object.entries(responses as Record<string, { headers?: object }>).map(([status, response]) => [
      status,
      { ...response, headers: { ...response.headers, ...rateLimitHeaders } },
    ]),
  );
}

interface Operation {
  readonly parameters?: readonly { readonly schema: { readonly type?: string } }[];
  readonly responses?: Readonly<
    Record<string, { readonly headers?: Readonly<Record<string, { required?: boolean }>> }>
  >;
}

/** Marks headers as required, which the schema of a route cannot express. */
function requireHeaders(paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>): void {
  for (const { responses = {} } of Object.values(paths).flatMap(Object.values<Operation>)) {
    for (const [status, { headers = {} }] of Object.entries(responses)) {
      for (const [name, header] of Object.entries(headers)) {
        header.required = !(name in rateLimitHeaders && UNCOUNTED.has(status));
      }
    }
  }
}

/** Says that a repeated parameter is an array, which is OpenAPI's default, though not of every generator. */
function repeatArrays(paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>): void {
  for (const { parameters = [] } of Object.values(paths).flatMap(Object.values<Operation>)) {
    for (const parameter of parameters) {
      if (parameter.schema.type === 'array') Object.assign(parameter, { style: 'form', explode: true });
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
        'Records of people: a name and a country each. Every operation supports GET and HEAD and takes no body. Every error is a problem document (RFC 9457); `/problems` lists the kinds. Besides the problems of each operation, an unknown path gives `route-not-found` (404), an unsupported method `method-not-allowed` (405), and a bad request `request-timeout` (408) or `expectation-failed` (417). No key is needed. Without one, each address may send the number of requests per minute given in `RateLimit-Policy`, counted per instance. A key in `X-API-Key`, issued by the operator, has a limit of its own. Web pages of any origin may call this API.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that sent this document.' }],
    components: {
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'Optional. Each key has a rate limit of its own.',
        },
      },
    },
    tags: [
      { name: 'records', description: 'The data.' },
      { name: 'health', description: 'For the operator of the service.' },
    ],
  },
  transform: ({ schema, url }) => ({
    url,
    schema: schema?.tags?.includes('records')
      ? { ...schema, response: withLimits(schema.response), security: [{}, { key: [] }] }
      : { ...schema, security: [] },
  }),
  transformObject: (document) => {
    if (!('openapiObject' in document)) throw new TypeError('not an OpenAPI 3 document');
    const paths = document.openapiObject.paths as Readonly<
      Record<string, Readonly<Record<string, Operation>>>
    >;
    requireHeaders(paths);
    repeatArrays(paths);
    return document.openapiObject;
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `def-${index}`,
  },
};
