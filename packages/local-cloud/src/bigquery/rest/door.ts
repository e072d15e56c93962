import type { IncomingMessage } from 'node:http';
import { CloudError } from '../../errors.ts';
import { readBody } from '../../http/body.ts';
import { jsonText } from '../../http/json-body.ts';
import { parseJson } from '../exact-number.ts';
import type { Precondition } from '../resources.ts';
import { COMMON_PARAMETERS } from './discovery.ts';
import type { Method } from './method.ts';
import { CONDITION_NOT_MET } from './rest-error.ts';
import { BOOLEAN, type ValueType } from './types.ts';

// What every method of the REST API has in common. https://docs.cloud.google.com/bigquery/docs/api-performance

/** https://docs.cloud.google.com/bigquery/quotas#streaming_inserts; a little above Google's 10 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const PREFIX = '/bigquery/v2/';

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
    return parseJson(jsonText(bytes));
  } catch (error) {
    const problem = Error.isError(error) ? error.message : String(error);
    throw new CloudError('INVALID_ARGUMENT', `Parse Error: the request cannot be read as JSON: ${problem}`, {
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
