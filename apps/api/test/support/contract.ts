import { Ajv2020 } from 'ajv/dist/2020.js';

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
  }[];
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly headers: Readonly<
    Record<string, { readonly description: string; readonly schema: { examples: unknown[] } }>
  >;
  /** Absent where an answer has no body. */
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

/** Holds answers against the OpenAPI document. */
export class Contract {
  readonly document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

  constructor(document: OpenApi) {
    this.document = document;
    this.#ajv.addSchema(document, 'openapi');
  }

  /** Why the value does not keep to the schema at this JSON pointer; undefined when it does. */
  violation(pointer: readonly string[], value: unknown): string | undefined {
    const ref = pointer
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent);
    const validate = this.#ajv.getSchema(`openapi#/${ref.join('/')}`);
    if (!validate) return `no schema at ${pointer.join(' ')}`;
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  /** Why the answer is not one that the document describes for this path template; undefined when it is. */
  undescribed(path: string, { method, status, type, headers, body }: Answer): string | undefined {
    const response = this.document.paths[path]?.get?.responses[status];
    if (!response) return `${status} is not described`;
    const mediaType = type.split(';', 1)[0] ?? '';
    if (response.content && !response.content[mediaType]) return `${type} is not described for ${status}`;
    const missing = Object.keys(response.headers).filter((name) => headers[name.toLowerCase()] === undefined);
    if (missing.length > 0) return `${status} lacks ${missing.join(', ')}`;
    if (method === 'HEAD' || !response.content) return body === '' ? undefined : `${method} has a body`;
    return this.violation(
      ['paths', path, 'get', 'responses', String(status), 'content', mediaType, 'schema'],
      /\bjson$/.test(mediaType) ? JSON.parse(body) : body,
    );
  }
}
