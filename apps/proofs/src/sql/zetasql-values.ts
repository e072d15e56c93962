import type { Value } from './answer.ts';

/** A type as ZetaSQL's protocol buffers have it. */
export interface ProtoType {
  readonly type_kind: string;
  readonly array_type?: { readonly element_type: ProtoType };
  readonly range_type?: { readonly element_type: ProtoType };
  readonly struct_type?: {
    readonly field?: readonly { readonly field_name?: string; readonly field_type: ProtoType }[];
  };
}

/** A value as ZetaSQL's protocol buffers have it: one field, or none for NULL. */
export interface ProtoValue {
  readonly int64_value?: string;
  readonly bool_value?: boolean;
  readonly double_value?: number;
  readonly string_value?: string;
  readonly bytes_value?: Buffer;
  readonly date_value?: number;
  readonly timestamp_value?: { readonly seconds?: string; readonly nanos?: number };
  readonly datetime_value?: { readonly bit_field_datetime_seconds?: string; readonly nanos?: number };
  readonly time_value?: string;
  readonly numeric_value?: Buffer;
  readonly bignumeric_value?: Buffer;
  readonly json_value?: string;
  readonly interval_value?: Buffer;
  readonly range_value?: { readonly start?: ProtoValue; readonly end?: ProtoValue };
  readonly array_value?: { readonly element?: readonly ProtoValue[] };
  readonly struct_value?: { readonly field?: readonly ProtoValue[] };
}

const DAY_MS = 86_400_000;
const NAME: Readonly<Record<string, string>> = { DOUBLE: 'FLOAT64', FLOAT: 'FLOAT32' };

/** The type in GoogleSQL. A struct's field without a name is named as BigQuery's REST API names it. */
export function typeOf({ type_kind, array_type, range_type, struct_type }: ProtoType): string {
  if (array_type) return `ARRAY<${typeOf(array_type.element_type)}>`;
  if (range_type) return `RANGE<${typeOf(range_type.element_type)}>`;
  const kind = type_kind.replace('TYPE_', '');
  if (!struct_type) return NAME[kind] ?? kind;
  const fields = (struct_type.field ?? []).map(
    ({ field_name, field_type }, index) => `${field_name || `_field_${index + 1}`} ${typeOf(field_type)}`,
  );
  return `STRUCT<${fields.join(', ')}>`;
}

/** The value as BigQuery's REST API writes it. */
export function valueFrom(type: ProtoType, value: ProtoValue): Value {
  if (type.array_type) {
    const { element_type } = type.array_type;
    // A NULL array leaves BigQuery as an empty one. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#array_nulls
    return (value.array_value?.element ?? []).map((element) => valueFrom(element_type, element));
  }
  if (type.struct_type) {
    const fields = type.struct_type.field ?? [];
    if (!value.struct_value) return null;
    return (value.struct_value.field ?? []).map((item, index) => {
      const field = fields[index];
      return field ? valueFrom(field.field_type, item) : null;
    });
  }
  if (type.range_type)
    return value.range_value ? rangeOf(type.range_type.element_type, value.range_value) : null;
  const { double_value, date_value, timestamp_value, datetime_value, time_value } = value;
  if (double_value !== undefined) return double_value;
  if (date_value !== undefined) return new Date(date_value * DAY_MS).toISOString().slice(0, 10);
  if (timestamp_value) {
    const { seconds = '0', nanos = 0 } = timestamp_value;
    return String(BigInt(seconds) * 1_000_000n + BigInt(nanos) / 1_000n);
  }
  if (datetime_value)
    return dateTimeOf(BigInt(datetime_value.bit_field_datetime_seconds ?? 0), datetime_value.nanos ?? 0);
  if (time_value !== undefined)
    return timeOf(BigInt(time_value) >> 30n, Number(BigInt(time_value) & 0x3fff_ffffn));
  if (value.bytes_value) return value.bytes_value.toString('base64');
  if (value.interval_value) return intervalOf(value.interval_value);
  if (value.numeric_value) return decimalOf(value.numeric_value, 9);
  if (value.bignumeric_value) return decimalOf(value.bignumeric_value, 38);
  const plain = value.string_value ?? value.int64_value ?? value.bool_value ?? value.json_value;
  return plain === undefined ? null : String(plain);
}

/** A bound that is NULL is unbounded. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#range_type */
function rangeOf(element: ProtoType, { start, end }: NonNullable<ProtoValue['range_value']>): string {
  const [from, to] = [start, end].map((bound = {}) => valueFrom(element, bound) ?? 'UNBOUNDED');
  return `[${from}, ${to})`;
}

/** Fields of bits, from the second: 6, 6, 5, then day 5, month 4, year 14. https://github.com/google/zetasql/blob/master/zetasql/public/civil_time.h */
function dateTimeOf(bits: bigint, nanos: number): string {
  const of = (shift: bigint, width: bigint, digits: number) =>
    String((bits >> shift) & ((1n << width) - 1n)).padStart(digits, '0');
  return `${of(26n, 14n, 4)}-${of(22n, 4n, 2)}-${of(17n, 5n, 2)}T${timeOf(bits & 0x1_ffffn, nanos)}`;
}

function timeOf(bits: bigint, nanos: number): string {
  const of = (shift: bigint, width: bigint) =>
    String((bits >> shift) & ((1n << width) - 1n)).padStart(2, '0');
  const micros = Math.floor(nanos / 1_000);
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`;
  return `${of(12n, 5n)}:${of(6n, 6n)}:${of(0n, 6n)}${fraction}`;
}

/**
 * Microseconds, days, then 13 bits of nanoseconds, the months and their sign.
 * https://github.com/google/zetasql/blob/master/zetasql/public/interval_value.h
 */
function intervalOf(bytes: Buffer): string {
  const [micros, days, rest] = [bytes.readBigInt64LE(0), bytes.readInt32LE(8), bytes.readUInt32LE(12)];
  const months = (rest >> 13) & 0x3_ffff;
  const of = (size: number) => `${Math.floor(size / 12)}-${size % 12}`;
  const size = micros < 0n ? -micros : micros;
  const seconds = size / 1_000_000n;
  const fraction = size % 1_000_000n;
  const digits = fraction === 0n ? '' : `.${String(fraction).padStart(6, '0').replace(/000$/, '')}`;
  const time = `${seconds / 3600n}:${(seconds / 60n) % 60n}:${seconds % 60n}${digits}`;
  return `${rest >>> 31 && months ? '-' : ''}${of(months)} ${days} ${micros < 0n ? '-' : ''}${time}`;
}

/** A whole number in two's complement, the least byte first, of units of 10^-scale. */
export function decimalOf(bytes: Buffer, scale: number): string {
  const units = BigInt.asIntN(
    bytes.length * 8,
    BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`),
  );
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '');
  return `${units < 0n ? '-' : ''}${text}`;
}
