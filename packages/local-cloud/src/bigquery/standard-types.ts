import { invalid } from './errors.ts';
import { type DataType, scalar, scalarKindOf } from './types.ts';

/** A type as routines describe it. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/StandardSqlDataType */
export interface StandardType {
  readonly typeKind?: string;
  readonly arrayElementType?: StandardType;
  readonly structType?: {
    readonly fields?: readonly { readonly name?: string; readonly type?: StandardType }[];
  };
}

export function standardType(type: DataType): StandardType {
  if (type.kind === 'ARRAY') return { typeKind: 'ARRAY', arrayElementType: standardType(type.element) };
  if (type.kind !== 'STRUCT') return { typeKind: type.kind };
  const fields = type.fields.map(({ name, type: own }) => ({
    ...(name && { name }),
    type: standardType(own),
  }));
  return { typeKind: 'STRUCT', structType: { fields } };
}

/** Throws INVALID_ARGUMENT, which names `path`. */
export function typeOfStandard(given: StandardType | null | undefined, path: string): DataType {
  const { typeKind, arrayElementType, structType } = given ?? {};
  if (typeKind === 'ARRAY') {
    const element = typeOfStandard(arrayElementType, `${path}.arrayElementType`);
    if (element.kind === 'ARRAY') throw invalid(`${path} is an array of arrays`);
    return { kind: 'ARRAY', element };
  }
  if (typeKind === 'STRUCT') {
    const fields = (structType?.fields ?? []).map(({ name = '', type }, index) => ({
      name,
      type: typeOfStandard(type, `${path}.structType.fields[${index}].type`),
    }));
    return { kind: 'STRUCT', fields };
  }
  if (!typeKind) throw invalid(`Required parameter is missing: ${path}.typeKind`);
  const kind = scalarKindOf(typeKind);
  if (kind === typeKind) return scalar(kind);
  throw invalid(`${path}.typeKind: ${typeKind} is not supported by the local BigQuery`);
}
