import type { CloudError } from '../../errors.ts';
import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { scalarValue } from '../row-values.ts';
import { fittedSql } from '../type-parameters.ts';
import {
  type DataType,
  duckType,
  type Field,
  holds,
  type ScalarKind,
  type StructType,
  sameType,
  scalar,
  typeName,
  typeOfField,
} from '../types.ts';
import type { Expression } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { constantSql } from './constants.ts';
import type { ExpressionContext } from './context.ts';
import { widened } from './conversions.ts';
import { decimalOf } from './functions/numbers-of-text.ts';
import { combined, type Resolved } from './resolved.ts';
import { fieldAt } from './scope.ts';
import { structOf } from './struct.ts';

/** Types to which a value is coerced. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules */
const WIDER: Readonly<Partial<Record<ScalarKind, readonly ScalarKind[]>>> = {
  INT64: ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'],
  NUMERIC: ['BIGNUMERIC', 'FLOAT64'],
  BIGNUMERIC: ['FLOAT64'],
  DATE: ['DATETIME'],
  TIMESTAMP: ['TIMESTAMP(12)'],
};

/** Types to which a STRING literal or parameter is coerced. */
const FROM_TEXT: readonly ScalarKind[] = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP', 'TIMESTAMP(12)'];

const DECIMALS = ['BIGNUMERIC', 'NUMERIC'] as const;

/** Coerces `value` to `type`; undefined when BigQuery does not coerce it. */
export function coerce(value: Resolved, type: DataType, bindings: Bindings): Resolved | undefined {
  if (value.special) return undefined;
  if (value.untyped !== undefined)
    return { ...value, sql: `CAST(${value.untyped} AS ${duckType(type)})`, type };
  if (value.coercible === 'NULL' || value.coercible === 'EMPTY ARRAY') return coerceEmpty(value, type);
  if (sameType(value.type, type)) return value.type === type ? value : { ...value, type };
  if (type.kind === 'ARRAY') return coerceElements(value, type, bindings);
  if (type.kind === 'STRUCT') return coerceFields(value, type, bindings);
  if (value.type.kind === 'STRUCT' || value.type.kind === 'ARRAY') return undefined;
  if (value.type.kind === 'STRING' && value.coercible && FROM_TEXT.includes(type.kind)) {
    return coerceText(value, type.kind, type, bindings);
  }
  const exact = decimalLiteral(value, type);
  if (exact) return exact;
  if (!WIDER[value.type.kind]?.includes(type.kind) && !isDecimalLiteral(value, type)) return undefined;
  const isNumber = type.kind === 'FLOAT64' && typeof value.constant === 'bigint';
  return combined(widened(value.sql, value.type, type), type, value.at, [value], {
    ...(isNumber && { constant: Number(value.constant) }),
  });
}

/** Coerces all values to a type; undefined when one of them is not coerced. */
export function coerceAll(
  values: readonly Resolved[],
  type: DataType,
  bindings: Bindings,
): Resolved[] | undefined {
  const coerced = values.flatMap((value) => coerce(value, type, bindings) ?? []);
  return coerced.length < values.length ? undefined : coerced;
}

/** Coerces to a type that is settled. A literal such as 1e308 is no NUMERIC, also where it is not computed. */
export function exactly(value: Resolved, type: DataType, bindings: Bindings): Resolved | undefined {
  if (isDecimalLiteral(value, type) && !decimalLiteral(value, type))
    throw invalidQuery(`Invalid ${type.kind} value: ${value.written}`, value.at);
  return coerce(value, type, bindings);
}

function coerceEmpty(value: Resolved, type: DataType): Resolved | undefined {
  if (value.coercible === 'EMPTY ARRAY' && type.kind !== 'ARRAY') return undefined;
  if (sameType(value.type, type)) return { ...value, type };
  const empty = value.coercible === 'NULL' ? 'NULL' : '[]';
  return { ...value, sql: `CAST(${empty} AS ${duckType(type)})`, type };
}

function coerceElements(
  value: Resolved,
  type: Extract<DataType, { kind: 'ARRAY' }>,
  bindings: Bindings,
): Resolved | undefined {
  if (!value.elements) return undefined;
  const from = value.type.kind === 'ARRAY' ? value.type.element : undefined;
  const elements = coerceAll(
    value.elements.map((element) => settled(element, from)),
    type.element,
    bindings,
  );
  return elements && arrayOf(elements, type.element, value.at);
}

