import { invalid } from './errors.ts';
import { isObject, typedValue } from './row-values.ts';
import type { Parameter } from './sql/bindings.ts';
import { type DataType, scalar, scalarKindOf, typeName } from './types.ts';

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter */
export function parseParameters(mode: unknown, input: unknown): Parameter[] {
  if (input === undefined || input === null) return [];
  if (!Array.isArray(input)) throw invalid('queryParameters must be a list');
  const parameters = input.map(parseParameter);
  const named = parameters.filter(({ name }) => name !== undefined);
  if (named.length !== 0 && named.length !== parameters.length) {
    throw invalid('Query parameters must be either all named or all positional');
  }
  const isNamed = named.length > 0;
  if (
    mode !== undefined &&
    mode !== '' &&
    String(mode).toUpperCase() !== (isNamed ? 'NAMED' : 'POSITIONAL')
  ) {
    if (parameters.length > 0) throw invalid(`parameterMode ${mode} does not match the query parameters`);
  }
  const names = new Set(named.map(({ name }) => name));
  if (names.size < named.length) throw invalid('Duplicate query parameter names');
  return parameters;
}

function parseParameter(input: unknown): Parameter {
  if (!isObject(input)) throw invalid(`a query parameter must be an object, got ${JSON.stringify(input)}`);
  const { name, parameterType, parameterValue } = input;
  const label = typeof name === 'string' && name !== '' ? name : undefined;
  const type = parseParameterType(parameterType, label ?? '(positional)');
  const plain = plainValue(type, parameterValue);
  const value = typedValue(type, plain);
  if (value === undefined) {
    throw invalid(
      `Invalid value for query parameter ${label ?? '(positional)'} of type ${typeName(type)}: ${JSON.stringify(plain)}`,
    );
  }
  return { name: label?.toLowerCase(), type, value };
}

function parseParameterType(input: unknown, name: string): DataType {
  if (!isObject(input)) throw invalid(`Missing type of query parameter ${name}`);
  const kind = String(input.type ?? '').toUpperCase();
  if (kind === 'ARRAY') {
    const element = parseParameterType(input.arrayType, name);
    if (element.kind === 'ARRAY') throw invalid(`Query parameter ${name} is an array of arrays`);
    return { kind: 'ARRAY', element };
  }
  if (kind === 'STRUCT') {
    const types: unknown[] = Array.isArray(input.structTypes) ? input.structTypes : [];
    const fields = types.map((field) => {
      if (!isObject(field)) throw invalid(`Missing type of a field of query parameter ${name}`);
      return {
        name: typeof field.name === 'string' ? field.name : '',
        type: parseParameterType(field.type, name),
      };
    });
    if (fields.length === 0) throw invalid(`Query parameter ${name} is a STRUCT without fields`);
    return { kind: 'STRUCT', fields };
  }
  const scalarKind = scalarKindOf(kind);
  if (scalarKind) return scalar(scalarKind);
  throw invalid(`Query parameter ${name}: type ${kind || '(none)'} is not supported by the local BigQuery`);
}

/** The value without its wrappers: an array as a list, a struct as a list of field values, a scalar as text or null. */
function plainValue(type: DataType, input: unknown): unknown {
  if (!isObject(input)) return type.kind === 'ARRAY' ? [] : null;
  if (type.kind === 'ARRAY') {
    const values: unknown[] = Array.isArray(input.arrayValues) ? input.arrayValues : [];
    return values.map((value) => plainValue(type.element, value));
  }
  if (type.kind === 'STRUCT') {
    const values = isObject(input.structValues) ? input.structValues : {};
    return type.fields.map((field) => plainValue(field.type, values[field.name]));
  }
  return input.value ?? null;
}
