import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CloudError } from '../../errors.ts';
import { readBody } from '../../http/body.ts';
import { invalid } from '../errors.ts';
import { parseJson } from '../exact-number.ts';
import type { Precondition } from '../resources.ts';
import { COMMON_PARAMETERS } from './discovery.ts';
import { parseSelection, selected } from './fields.ts';
import type { Method } from './methods.ts';
import { CONDITION_NOT_MET } from './rest-error.ts';
import { BOOLEAN, type ValueType } from './types.ts';

// What every method of the REST API has in common. https://docs.cloud.google.com/bigquery/docs/api-performance

const deflate = promisify(gzip);

/** https://docs.cloud.google.com/bigquery/quotas#streaming_inserts; a little above Google's 10 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const PREFIX = '/bigquery/v2/';

/** A smaller response is not worth compressing. */
const MIN_GZIP_BYTES = 1024;

/** The verb of a request. A client that can send only GET and POST names another one in a header. */
export function httpMethodOf({ method = 'GET', headers }: IncomingMessage): string {
  const override = headers['x-http-method-override'];
  return method === 'POST' && typeof override === 'string' ? override.toUpperCase() : method;
}

/**
 * The path below `/bigquery/v2/`. The prefix may be absent or doubled: the Node.js client uses BIGQUERY_EMULATOR_HOST as its
 * whole base URL, and the Python client adds the prefix to it.
 */
export function pathBelowPrefix(pathname: string): string {
  let path = pathname;
  while (path.startsWith(PREFIX)) path = path.slice(PREFIX.length - 1);
  return path.slice(1);
}

/** The declared query parameters by their types. Throws INVALID_ARGUMENT. Other parameters have no effect. */
export function parseQuery(types: Method['query'], given: URLSearchParams): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  for (const [name, type] of Object.entries({ ...COMMON_PARAMETERS, ...types })) {
    const values = given.getAll(name);
    const value = isList(type) ? values : values.at(-1);
    if (value === undefined || value.length === 0) {
      if (type === BOOLEAN && value === '') type.parse(value, name);
      continue;
    }
    parsed[name] = type.parse(value, name);
  }
  return parsed;
}

function isList(type: ValueType): boolean {
  return 'items' in type.schema();
}

/** The JSON body; undefined without one. Throws INVALID_ARGUMENT for one that is too large, or no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  return bytes.length === 0 ? undefined : jsonOf(bytes);
}

/** Throws INVALID_ARGUMENT. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return parseJson(bytes.toString());
  } catch {
    throw new CloudError('INVALID_ARGUMENT', 'Parse Error: the request is not JSON.', {
      reason: 'parseError',
    });
  }
}

/** The header If-Match as a check of an ETag; undefined without one. */
export function ifMatchOf({ headers }: IncomingMessage): Precondition | undefined {
  const header = headers['if-match'];
  if (header === undefined) return undefined;
  return (etag) => {
    if (names(header, etag)) return;
    throw new CloudError('FAILED_PRECONDITION', 'Precondition Failed', {
      reason: CONDITION_NOT_MET,
      hint: 'the resource has changed: read it again, and send its etag',
    });
  };
}

/** Whether the caller has the resource already. */
export function isNotModified({ headers }: IncomingMessage, etag: string): boolean {
  const header = headers['if-none-match'];
  return header !== undefined && names(header, etag);
}

/** Whether a list of ETags has one. Clients send it with quotes or without. */
function names(header: string, etag: string): boolean {
  const tags = header.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  );
  return tags.includes('*') || tags.includes(etag);
}

/** A response as the caller wants it. */
export interface Form {
  /** The parameter `fields`. */
  readonly fields: string | undefined;
  readonly prettyPrint: boolean;
  readonly gzip: boolean;
}

/** Throws INVALID_ARGUMENT. */
export function formOf({ headers }: IncomingMessage, query: URLSearchParams): Form {
  const { alt = 'json', fields, prettyPrint } = parseQuery({}, query);
  if (alt !== 'json') throw invalid(`Invalid value for alt: ${alt}; the local BigQuery answers in json only`);
  if (typeof fields === 'string') parseSelection(fields);
  return {
    fields: typeof fields === 'string' ? fields : undefined,
    prettyPrint: prettyPrint === true,
    // Google asks for the word in both headers, too. A local client that does not know it is served faster without.
    gzip:
      /\bgzip\b/i.test(String(headers['accept-encoding'] ?? '')) && /gzip/i.test(headers['user-agent'] ?? ''),
  };
}

/** The bytes of a JSON response, and the headers that belong to them. */
export async function written(
  body: object,
  { fields, prettyPrint, gzip: zip }: Form,
): Promise<{ bytes: Buffer; headers: Record<string, string> }> {
  const part = fields === undefined ? body : (selected(body, parseSelection(fields)) ?? {});
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