/** A NULL in an array, or in a STRUCT of it, has the type of the array. */
export function settled(element: Resolved, type: DataType = element.type): Resolved {
  if (type.kind !== 'STRUCT')
    return element.coercible === 'NULL' ? { ...element, coercible: 'LITERAL', type } : element;
  const elements = element.elements?.map((field, index) => settled(field, type.fields[index]?.type));
  return elements ? { ...element, elements } : element;
}

/** Fields of a constructor are coerced like the values they are; those of any other STRUCT like columns. */
function coerceFields(value: Resolved, type: StructType, bindings: Bindings): Resolved | undefined {
  if (value.type.kind !== 'STRUCT' || value.type.fields.length !== type.fields.length) return undefined;
  const fields = value.elements ?? value.type.fields.map((_, index) => fieldAt(value, index));
  const coerced = type.fields.flatMap((field, index) => {
    const own = fields[index];
    return (own && coerce(own, field.type, bindings)) ?? [];
  });
  if (coerced.length < type.fields.length) return undefined;
  if (value.elements) return structOf(coerced, type, value.at);
  return combined(widened(value.sql, value.type, type), type, value.at, [value]);
}

export function arrayOf(elements: readonly Resolved[], element: DataType, at: Position): Resolved {
  const type: DataType = { kind: 'ARRAY', element };
  const sql = `CAST([${elements.map(({ sql }) => sql).join(', ')}] AS ${duckType(type)})`;
  return combined(
    sql,
    type,
    at,
    elements,
    elements.length === 0 ? { coercible: 'EMPTY ARRAY' } : { elements },
  );
}

function coerceText(
  value: Resolved,
  kind: ScalarKind,
  type: DataType,
  bindings: Bindings,
): Resolved | undefined {
  const text = value.constant ?? null;
  const parsed = text === null ? null : scalarValue(kind, text, true);
  if (parsed === undefined) return undefined;
  if (value.coercible === 'PARAMETER') return bindings.bind(type, parsed, value.at, value.sql);
  return { ...value, type, constant: parsed, sql: constantSql(kind, parsed, value.at) };
}

/** The type to which all values can be coerced, or undefined. */
export function commonType(values: readonly Resolved[], bindings: Bindings): DataType | undefined {
  const fixed = values.filter(({ coercible }) => coercible === undefined);
  const typed = values.filter(({ coercible }) => !/^(?:NULL|EMPTY ARRAY|ERROR)$/.test(coercible ?? ''));
  const [first] = [...fixed, ...typed, ...values];
  if (!first) return undefined;
  const candidates = typed.some(({ type }) => type.kind === 'STRUCT')
    ? commonStruct(typed, bindings)
    : [...numericFirst(typed), ...[...fixed, ...typed, first].map(({ type }) => type)];
  return candidates.find((type) => values.every((value) => coerce(value, type, bindings) !== undefined));
}

const isLiteralFloat = ({ type, coercible }: Resolved) => type.kind === 'FLOAT64' && coercible === 'LITERAL';

/** 1.5 beside a NUMERIC is a NUMERIC, beside a BIGNUMERIC a BIGNUMERIC. Any other FLOAT64 is not. */
export function numericFirst(values: readonly Resolved[]): DataType[] {
  const isFloat = values.some((value) => value.type.kind === 'FLOAT64' && !isLiteralFloat(value));
  const decimal = DECIMALS.find((kind) => values.some(({ type }) => type.kind === kind));
  return decimal && !isFloat ? [scalar(decimal)] : [];
}

/** Whether the value is a literal FLOAT64 that can also be a NUMERIC or BIGNUMERIC. */
export function isDecimalLiteral(value: Resolved, type: DataType): boolean {
  return isLiteralFloat(value) && DECIMALS.some((kind) => kind === type.kind);
}

/** A literal FLOAT64 as a NUMERIC or BIGNUMERIC with the digits as they are written; undefined when it is out of range. */
export function decimalLiteral(value: Resolved, type: DataType): Resolved | undefined {
  const kind = DECIMALS.find((decimal) => decimal === type.kind);
  const digits = isLiteralFloat(value) && kind ? decimalOf(kind, value.written ?? '') : undefined;
  if (!kind || digits === undefined) return undefined;
  return combined(constantSql(kind, digits, value.at), type, value.at, [value]);
}

