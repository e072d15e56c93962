import { invalidQuery, unsupported } from '../../errors.ts';
import {
  canonicalJson,
  findJson,
  InvalidJsonError,
  type Json,
  NULL_JSON,
  objectOf,
  parseJsonText,
} from '../../json.ts';
import { quoteLiteral } from '../../names.ts';
import { type DataType, scalar } from '../../types.ts';
import type { Bindings } from '../bindings.ts';
import { coerce, signatureError } from '../coercion.ts';
import type { Resolved } from '../resolved.ts';
import { computed, defined, FunctionError } from './computed.ts';
import { appended, changedAt, inserted, JsonTooLargeError, stripped } from './json-change.ts';
import {
  findInJson,
  isNull,
  type PathNotation,
  queried,
  queriedItems,
  readPath,
  readSteps,
  scalarItems,
  scalarOf,
} from './json-text.ts';
import { JSON_VALUE_FUNCTIONS } from './json-values.ts';
import { jsonText, readTypes } from './printed.ts';
import { type Emit, type FunctionTable, type Overload, overload } from './table.ts';

type Read<T> = (json: Json | undefined) => T | null;

/** Reads what is at a path, which has to be constant. Without a path, it is the whole value. */
function reading(
  name: string,
  path: 'STRING' | 'STRING?',
  notation: PathNotation,
  ofText: readonly [result: 'STRING' | 'ARRAY<STRING>', read: Read<string | (string | null)[]>],
  ofJson: readonly [result: 'STRING' | 'JSON' | 'ARRAY<STRING>' | 'ARRAY<JSON>', read: Read<unknown>],
): Overload[] {
  const texts = defined(name, `STRING, STRING -> ${ofText[0]}`, ((text: string, at: string) =>
    ofText[1](findJson(text, readPath(at, notation)))) as never);
  const values = defined(`${name}_of_json`, `JSON, STRING -> ${ofJson[0]}`, ((json: Json, at: string) =>
    ofJson[1](findInJson(json, readPath(at, notation)))) as never);
  const emit =
    (call: typeof texts): Emit =>
    ([value = '', at = "'$'"], [, given]) => {
      if (given && given.coercible === undefined)
        throw invalidQuery('JSONPath must be a string literal or query parameter', given.at);
      return call([value, at]);
    };
  return [
    overload(`STRING, ${path} -> ${ofText[0]}`, emit(texts)),
    overload(`JSON, ${path} -> ${ofJson[0]}`, emit(values)),
  ];
}

const values = (name: string, notation: PathNotation) =>
  reading(name, 'STRING?', notation, ['STRING', scalarOf], ['STRING', scalarOf]);
const parts = (name: string, notation: PathNotation) =>
  reading(name, 'STRING', notation, ['STRING', queried], ['JSON', (json) => json ?? null]);
const itemsOf: Read<readonly Json[]> = (json) => (json?.kind === 'array' ? json.items : null);
const arrays = (name: string, notation: PathNotation) =>
  reading(name, 'STRING?', notation, ['ARRAY<STRING>', queriedItems], ['ARRAY<JSON>', itemsOf]);
const texts = (name: string, notation: PathNotation) =>
  reading(name, 'STRING?', notation, ['ARRAY<STRING>', scalarItems], ['ARRAY<STRING>', scalarItems]);

const toJsonString = defined('to_json_string', 'STRING, BOOL, ANY... -> STRING', (type, pretty, value) =>
  jsonText(readTypes<DataType>(type), value ?? null, pretty ? 'pretty' : 'compact'),
);

/** TO_JSON: numbers stay numbers, unless those that no FLOAT64 is equal to become texts. */
const toJson = defined('to_json', 'STRING, BOOL, ANY... -> JSON', (type, stringify, value) =>
  parseJsonText(
    canonicalJson(
      jsonText(readTypes<DataType>(type), value ?? null, stringify ? 'stringified' : 'numbers'),
      'round',
    ),
  ),
);

