import { invalidQuery } from '../../errors.ts';
import { quoteLiteral } from '../../names.ts';
import type { DataType } from '../../types.ts';
import { defined } from './computed.ts';
import {
  findJson,
  type PathNotation,
  queried,
  queriedItems,
  readPath,
  scalarItems,
  scalarOf,
} from './json-text.ts';
import { type FunctionTable, type Overload, overload } from './overload.ts';
import { jsonText, readTypes } from './printed.ts';

/** Reads what is at a path, which has to be constant. Without a path, it is the whole value. */
function reading(
  name: string,
  signature: `STRING, STRING${'' | '?'} -> ${'STRING' | 'ARRAY<STRING>'}`,
  notation: PathNotation,
  read: (json: ReturnType<typeof findJson>) => string | (string | null)[] | null,
): Overload[] {
  const compute = (text: string, path: string) => read(findJson(text, readPath(path, notation)));
  const call = defined(name, signature.replace('?', ''), compute as never);
  return [
    overload(signature, ([text = '', path = "'$'"], [, at]) => {
      if (at && at.coercible === undefined)
        throw invalidQuery('JSONPath must be a string literal or query parameter', at.at);
      return call([text, path]);
    }),
  ];
}

const toJsonString = defined('to_json_string', 'STRING, BOOL, ANY... -> STRING', (type, pretty, value) =>
  jsonText(readTypes<DataType>(type), value ?? null, pretty),
);

/** JSON functions over texts. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions */
export const JSON_FUNCTIONS: FunctionTable = {
  JSON_VALUE: reading('json_value', 'STRING, STRING? -> STRING', 'standard', scalarOf),
  JSON_QUERY: reading('json_query', 'STRING, STRING -> STRING', 'standard', queried),
  JSON_EXTRACT: reading('json_extract', 'STRING, STRING -> STRING', 'legacy', queried),
  JSON_EXTRACT_SCALAR: reading('json_extract_scalar', 'STRING, STRING? -> STRING', 'legacy', scalarOf),
  JSON_VALUE_ARRAY: reading('json_value_array', 'STRING, STRING? -> ARRAY<STRING>', 'standard', scalarItems),
  JSON_QUERY_ARRAY: reading('json_query_array', 'STRING, STRING? -> ARRAY<STRING>', 'standard', queriedItems),
  JSON_EXTRACT_ARRAY: reading(
    'json_extract_array',
    'STRING, STRING? -> ARRAY<STRING>',
    'legacy',
    queriedItems,
  ),
  JSON_EXTRACT_STRING_ARRAY: reading(
    'json_extract_string_array',
    'STRING, STRING? -> ARRAY<STRING>',
    'legacy',
    scalarItems,
  ),
  TO_JSON_STRING: [
    overload('ANY, BOOL? -> STRING', ([value = '', pretty = 'FALSE'], [arg]) =>
      toJsonString([quoteLiteral(JSON.stringify(arg?.type)), pretty, value]),
    ),
  ],
};
