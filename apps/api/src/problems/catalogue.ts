/** One kind of problem that a caller can meet. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for the documentation. */
  readonly description: string;
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter?: number;
}

/** Where the page that explains every kind is; a problem's `type` is an anchor on it. */
export const PROBLEMS_PATH = '/problems';

/** Every refusal and failure of this API. The names are part of its contract: they may be added to, not changed. */
export const PROBLEMS = {
  'invalid-parameters': {
    status: 400,
    title: 'Invalid parameters',
    description:
      'A parameter is unknown, repeated or breaks its rule. `errors` lists every one of them with its name, its value and its rule.',
  },
  'unexpected-content': {
    status: 400,
    title: 'Unexpected content',
    description:
      'The request has a body, and no operation takes one. Send it without; parameters belong in the URL.',
  },
  'malformed-request': {
    status: 400,
    title: 'Malformed request',
    description:
      'The request is not valid HTTP, or its URL has a space or another character that is not percent-encoded (`Perú` is `Per%C3%BA`), or a percent sign that is not followed by two hexadecimal digits of UTF-8.',
  },
  'list-too-large': {
    status: 400,
    title: 'List too large',
    description:
      'The list has more records (over a million) than can be filtered or counted here. Take all of it from `/records.ndjson` and do that there.',
  },
  'invalid-key': {
    status: 401,
    title: 'Invalid key',
    description:
      'The request has an `X-API-Key` header, and what is in it is no key of this API, or one that was revoked or has expired. Nobody needs a key: without the header the request is answered within the limit for everybody.',
  },
  'record-not-found': {
    status: 404,
    title: 'Record not found',
    description:
      'No record has this id. A record that was published a moment ago can take some seconds to appear. A 404 is remembered for five seconds; while many unknown ids are asked for, until the list is renewed, which takes two windows at most.',
  },
  'route-not-found': {
    status: 404,
    title: 'Route not found',
    description: 'Nothing is served at this path. Paths are case-sensitive and have no slash at the end.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    description:
      'The path exists, but not for this method. The `Allow` header lists the methods that it has.',
  },
  'not-acceptable': {
    status: 406,
    title: 'Not acceptable',
    description:
      'The `Accept` header takes none of the media types that the path gives; `detail` lists those. Problems are `application/problem+json` whatever it says.',
  },
  'request-timeout': {
    status: 408,
    title: 'Request timeout',
    description: 'The request was not received in full in time. Send it again.',
  },
  'snapshot-expired': {
    status: 410,
    title: 'Snapshot expired',
    description:
      'The state of the list that `snapshot` names can not be read any more, or never could. Start again at `/records` without `snapshot`: the links of that answer lead through the list as it is now.',
  },
  'uri-too-long': {
    status: 414,
    title: 'URI too long',
    description: 'The path and query together are longer than 4,096 characters; no valid request is.',
  },
  'expectation-failed': {
    status: 417,
    title: 'Expectation failed',
    description: 'The request has an `Expect` header that asks for something other than `100-continue`.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    description:
      'More requests came from this address, or with this key, than `RateLimit-Policy` allows; or too many wrong keys came from this address. Send the request again after the seconds in `Retry-After`; `RateLimit` says beforehand how many are left.',
    retryAfter: 1,
  },
  'headers-too-large': {
    status: 431,
    title: 'Request header fields too large',
    description: 'The request line and header fields together are larger than 16 KiB.',
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    description:
      'A fault of this service, which has been logged under the id in `instance`. Sending the request again is unlikely to help.',
  },
  'not-ready': {
    status: 503,
    title: 'Not ready',
    description:
      'This instance is starting, stopping, or can not reach its warehouse. Only `/health/ready` says so.',
    retryAfter: 1,
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    description:
      'This instance has as many requests as it can answer in time. Send the request again after the seconds in `Retry-After`.',
    retryAfter: 1,
  },
  'keys-unavailable': {
    status: 503,
    title: 'Keys unavailable',
    description:
      'Keys can not be checked at the moment. Send the request again after the seconds in `Retry-After`, or without `X-API-Key`.',
    retryAfter: 5,
  },
  'warehouse-unavailable': {
    status: 503,
    title: 'Warehouse unavailable',
    description:
      'The records can not be read at the moment. Send the request again after the seconds in `Retry-After`.',
    retryAfter: 5,
  },
  'warehouse-busy': {
    status: 503,
    title: 'Warehouse busy',
    description:
      'The capacity to read records is used up for now. Send the request again after the seconds in `Retry-After`.',
    retryAfter: 30,
  },
  'warehouse-timeout': {
    status: 504,
    title: 'Warehouse timeout',
    description:
      'The records could not be read in time. Send the request again: what it waited for may be there by then.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemName = keyof typeof PROBLEMS;

/** The `type` of a problem: a reference that identifies the kind and leads to its explanation (RFC 9457, 3.1.1). */
export function problemType(name: ProblemName): string {
  return `${PROBLEMS_PATH}#${name}`;
}