const asJson = (sql: string, type: DataType | undefined, stringify = 'FALSE') =>
  toJson([quoteLiteral(JSON.stringify(type)), stringify, sql]);

const parsedJson = defined('parse_json', 'STRING, STRING? -> JSON', (text, mode = 'exact') => {
  if (mode !== 'exact' && mode !== 'round')
    throw new FunctionError(`Invalid \`wide_number_mode\` specified for PARSE_JSON: ${mode}`);
  try {
    return parseJsonText(canonicalJson(text, mode));
  } catch (error) {
    if (error instanceof InvalidJsonError)
      throw new FunctionError(`Invalid input to PARSE_JSON: ${error.message}`);
    throw error;
  }
});

/** Names or paths, each with the value for it, which is a text of JSON. */
const pairsOf = (rest: readonly unknown[]) =>
  Array.from(
    { length: rest.length / 2 },
    (_, index) => rest.slice(2 * index, 2 * index + 2) as [string | null, string],
  );

/** The SQL of names or paths, each with the value for it as JSON. */
function pairsSql(
  what: { readonly name: string; readonly supported: string },
  pairs: readonly Resolved[],
  args: readonly Resolved[],
  bindings: Bindings,
): string[] {
  return pairs.map((value, index) => {
    if (index % 2 === 1) return asJson(value.sql, value.type);
    const text = coerce(value, scalar('STRING'), bindings);
    if (text && pairs.length % 2 === 0) return text.sql;
    throw signatureError(`function ${what.name}`, args, what.supported, value.at);
  });
}

/** Applies a change for each pair of a path and a value, in their order. NULL when a path is NULL. */
function changing(
  name: string,
  option: string,
  change: (json: Json, path: string, value: Json, option: boolean) => Json,
): Overload {
  const call = defined(
    name.toLowerCase(),
    'JSON, BOOL, ANY... -> JSON',
    (json: Json, isOn: boolean, ...rest: readonly unknown[]) => {
      const pairs = pairsOf(rest);
      if (pairs.some(([path]) => path === null)) return null;
      return withPaths(name, () =>
        pairs.reduce((whole, [path, value]) => change(whole, path ?? '', parseJsonText(value), isOn), json),
      );
    },
  );
  return overload(`JSON, ${option}=>BOOL?, ANY... -> JSON`, (args, resolved, bindings) => {
    const [json = '', isOn = 'TRUE'] = args;
    const pairs = resolved.slice(2);
    for (const [index, value] of pairs.entries()) if (index % 2 === 0) assertConstant(name, index + 2, value);
    const what = { name, supported: `${name}(JSON, STRING, ANY, ...)` };
    return call([json, isOn, ...pairsSql(what, pairs, resolved.filter(Boolean), bindings)]);
  });
}

/** A path is known before rows are read. */
function assertConstant(name: string, place: number, path: Resolved | undefined): void {
  if (!path || path.coercible !== undefined || path.constant !== undefined) return;
  // BigQuery computes the cast of a literal before it asks for one.
  if (path.references.length === 0) throw unsupported(`A computed path of ${name}`, path.at);
  throw invalidQuery(`Argument ${place} to ${name} must be a literal or query parameter`, path.at);
}

function withPaths<T>(name: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof FunctionError) throw error.inFunction(name);
    if (error instanceof JsonTooLargeError) throw new FunctionError(`${name}: ${error.message}`);
    throw error;
  }
}

const eachOf = (value: Json, each: boolean): readonly Json[] =>
  each && value.kind === 'array' ? value.items : [value];

function insertedAt(json: Json, path: string, value: Json, each: boolean): Json {
  const steps = readSteps(path);
  const index = steps.at(-1);
  if (typeof index !== 'number') return json;
  return changedAt(json, steps.slice(0, -1), (at) => inserted(at, index, eachOf(value, each)), false);
}

