import { invalid } from './errors.ts';
import { typedValue } from './row-values.ts';
import type { Parameter } from './sql/bindings.ts';
import { type DataType, rangeElement, scalar, scalarKindOf, typeName } from './types.ts';

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter */
export interface ParameterInput {
  readonly name?: string;
  readonly parameterType?: ParameterTypeInput;
  readonly parameterValue?: ParameterValueInput;
}

export interface ParameterTypeInput {
  readonly type?: string;
  readonly arrayType?: ParameterTypeInput;
  readonly rangeElementType?: ParameterTypeInput;
  readonly structTypes?: readonly { readonly name?: string; readonly type?: ParameterTypeInput }[];
}

export interface ParameterValueInput {
  readonly value?: string;
  readonly rangeValue?: { readonly start?: ParameterValueInput; readonly end?: ParameterValueInput };
  readonly arrayValues?: readonly ParameterValueInput[];
  readonly structValues?: Readonly<Record<string, ParameterValueInput | null>>;
}

export function parseParameters(
  mode: 'POSITIONAL' | 'NAMED' | undefined,
  input: readonly ParameterInput[] = [],
): Parameter[] {
  const parameters = input.map(parseParameter);
  const named = parameters.filter(({ name }) => name !== undefined);
  if (named.length !== 0 && named.length !== parameters.length) {
    throw invalid('Query parameters must be either all named or all positional');
  }
  if (mode && parameters.length > 0 && mode !== (named.length > 0 ? 'NAMED' : 'POSITIONAL')) {
    throw invalid(`parameterMode ${mode} does not match the query parameters`);
  }
  const names = new Set(named.map(({ name }) => name));
  if (names.size < named.length) throw invalid('Duplicate query parameter names');
  return parameters;
}

function parseParameter({ name, parameterType, parameterValue }: ParameterInput): Parameter {
  const label = name || '(positional)';
  const type = parseParameterType(parameterType, label);
  const plain = plainValue(type, parameterValue);
  const value = typedValue(type, plain);
  if (value === undefined) {
    throw invalid(
      `Invalid value for query parameter ${label} of type ${typeName(type)}: ${JSON.stringify(plain)}`,
    );
  }
  return { name: name?.toLowerCase() || undefined, type, value };
}

function parseParameterType(input: ParameterTypeInput | undefined, name: string): DataType {
  if (!input) throw invalid(`Missing type of query parameter ${name}`);
  const kind = input.type?.toUpperCase() ?? '';
  if (kind === 'ARRAY') {
    const element = parseParameterType(input.arrayType, name);
    if (element.kind === 'ARRAY') throw invalid(`Query parameter ${name} is an array of arrays`);
    return { kind: 'ARRAY', element };
  }
  if (kind === 'STRUCT') {
    const fields = (input.structTypes ?? []).map((field) => ({
      name: field.name ?? '',
      type: parseParameterType(field.type, name),
    }));
    if (fields.length === 0) throw invalid(`Query parameter ${name} is a STRUCT without fields`);
    return { kind: 'STRUCT', fields };
  }
  const scalarKind = scalarKindOf(kind === 'RANGE' ? `RANGE<${input.rangeElementType?.type}>` : kind);
  if (scalarKind) return scalar(scalarKind);
  throw invalid(`Query parameter ${name}: type ${kind || '(none)'} is not supported by the local BigQuery`);
}

/** The value without its wrappers: an array as a list, a struct as a list of field values, a scalar as text or null. */
function plainValue(type: DataType, input: ParameterValueInput | null | undefined): unknown {
  if (!input) return type.kind === 'ARRAY' ? [] : null;
  if (type.kind === 'ARRAY') return (input.arrayValues ?? []).map((value) => plainValue(type.element, value));
  if (type.kind === 'STRUCT') {
    return type.fields.map((field) => plainValue(field.type, input.structValues?.[field.name]));
  }
  if (rangeElement(type.kind) && input.rangeValue)
    return { start: input.rangeValue.start?.value, end: input.rangeValue.end?.value };
  return input.value ?? null;
}
