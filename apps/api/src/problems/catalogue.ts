export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for the documentation. */
  readonly description: string;
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter?: number;
}

/** The page that explains every kind. A problem's `type` is an anchor on it. */
export const PROBLEMS_PATH = '/problems';

/** Every refusal and failure of this API. The names are part of the contract: add some, change none. */
export const PROBLEMS = {
  'invalid-parameters': {
    status: 400,
    title: 'Invalid parameters',
    description:
      'A parameter is unknown, repeated or breaks its rule. `errors` lists each one with its name, value and rule.',
  },
  'unexpected-content': {
    status: 400,
    title: 'Unexpected content',
    description:
      'The request has a body, and no operation takes one. Send it without a body; parameters belong in the URL.',
  },
  'malformed-request': {
    status: 400,
    title: 'Malformed request',
    description:
      'The request is not valid HTTP, or its URL is not percent-encoded correctly: write `Perú` as `Per%C3%BA`, and follow a percent sign by two hexadecimal digits of UTF-8.',
  },
  'list-too-large': {
    status: 400,
    title: 'List too large',
    description:
      'The list has more records (over a million) than the service can filter or count. Export it from `/records.ndjson` and filter there.',
  },
  'invalid-key': {
    status: 401,
    title: 'Invalid key',
    description:
      'The value of `X-API-Key` is not a key of this API, or the key was revoked or has expired. No key is needed: without the header, the anonymous limit applies.',
  },
  'record-not-found': {
    status: 404,
    title: 'Record not found',
    description:
      'No record has this id. A record that was just published can take some seconds to appear. The service remembers a 404 for five seconds; while many unknown ids are requested, until the list is renewed.',
  },
  'route-not-found': {
    status: 404,
    title: 'Route not found',
    description: 'There is no such path. Paths are case-sensitive and do not end with a slash.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    description:
      'The path does not support this method. The `Allow` header lists the methods that it supports.',
  },
  'not-acceptable': {
    status: 406,
    title: 'Not acceptable',
    description:
      'The path offers none of the media types in the `Accept` header; `detail` lists those that it offers. Problems are always `application/problem+json`.',
  },
  'request-timeout': {
    status: 408,
    title: 'Request timeout',
    description: 'The request did not arrive in full in time. Send it again.',
  },
  'snapshot-expired': {
    status: 410,
    title: 'Snapshot expired',
    description:
      'The snapshot in the parameter `snapshot` has expired, or never existed. Start again at `/records` without `snapshot`: its links lead through the current list.',
  },
  'precondition-failed': {
    status: 412,
    title: 'Precondition failed',
    description:
      'The representation is not the one that `If-Match` or `If-Unmodified-Since` asks for. Leave the header out to get the present one.',
  },
  'uri-too-long': {
    status: 414,
    title: 'URI too long',
    description:
      'The path and query together are longer than 4,096 characters, or the filter is longer than 3,500 as `Link` writes it: percent-encoded, in Unicode NFC. Send fewer or shorter values.',
  },
  'expectation-failed': {
    status: 417,
    title: 'Expectation failed',
    description: 'The `Expect` header asks for something other than `100-continue`.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    description:
      'This address, or this key, sent more requests than `RateLimit-Policy` allows, or this address sent too many wrong keys. Retry after the seconds in `Retry-After`. `RateLimit` tells in advance how many requests are left.',
    retryAfter: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'Request header fields too large',
    description:
      'The request line and header fields together are larger than 16 KiB. Send a shorter URL or fewer header fields.',
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    description:
      'The service failed. Its log has the error under the id in `instance`. A retry is unlikely to help.',
  },
  'not-ready': {
    status: 503,
    title: 'Not ready',
    description:
      'This instance is starting, stopping, or cannot reach its warehouse. Only `/health/ready` sends this problem.',
    retryAfter: 1,
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    description:
      'This instance has as many requests as it can answer in time. Retry after the seconds in `Retry-After`.',
    retryAfter: 1,
  },
  'keys-unavailable': {
    status: 503,
    title: 'Keys unavailable',
    description:
      'Keys cannot be checked at the moment. Retry after the seconds in `Retry-After`, or without `X-API-Key`.',
    retryAfter: 5,
  },
  'warehouse-unavailable': {
    status: 503,
    title: 'Warehouse unavailable',
    description: 'The records cannot be read at the moment. Retry after the seconds in `Retry-After`.',
    retryAfter: 5,
  },
  'warehouse-busy': {
    status: 503,
    title: 'Warehouse busy',
    description: 'The capacity to read records is used up for now. Retry after the seconds in `Retry-After`.',
    retryAfter: 30,
  },
  'warehouse-timeout': {
    status: 504,
    title: 'Warehouse timeout',
    description:
      'The records were not read in time. Retry after the seconds in `Retry-After`: they may be ready by then.',
    retryAfter: 5,
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemName = keyof typeof PROBLEMS;

/** The `type` of a problem (RFC 9457, 3.1.1): a reference to its explanation. */
export function problemType(name: ProblemName): string {
  return `${PROBLEMS_PATH}#${name}`;
}