const removed = defined('json_remove', 'JSON, ANY... -> JSON', (json: Json, ...paths: readonly unknown[]) => {
  if (paths.includes(null)) return null;
  return withPaths('JSON_REMOVE', () =>
    (paths as readonly string[]).reduce((whole, path) => {
      const steps = readSteps(path);
      if (steps.length === 0) throw new FunctionError("The JSONPath cannot be '$'");
      return changedAt(whole, steps, () => undefined, false);
    }, json),
  );
});

const strippedOf = defined(
  'json_strip_nulls',
  'JSON, STRING, BOOL, BOOL -> JSON',
  (json, path, arrays, empty) =>
    withPaths('JSON_STRIP_NULLS', () =>
      changedAt(json, readSteps(path), (at) => at && (stripped(at, { arrays, empty }) ?? NULL_JSON), false),
    ),
);

const arrayOf = defined('json_array', 'BOOL, ANY... -> JSON', (_: boolean, ...items: readonly unknown[]) => ({
  kind: 'array',
  items: (items as readonly string[]).map(parseJsonText),
}));

function keyOf(name: string | null): string {
  if (name === null) throw new FunctionError('Invalid input to JSON_OBJECT: A key cannot be NULL');
  return name;
}

const objectOfPairs = defined(
  'json_object',
  'BOOL, ANY... -> JSON',
  (_: boolean, ...rest: readonly unknown[]) => {
    const members = pairsOf(rest).map(([name, value]) => [keyOf(name), parseJsonText(value)] as const);
    return objectOf(members);
  },
);

const objectOfArrays = defined('json_object_of_arrays', 'ARRAY<STRING>, JSON -> JSON', (names, values) => {
  const items = values.kind === 'array' ? values.items : [];
  if (items.length !== names.length)
    throw new FunctionError('Invalid input to JSON_OBJECT: The number of keys and values must match');
  return objectOf(names.map((name, index) => [keyOf(name), items[index] ?? NULL_JSON] as const));
});

const OBJECT = {
  name: 'JSON_OBJECT',
  supported: 'JSON_OBJECT([STRING, ANY, ...]); JSON_OBJECT(ARRAY<STRING>, ARRAY)',
};

const ofPairs: Emit = (_, resolved, bindings) =>
  objectOfPairs(['TRUE', ...pairsSql(OBJECT, resolved, resolved, bindings)]);

