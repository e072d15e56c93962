import { compactJson, type Json } from '../../json.ts';
import { computed, FunctionError } from './computed.ts';
import { floatText } from './exact-decimal.ts';
import { isNull } from './json-text.ts';
import { decimalFloat, trimmed } from './numbers-of-text.ts';
import { type FunctionTable, type Overload, overload } from './table.ts';

/** Values of SQL out of JSON. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#converters */

const isBoolean = (json: Json) => json.kind === 'word' && !isNull(json);

function boolOf(json: Json): boolean {
  if (!isBoolean(json)) throw new FunctionError('The provided JSON input is not a boolean');
  return compactJson(json) === 'true';
}

function stringOf(json: Json): string {
  if (json.kind !== 'string') throw new FunctionError('The provided JSON input is not a string');
  return json.text;
}

/** An INT64 for a number without a fraction. */
function integerOf(text: string): bigint | undefined {
  const number = Number(text);
  const value = /^-?\d+$/.test(text) ? BigInt(text) : Number.isInteger(number) ? BigInt(number) : undefined;
  return value === undefined || BigInt.asIntN(64, value) !== value ? undefined : value;
}

function int64Of(json: Json): bigint {
  if (json.kind !== 'number') throw new FunctionError('The provided JSON input is not an integer');
  const value = integerOf(json.text);
  if (value === undefined)
    throw new FunctionError(`The provided JSON number: ${json.text} cannot be converted to an integer`);
  return value;
}

function float64Of(json: Json, mode = 'round'): number {
  if (mode !== 'exact' && mode !== 'round')
    throw new FunctionError(`Invalid \`wide_number_mode\` specified: ${mode}`);
  if (json.kind !== 'number') throw new FunctionError('The provided JSON input is not a number');
  const value = Number(json.text);
  const isWhole = /^-?\d+$/.test(json.text);
  if (mode === 'exact' && isWhole && BigInt(value) !== BigInt(json.text))
    throw new FunctionError(
      `JSON number: ${json.text} cannot be converted to FLOAT64 without loss of precision`,
    );
  return value;
}

function itemsOf<T>(json: Json, itemOf: (item: Json) => T): T[] {
  if (json.kind !== 'array') throw new FunctionError('The provided JSON input is not an array');
  return json.items.map(itemOf);
}

/** The whole number of a text, rounded half away from zero. */
function laxInteger(text: string): bigint | null {
  const number = trimmed(text).replace(/^\+/, '');
  if (/^-?\d+$/.test(number)) return integerOf(number) ?? null;
  const value = decimalFloat(text);
  if (value === null || !Number.isFinite(value)) return null;
  return integerOf(String(BigInt(Math.sign(value) * Math.round(Math.abs(value))))) ?? null;
}

function laxBool(json: Json): boolean | null {
  if (json.kind === 'number') return Number(json.text) !== 0;
  if (json.kind !== 'word' && json.kind !== 'string') return null;
  const word = json.text.toLowerCase();
  return word === 'true' || (word === 'false' ? false : null);
}

function laxInt64(json: Json): bigint | null {
  if (json.kind === 'number' || json.kind === 'string') return laxInteger(json.text);
  return isBoolean(json) ? BigInt(compactJson(json) === 'true') : null;
}

function laxFloat64(json: Json): number | null {
  return json.kind === 'number' || json.kind === 'string' ? decimalFloat(json.text) : null;
}

function laxString(json: Json): string | null {
  if (json.kind === 'number') return /^-?\d+$/.test(json.text) ? json.text : floatText(Number(json.text));
  return json.kind === 'array' || json.kind === 'object' || isNull(json) ? null : json.text;
}

/** FLOAT64 and FLOAT64_ARRAY. */
const floats = (name: string, result: 'FLOAT64' | 'ARRAY<FLOAT64>', compute: unknown): Overload => {
  const { emit } = computed(name, `JSON, STRING? -> ${result}`, compute as never);
  return overload(`JSON, wide_number_mode=>STRING? -> ${result}`, emit);
};

export const JSON_VALUE_FUNCTIONS: FunctionTable = {
  BOOL: computed('json_bool', 'JSON -> BOOL', boolOf),
  INT64: computed('json_int64', 'JSON -> INT64', int64Of),
  FLOAT64: floats('json_float64', 'FLOAT64', float64Of),
  BOOL_ARRAY: computed('json_bools', 'JSON -> ARRAY<BOOL>', (json) => itemsOf(json, boolOf)),
  INT64_ARRAY: computed('json_int64s', 'JSON -> ARRAY<INT64>', (json) => itemsOf(json, int64Of)),
  FLOAT64_ARRAY: floats('json_float64s', 'ARRAY<FLOAT64>', (json: Json, mode?: string) =>
    itemsOf(json, (item) => float64Of(item, mode)),
  ),
  STRING_ARRAY: computed('json_strings', 'JSON -> ARRAY<STRING>', (json) => itemsOf(json, stringOf)),
  LAX_BOOL: computed('lax_bool', 'JSON -> BOOL', laxBool),
  LAX_INT64: computed('lax_int64', 'JSON -> INT64', laxInt64),
  LAX_FLOAT64: computed('lax_float64', 'JSON -> FLOAT64', laxFloat64),
  LAX_STRING: computed('lax_string', 'JSON -> STRING', laxString),
};

/** Besides the signatures of dates and times. */
export const STRING_OF_JSON = computed('json_text', 'JSON -> STRING', stringOf);