const isPlain = ({ coercible, type: { kind } }: Resolved) =>
  coercible === 'NULL' ||
  (coercible === 'LITERAL' && /^(?:BOOL|INT64|FLOAT64|STRING|BYTES|INTERVAL)$/.test(kind));

/** The STRUCT whose fields have the common types of the values' fields, under the names of the first; none if a field has none. */
function commonStruct(values: readonly Resolved[], bindings: Bindings): StructType[] {
  const [first] = values;
  if (first?.type.kind !== 'STRUCT') return [];
  const fields = first.type.fields.flatMap(({ name }, index) => {
    const own = values.map((value) =>
      value.type.kind === 'STRUCT' && index < value.type.fields.length
        ? (value.elements?.[index] ?? fieldAt(value, index))
        : undefined,
    );
    const [head] = own;
    // Among literals without the name of a type, the first one gives it, and its NULL is an INT64.
    if (head?.coercible === 'NULL' && own.every((field) => field && isPlain(field)))
      own[0] = { ...head, coercible: 'LITERAL' };
    const known = own.filter((value) => value !== undefined);
    const type = known.length === own.length ? commonType(known, bindings) : undefined;
    return type ? [{ name, type }] : [];
  });
  return fields.length === first.type.fields.length ? [{ kind: 'STRUCT', fields }] : [];
}

/** The error for a text literal that cannot be cast to the date or time type of another value, if there is one. */
export function unreadableText(values: readonly Resolved[]): CloudError | undefined {
  const kind = values.find(({ type }) => FROM_TEXT.some((kind) => kind === type.kind))?.type.kind;
  const text = values.find(({ type, coercible }) => type.kind === 'STRING' && coercible);
  if (!kind || !text) return undefined;
  return invalidQuery(`Could not cast literal ${JSON.stringify(text.constant)} to type ${kind}`, text.at);
}

/** The column that a query has for a value, which is no literal any more; only a NULL still takes any type. */
export function columnValue(sql: string, { type, at, coercible }: Resolved): Resolved {
  return combined(sql, type, at, [], coercible === 'NULL' ? { coercible } : {});
}

/** A condition as a BOOL. Throws for one of another type. */
export function condition(node: Expression, context: ExpressionContext): Resolved {
  const value = context.resolve(node, context);
  const bool = coerce(value, scalar('BOOL'), context.bindings);
  if (bool) return bool;
  throw invalidQuery(
    `${context.clause} should return type BOOL, but returns type ${value.type.kind}`,
    value.at,
  );
}

/** Coerces a value to the type of its column. Throws BigQuery's error for INSERT and UPDATE. */
export function assignable(value: Resolved, field: Field, bindings: Bindings): Resolved {
  const type = typeOfField(field);
  const converted = coerce(value, type, bindings);
  if (converted) return { ...converted, sql: fittedSql(field, converted.sql) };
  throw invalidQuery(
    `Value has type ${typeName(value.type)} which cannot be inserted into column ${field.name}, which has type ${typeName(type)}`,
    value.at,
  );
}

export function signatureError(what: string, args: readonly Resolved[], supported: string, at?: Position) {
  if (args.some(({ type }) => holds(type, 'TIMESTAMP(12)')))
    return unsupported(`${what} of TIMESTAMP(12)`, at);
  const types = args.map(({ type, coercible, special }) =>
    special ? 'DATE_PART' : coercible === 'NULL' ? 'NULL' : typeName(type),
  );
  return invalidQuery(
    `No matching signature for ${what} for argument types: ${types.join(', ')}. Supported signature: ${supported}`,
    at,
  );
}

/** The number of LIMIT or OFFSET, which is a literal or a parameter. */
export function rowCount(value: Resolved, clause: string, bindings: Bindings): string {
  const count = coerce(value, scalar('INT64'), bindings);
  if (!count || (value.coercible !== 'LITERAL' && value.coercible !== 'PARAMETER'))
    throw invalidQuery(`${clause} expects an integer literal or parameter`, value.at);
  if (typeof count.constant !== 'bigint' || count.constant < 0n)
    throw invalidQuery(`${clause} must not be negative or NULL`, value.at);
  // As a parameter, DuckDB would not know that it needs only the first rows, and sort all.
  return String(count.constant);
}
