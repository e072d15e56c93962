import fc from 'fast-check';
import type { OpenApi, OpenApiOperation, ParameterSchema } from './contract.ts';
import { escaped, hostile, raw } from './hostile-text.ts';

export interface DocumentRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface KnownValues {
  /** Values that exist in the tested API, by parameter. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** Sets of headers. */
  readonly headers: readonly Readonly<Record<string, string>>[];
}

type Parameter = NonNullable<OpenApiOperation['parameters']>[number];

/** Requests derived from an OpenAPI document, with valid values, values at and just beyond the limits, and hostile ones. */
export function documentRequests(document: OpenApi, known: KnownValues): fc.Arbitrary<DocumentRequest> {
  return fc.oneof(
    { weight: 1, arbitrary: goodRequests(document, known) },
    { weight: 4, arbitrary: otherRequests(document, known) },
  );
}

/** With up to three valid parameters. */
function goodRequests({ paths }: OpenApi, known: KnownValues): fc.Arbitrary<DocumentRequest> {
  const targets = Object.entries(paths).map(([path, { get }]) => {
    const given = (get?.parameters ?? []).map((parameter) => ({
      ...parameter,
      value: goodText(parameter, known).map((value) => encodeURIComponent(value.toWellFormed())),
    }));
    const inPath = given.filter((parameter) => parameter.in === 'path');
    const inQuery = given.filter((parameter) => parameter.in === 'query');
    const pairs = inQuery.map(({ name, value }) => fc.tuple(fc.constant(name), value));
    const query =
      pairs.length > 0
        ? fc.uniqueArray(fc.oneof(...pairs), { maxLength: 3, selector: ([name]) => name })
        : fc.constant([]);
    return fc
      .tuple(fc.tuple(...inPath.map(({ value }) => value)), query)
      .map(([values, pairs]) => filled(path, inPath, values) + queryText(pairs));
  });
  return fc.record({
    method: fc.constant('GET'),
    target: fc.oneof(...targets),
    headers: fc.constant({}),
    body: fc.constant(null),
  });
}

function otherRequests({ paths }: OpenApi, known: KnownValues): fc.Arbitrary<DocumentRequest> {
  const operations = Object.entries(paths).map(([path, { get }]) => {
    const parameters = get?.parameters ?? [];
    return fc
      .tuple(
        pathOf(path, parameters, known),
        queryOf(
          parameters.filter((parameter) => parameter.in === 'query'),
          known,
        ),
      )
      .map(([path, query]) => path + query);
  });
  const undescribed = fc
    .tuple(
      fc.oneof(
        fc.constantFrom('/docs', '/openapi.json', '/problems', '/records/', '/', '*'),
        raw.map((text) => `/${text}`),
      ),
      queryOf([], known),
    )
    .map(([path, query]) => path + query);
  return fc.record({
    method,
    target: fc.oneof(...operations.map((arbitrary) => ({ weight: 4, arbitrary })), {
      weight: 3,
      arbitrary: undescribed,
    }),
    headers: fc
      .tuple(fc.constantFrom(...HEADERS), fc.constantFrom(...known.headers))
      .map(([some, more]) => ({ ...some, ...more })),
    body: fc.option(fc.constantFrom('', '{', '{"limit":1}', 'x'.repeat(2_000)), { freq: 12 }),
  });
}

function pathOf(path: string, parameters: readonly Parameter[], known: KnownValues): fc.Arbitrary<string> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const values = inPath.map((parameter) =>
    fc.oneof(
      { weight: 3, arbitrary: textFor(parameter, known) },
      { weight: 2, arbitrary: fc.tuple(hostile, escaped).map(([a, b]) => a + b) },
    ),
  );
  return fc.tuple(...values).map((values) => filled(path, inPath, values));
}

function filled(path: string, inPath: readonly Parameter[], values: readonly string[]): string {
  return inPath.reduce((text, { name }, at) => text.replace(`{${name}}`, () => values[at] ?? ''), path);
}

function queryText(pairs: readonly (readonly string[])[]): string {
  return pairs.length > 0 ? `?${pairs.map((pair) => pair.join('=')).join('&')}` : '';
}

