import { invalid } from './errors.ts';
import { type DataType, rangeElement, scalar, scalarKindOf } from './types.ts';

/** A type as routines describe it. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/StandardSqlDataType */
export interface StandardType {
  readonly typeKind?: string;
  readonly arrayElementType?: StandardType;
  readonly rangeElementType?: StandardType;
  readonly structType?: {
    readonly fields?: readonly { readonly name?: string; readonly type?: StandardType }[];
  };
}

export function standardType(type: DataType): StandardType {
  if (type.kind === 'ARRAY') return { typeKind: 'ARRAY', arrayElementType: standardType(type.element) };
  const element = rangeElement(type.kind);
  if (element) return { typeKind: 'RANGE', rangeElementType: { typeKind: element } };
  if (type.kind !== 'STRUCT') return { typeKind: type.kind };
  const fields = type.fields.map(({ name, type: own }) => ({
    ...(name && { name }),
    type: standardType(own),
  }));
  return { typeKind: 'STRUCT', structType: { fields } };
}

/** Throws INVALID_ARGUMENT, which names `path`. */
export function typeOfStandard(given: StandardType | null | undefined, path: string): DataType {
  const { typeKind, arrayElementType, rangeElementType, structType } = given ?? {};
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
  const name = typeKind === 'RANGE' ? `RANGE<${rangeElementType?.typeKind}>` : typeKind;
  const kind = scalarKindOf(name);
  if (kind === name) return scalar(kind);
  throw invalid(`${path}.typeKind: ${typeKind} is not supported by the local BigQuery`);
}