/** All paths to members, sorted; `lax` goes into arrays, one after the other if `recursive`. */
function keysOf(json: Json, depth: number, mode: string): string[] {
  if (!/^(?:strict|lax|lax recursive)$/i.test(mode))
    throw new FunctionError(`Invalid JSON mode specified: ${mode}`);
  if (depth <= 0) throw new FunctionError('max_depth must be positive.');
  const keys = new Set<string>();
  const walk = (value: Json, path: string, level: number, isInArray: boolean) => {
    if (value.kind === 'array') {
      const isRead = /recursive/i.test(mode) || (/lax/i.test(mode) && !isInArray);
      if (isRead) for (const item of value.items) walk(item, path, level, true);
      return;
    }
    if (value.kind !== 'object' || level >= depth) return;
    for (const [name, member] of value.members) {
      const key = `${path && `${path}.`}${/^[\w]+$/.test(name) ? name : JSON.stringify(name)}`;
      keys.add(key);
      walk(member, key, level + 1, false);
    }
  };
  walk(json, '', 0, false);
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const jsonKeys = defined('json_keys', 'JSON, INT64, STRING -> ARRAY<STRING>', (json, depth, mode) =>
  keysOf(json, Number(depth), mode),
);

const flattened = (json: Json): Json[] => (json.kind === 'array' ? json.items.flatMap(flattened) : [json]);

function typeOfJson(json: Json): string {
  if (json.kind !== 'word') return json.kind;
  return isNull(json) ? 'null' : 'boolean';
}

/** JSON functions. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions */
export const JSON_FUNCTIONS: FunctionTable = {
  JSON_VALUE: values('json_value', 'standard'),
  JSON_QUERY: parts('json_query', 'standard'),
  JSON_EXTRACT: parts('json_extract', 'legacy'),
  JSON_EXTRACT_SCALAR: values('json_extract_scalar', 'legacy'),
  JSON_VALUE_ARRAY: texts('json_value_array', 'standard'),
  JSON_QUERY_ARRAY: arrays('json_query_array', 'standard'),
  JSON_EXTRACT_ARRAY: arrays('json_extract_array', 'legacy'),
  JSON_EXTRACT_STRING_ARRAY: texts('json_extract_string_array', 'legacy'),
  TO_JSON_STRING: overload('ANY, BOOL? -> STRING', ([value = '', pretty = 'FALSE'], [arg]) =>
    toJsonString([quoteLiteral(JSON.stringify(arg?.type)), pretty, value]),
  ),
  TO_JSON: overload('ANY, stringify_wide_numbers=>BOOL? -> JSON', ([value = '', stringify], [arg]) =>
    asJson(value, arg?.type, stringify),
  ),
  PARSE_JSON: overload('STRING, wide_number_mode=>STRING? -> JSON', parsedJson),
  JSON_TYPE: computed('json_type', 'JSON -> STRING', typeOfJson),
  JSON_KEYS: overload(
    'JSON, INT64?, mode=>STRING? -> ARRAY<STRING>',
    ([json = '', depth = 'CAST(1000000 AS BIGINT)', mode = "'strict'"]) => jsonKeys([json, depth, mode]),
  ),
  JSON_FLATTEN: computed('json_flatten', 'JSON -> ARRAY<JSON>', flattened),
  JSON_SET: changing('JSON_SET', 'create_if_missing', (json, path, value, creates) =>
    changedAt(json, readSteps(path), (at) => (at === undefined && !creates ? at : value), creates),
  ),
  JSON_ARRAY_APPEND: changing('JSON_ARRAY_APPEND', 'append_each_element', (json, path, value, each) =>
    changedAt(json, readSteps(path), (at) => appended(at, eachOf(value, each)), false),
  ),
  JSON_ARRAY_INSERT: changing('JSON_ARRAY_INSERT', 'insert_each_element', insertedAt),
  JSON_REMOVE: overload('JSON, STRING... -> JSON', (args, [, ...paths]) => {
    for (const [index, path] of paths.entries()) assertConstant('JSON_REMOVE', index + 2, path);
    return removed(args);
  }),
  JSON_STRIP_NULLS: overload(
    'JSON, STRING?, include_arrays=>BOOL?, remove_empty=>BOOL? -> JSON',
    ([json = '', path = "'$'", arrays = 'TRUE', empty = 'FALSE'], [, given]) => {
      assertConstant('JSON_STRIP_NULLS', 2, given);
      return strippedOf([json, path, arrays, empty]);
    },
  ),
  JSON_ARRAY: overload('ANY...? -> JSON', (_, resolved) =>
    arrayOf(['TRUE', ...resolved.map(({ sql, type }) => asJson(sql, type))]),
  ),
  JSON_OBJECT: [
    overload('ARRAY<STRING>, ANY -> JSON', ([names = ''], resolved, bindings) => {
      const [given, values] = resolved;
      // NULL is a key rather than an array of keys.
      if (given?.coercible === 'NULL') return ofPairs([], resolved, bindings);
      if (values?.type.kind !== 'ARRAY')
        throw signatureError(
          'function JSON_OBJECT',
          values ? [values] : [],
          'JSON_OBJECT(ARRAY<STRING>, ARRAY)',
          values?.at,
        );
      return objectOfArrays([names, asJson(values.sql, values.type)]);
    }),
    overload('ANY...? -> JSON', ofPairs),
  ],
  ...JSON_VALUE_FUNCTIONS,
};