function queryOf(parameters: readonly Parameter[], known: KnownValues): fc.Arbitrary<string> {
  const described = parameters.map((parameter) => ({
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant(parameter.name),
      fc.oneof({ weight: 4, arbitrary: textFor(parameter, known) }, { weight: 1, arbitrary: hostile }),
    ),
  }));
  const others = {
    weight: 2,
    arbitrary: fc.tuple(
      fc.oneof(fc.constantFrom('Limit', 'limit[]', 'page', '__proto__', 'constructor', ''), escaped),
      hostile,
    ),
  };
  return fc.array(fc.oneof(...described, others), { maxLength: 3 }).map(queryText);
}

/** Valid values: only known ones where there are any. */
function goodText({ name, schema }: Parameter, known: KnownValues): fc.Arbitrary<string> {
  const values = known.parameters[name];
  if (values) return fc.constantFrom(...values);
  const { type, minimum, maximum } = schema;
  if (type === 'boolean') return fc.constantFrom('true', 'false');
  if (minimum === undefined || maximum === undefined) throw new Error(`no good values of ${name} are known`);
  return fc.integer({ min: minimum, max: maximum }).map(String);
}

/** Valid values, and values at and just beyond the limits. */
function textFor({ name, schema }: Parameter, known: KnownValues): fc.Arbitrary<string> {
  const values = known.parameters[name];
  const some = values ? fc.constantFrom(...values) : undefined;
  const near = some?.chain((value) => almost(value));
  const ofSchema = textOf(schema.items ?? schema);
  return fc
    .oneof(ofSchema, ...(some ? [some] : []), ...(near ? [near] : []))
    .map((value) => encodeURIComponent(value.toWellFormed()));
}

/** Throws for an unknown kind of schema, so that no parameter stays untested. */
function textOf(schema: ParameterSchema): fc.Arbitrary<string> {
  const { type, minimum, maximum, minLength = 0, maxLength, pattern } = schema;
  if (type === 'boolean') return fc.constantFrom('true', 'false', 'TRUE', '1', '');
  if (type === 'integer' && minimum !== undefined && maximum !== undefined) {
    const limits = [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1];
    return fc
      .oneof(fc.constantFrom(...limits), fc.integer({ min: minimum, max: Math.min(maximum, 2_000) }))
      .map(String);
  }
  if (type === 'string' && pattern !== undefined) {
    const taken = fc.stringMatching(new RegExp(pattern, 'u'));
    return fc.oneof(taken, taken.chain(almost));
  }
  if (type === 'string' && maxLength !== undefined) {
    const lengths = fc.constantFrom(minLength, minLength + 1, maxLength, maxLength + 1);
    return lengths.chain((length) => fc.string({ minLength: length, maxLength: length }));
  }
  throw new Error(`no values are known for ${JSON.stringify(schema)}`);
}

/** The text with one character removed, added or replaced. */
function almost(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(1), fc.constantFrom('', '0', 'a', '-', '.', 'é', "'"))
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
}

const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('GET') },
  { weight: 1, arbitrary: fc.constant('HEAD') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'),
  },
);

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  {},
  { accept: 'text/html' },
  { accept: 'text/csv;q=0.9, application/x-ndjson;q=0.2' },
  { accept: 'text/csv; charset=utf-8; header=present' },
  { accept: '"; q=, */*;q=x', 'accept-encoding': 'br;q=0, gzip' },
  { 'accept-encoding': 'gzip, br' },
  { 'accept-encoding': 'br' },
  { 'if-modified-since': 'Thu, 31 Dec 2099 00:00:00 GMT' },
  { 'x-forwarded-for': "'; --" },
  { traceparent: 'x' },
  { 'content-type': 'application/json' },
  { host: '"><script>' },
  { expect: '100-continue' },
  { 'x-http-method-override': 'DELETE' },
  { range: 'bytes=0-1' },
  { 'if-none-match': '*' },
  { 'if-none-match': '*' },
  { 'if-none-match': 'W/"a", b,, "' },
];
