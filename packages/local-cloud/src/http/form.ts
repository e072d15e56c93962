import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CloudError } from '../errors.ts';
import { parseSelection, type Selection, selected } from './fields.ts';

// What Google's REST APIs have in common. https://docs.cloud.google.com/apis/docs/system-parameters

const deflate = promisify(gzip);

/** A smaller response is not worth compressing. */
const MIN_GZIP_BYTES = 1024;

/**
 * The verb of a request. A client that can send only GET and POST names another one in a header. HEAD is answered as GET, and
 * Node sends no body: https://www.rfc-editor.org/rfc/rfc9110#name-head
 */
export function httpMethodOf({ method = 'GET', headers }: IncomingMessage): string {
  if (method === 'HEAD') return 'GET';
  const override = headers['x-http-method-override'];
  return method === 'POST' && typeof override === 'string' ? override.toUpperCase() : method;
}

/** A response as the caller wants it. */
export interface Form {
  /** The parameter `fields`; undefined for the whole response. */
  readonly selection: Selection | undefined;
  readonly prettyPrint: boolean;
  readonly gzip: boolean;
}

/** Throws INVALID_ARGUMENT. */
export function formOf({ headers }: IncomingMessage, query: URLSearchParams): Form {
  const alt = parameter(query, 'alt') ?? 'json';
  // Generated clients ask for enumerations as numbers. They read words, too.
  if (!/^json(?:;enum-encoding=int)?$/.test(alt)) {
    throw invalid(`Invalid value for alt: ${alt}; the local cloud answers in json only`);
  }
  const prettyPrint = parameter(query, 'prettyPrint') ?? 'false';
  if (!/^(?:true|false|1|0)$/i.test(prettyPrint)) {
    throw invalid(`Invalid value for prettyPrint: ${JSON.stringify(prettyPrint)}; it must be true or false`);
  }
  const fields = parameter(query, 'fields');
  return {
    selection: fields === undefined ? undefined : parseSelection(fields),
    prettyPrint: /^(?:true|1)$/i.test(prettyPrint),
    // Google asks for the word in both headers, too. A local client that does not know it is served faster without.
    gzip:
      /\bgzip\b/i.test(String(headers['accept-encoding'] ?? '')) && /gzip/i.test(headers['user-agent'] ?? ''),
  };
}

/** A system parameter, which may begin with a dollar sign; undefined for an empty one. */
function parameter(query: URLSearchParams, name: string): string | undefined {
  return query.getAll(name).at(-1) || query.getAll(`$${name}`).at(-1) || undefined;
}

/** Throws INVALID_ARGUMENT for a batch of requests. https://docs.cloud.google.com/bigquery/docs/batch */
export function assertNoBatch({ pathname }: URL): void {
  if (!/^\/batch(?:\/|$)/.test(pathname)) return;
  throw invalid('Batches of requests are not supported by the local cloud: send each request alone');
}

/** The bytes of a JSON response, and the headers that belong to them. */
export async function written(
  body: object,
  { selection, prettyPrint, gzip: zip }: Form,
): Promise<{ bytes: Buffer; headers: Record<string, string> }> {
  const part = selection === undefined ? body : (selected(body, selection) ?? {});
  const text = Buffer.from(JSON.stringify(part, undefined, prettyPrint ? 2 : 0));
  const isZipped = zip && text.length >= MIN_GZIP_BYTES;
  const bytes = isZipped ? await deflate(text, { level: 1 }) : text;
  return {
    bytes,
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'content-length': String(bytes.length),
      ...(isZipped && { 'content-encoding': 'gzip' }),
      ...(zip && { vary: 'accept-encoding' }),
    },
  };
}

function invalid(message: string): CloudError {
  return new CloudError('INVALID_ARGUMENT', message);
}
