import { compactJson, type Json, type JsonPath, jsonString } from '../../json.ts';
import { defined, FunctionError } from './computed.ts';

/** Paths into JSON, and what the functions over JSON in a text return. */

/** `legacy` is the notation of JSON_EXTRACT, which quotes a name as `['a.b']`; the other one is `."a.b"`. */
export type PathNotation = 'standard' | 'legacy';

const PATH_STEP: Readonly<Record<PathNotation, RegExp>> = {
  standard: /\.([^.[\]"'*@]+)|\."([^"]*)"|\[(-?\d+)\]/y,
  legacy: /\.([^.[\]"'*@]+)|\['([^']*)'\]|\[(-?\d+)\]/y,
};

/** `$.a[0]` as a name and an index. */
export type JsonSteps = readonly (string | number)[];

/** Throws what BigQuery says of a wrong path. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#JSONPath_format */
export function readSteps(text: string, notation: PathNotation = 'standard'): JsonSteps {
  if (!text.startsWith('$')) throw new FunctionError("JSONPath must start with '$'");
  const step = PATH_STEP[notation];
  const steps: (string | number)[] = [];
  let at = 1;
  while (at < text.length) {
    step.lastIndex = at;
    const match = step.exec(text);
    if (!match) {
      const [operator] = /\.\.|[*@]/.exec(text.slice(at)) ?? [];
      throw new FunctionError(
        operator
          ? `Unsupported operator in JSONPath: ${operator}`
          : `Invalid token in JSONPath at: ${text.slice(at)}`,
      );
    }
    const [, name, quoted, index] = match;
    steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index));
    at = step.lastIndex;
  }
  return steps;
}

/** The keys of a path: to what reads, an index is a name in an object, too. */
export function readPath(text: string, notation: PathNotation): JsonPath {
  return readSteps(text, notation).map(String);
}

/** The value at a path in a value that is read. */
export function findInJson(json: Json, path: JsonPath): Json | undefined {
  let at: Json | undefined = json;
  for (const key of path) {
    if (at?.kind === 'object') at = at.members.find(([name]) => name === key)?.[1];
    else if (at?.kind === 'array') at = at.items[Number(key)];
    else return undefined;
  }
  return at;
}

export function isNull(json: Json): boolean {
  return json.kind === 'word' && json.text === 'null';
}

/** JSON_QUERY: NULL for JSON's null. */
export function queried(json: Json | undefined): string | null {
  return json === undefined || isNull(json) ? null : compactJson(json, jsonString);
}

/** JSON_VALUE: NULL for what is no scalar. */
export function scalarOf(json: Json | undefined): string | null {
  if (json === undefined || isNull(json) || json.kind === 'array' || json.kind === 'object') return null;
  return json.text;
}

/** JSON_QUERY_ARRAY */
export function queriedItems(json: Json | undefined): string[] | null {
  return json?.kind === 'array' ? json.items.map((item) => compactJson(item, jsonString)) : null;
}

/** JSON_VALUE_ARRAY: NULL for an array with other things than scalars. */
export function scalarItems(json: Json | undefined): (string | null)[] | null {
  if (json?.kind !== 'array') return null;
  return json.items.every(({ kind }) => kind !== 'array' && kind !== 'object')
    ? json.items.map(scalarOf)
    : null;
}

/** The member of an object; SQL's NULL where there is none. */
export const jsonMember = defined('json_member', 'JSON, STRING -> JSON', (json, name) => {
  if (json.kind !== 'object') return null;
  return json.members.find(([own]) => own === name)?.[1] ?? null;
});

/** The item of an array; SQL's NULL where there is none. */
export const jsonItem = defined('json_item', 'JSON, INT64 -> JSON', (json, index) => {
  if (json.kind !== 'array' || index < 0n) return null;
  return json.items[Number(index)] ?? null;
});
