import { Ajv2020 } from 'ajv/dist/2020.js';
import { STATIC_HEADERS } from '../../src/problems/problem.ts';

export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description: string;
    readonly schema: ParameterSchema;
  }[];
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

export interface ParameterSchema {
  readonly type: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  /** The schema of an array's items. */
  readonly items?: ParameterSchema;
  readonly maxItems?: number;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly headers: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly required: boolean;
        readonly schema: { readonly type: string; readonly examples: unknown[] };
      }
    >
  >;
  /** Absent for a response without a body. */
  readonly content?: Readonly<
    Record<string, { readonly examples: Readonly<Record<string, { readonly value: unknown }>> }>
  >;
}

export interface Answer {
  readonly method: string;
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Headers that need no description. */
const UNDESCRIBED: ReadonlySet<string> = new Set([
  // Of the connection or of message framing (RFC 9110, 6.6.1, 7.6.1, 8.6; RFC 9112, 6.1).
  ...['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'],
  // OpenAPI describes the type in `content` and has no codings.
  ...['content-type', 'content-encoding'],
  // The same on every response.
  ...Object.keys(STATIC_HEADERS),
]);

const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  uri: (text: string) => URL.canParse(text),
  'uri-reference': (text: string) => URL.canParse(text, 'http://localhost'),
};

/** Where the document describes the other types of a page: several at one operation would make generated clients unusable. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  '/records text/csv': '/records.csv',
  '/records application/x-ndjson': '/records.ndjson',
};

/** Compares responses with the OpenAPI document. */
export class Contract {
  readonly document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, formats: FORMATS, allErrors: true });

  constructor(document: OpenApi) {
    this.document = document;
    this.#ajv.addSchema(document, 'openapi');
  }

  /** Why the value violates the schema at this JSON pointer; undefined when it does not. */
  violation(pointer: readonly string[], value: unknown): string | undefined {
    const ref = pointer
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent);
    const validate = this.#ajv.getSchema(`openapi#/${ref.join('/')}`);
    if (!validate) return `no schema at ${pointer.join(' ')}`;
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  /** Why the response does not match the document for this path template; undefined when it does. */
  undescribed(path: string, { method, status, type, headers, body }: Answer): string | undefined {
    const response = this.document.paths[path]?.get?.responses[status];
    if (!response) return `${status} is not described`;
    const mediaType = type.split(';', 1)[0] ?? '';
    // The page of `/`, which is for people.
    if (path === '/' && mediaType === 'text/html')
      return method === 'HEAD' || body.startsWith('<!doctype html>') ? undefined : 'a page without a doctype';
    const describedAt = OTHER_TYPES[`${path} ${mediaType}`] ?? path;
    const { content } = this.document.paths[describedAt]?.get?.responses[status] ?? response;
    if (response.content && !content?.[mediaType]) return `${type} is not described for ${status}`;
    const missing = Object.entries(response.headers)
      .filter(([name, { required }]) => required && headers[name.toLowerCase()] === undefined)
      .map(([name]) => name);
    if (missing.length > 0) return `${status} lacks ${missing.join(', ')}`;
    const wrong = this.#wrongHeaders(path, String(status), response, headers);
    if (wrong.length > 0) return `${status} has ${wrong.join('; ')}`;
    if (method === 'HEAD' || !response.content) return body === '' ? undefined : `${method} has a body`;
    return this.violation(
      ['paths', describedAt, 'get', 'responses', String(status), 'content', mediaType, 'schema'],
      /\bjson$/.test(mediaType) ? JSON.parse(body) : body,
    );
  }

  /** Headers that are not described, or that violate their schema. */
  #wrongHeaders(
    path: string,
    status: string,
    response: OpenApiResponse,
    headers: Answer['headers'],
  ): string[] {
    const described = new Map(Object.keys(response.headers).map((name) => [name.toLowerCase(), name]));
    return Object.entries(headers).flatMap(([field, text]) => {
      const name = described.get(field);
      if (name === undefined) return UNDESCRIBED.has(field) ? [] : [`${field}, which is not described`];
      const value = response.headers[name]?.schema.type === 'integer' ? Number(text) : text;
      const violation = this.violation(
        ['paths', path, 'get', 'responses', status, 'headers', name, 'schema'],
        value,
      );
      return violation === undefined ? [] : [`${name} "${text}": ${violation}`];
    });
  }
}
