import { DuckDBBlobValue, DuckDBDecimalValue, type DuckDBValue } from '@duckdb/node-api';
import { invalid } from './errors.ts';
import { failure, letIn } from './sql/let.ts';
import { type Field, fieldTypeName, structKey } from './types.ts';

/** `STRING(10)`, `BYTES(5)`, `NUMERIC(10, 2)`: as the REST API has them. */
type TypeParameters = Pick<Field, 'maxLength' | 'precision' | 'scale'>;

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_decimal_type */
const NUMERIC_DIGITS = 29;
const NUMERIC_SCALE = 9;

/** The parameters that a schema gives a column. Throws INVALID_ARGUMENT. */
export function typeParameters(
  type: string,
  given: Readonly<Record<keyof TypeParameters, unknown>>,
  name: string,
): TypeParameters {
  const [maxLength, precision, scale] = (['maxLength', 'precision', 'scale'] as const).map((key) =>
    given[key] === undefined || given[key] === null ? undefined : whole(given[key], key, name),
  );
  const isDecimal = type === 'NUMERIC';
  if ((precision ?? scale) !== undefined && type === 'BIGNUMERIC')
    throw invalid(`Field ${name}: BIGNUMERIC with parameters is not supported by the local BigQuery`);
  if (maxLength !== undefined && type !== 'STRING' && type !== 'BYTES')
    throw invalid(`Field ${name}: maxLength is for STRING and BYTES, not for ${type}`);
  if ((precision ?? scale) !== undefined && !isDecimal)
    throw invalid(`Field ${name}: precision and scale are for NUMERIC, not for ${type}`);
  if (maxLength === 0) throw invalid(`Field ${name}: maxLength must be 1 or more`);
  if (scale !== undefined && precision === undefined) throw invalid(`Field ${name}: scale needs a precision`);
  if (scale !== undefined && scale > NUMERIC_SCALE)
    throw invalid(`Field ${name}: in NUMERIC(P, S), S must be between 0 and ${NUMERIC_SCALE}`);
  const least = Math.max(1, scale ?? 0);
  const most = NUMERIC_DIGITS + (scale ?? 0);
  if (precision !== undefined && (precision < least || precision > most))
    throw invalid(`Field ${name}: in NUMERIC(P, ${scale ?? 0}), P must be between ${least} and ${most}`);
  return {
    ...(maxLength !== undefined && { maxLength: String(maxLength) }),
    ...(precision !== undefined && { precision: String(precision) }),
    // NUMERIC(P) is shown without a scale.
    ...(scale && { scale: String(scale) }),
  };
}

function whole(value: unknown, key: string, name: string): number {
  const text = String(value);
  if (/^\d{1,18}$/.test(text)) return Number(text);
  throw invalid(`Field ${name}: ${key} must be a whole number, 0 or more, got ${JSON.stringify(value)}`);
}

/** Whether a value of the column, or one inside it, has to fit parameters. */
function isParameterized({ maxLength, precision, fields = [] }: Field): boolean {
  return maxLength !== undefined || precision !== undefined || fields.some(isParameterized);
}

/** Whether every value of `current` fits `next`. */
export function isLooser(current: Field, next: Field): boolean {
  const digits = ({ precision, scale = '0' }: Field) => Number(precision) - Number(scale);
  if (next.maxLength !== undefined && !(Number(current.maxLength) <= Number(next.maxLength))) return false;
  if (next.precision === undefined) return true;
  return Number(current.scale ?? 0) <= Number(next.scale ?? 0) && digits(current) <= digits(next);
}

/** A scalar as its column stores it: of fewer decimals. Returns a text that says why it does not fit. */
export function fitted(field: Field, value: DuckDBValue): { value: DuckDBValue } | { problem: string } {
  if (field.maxLength !== undefined) {
    const length = lengthOf(value);
    if (length > Number(field.maxLength)) return { problem: tooLong(field, length) };
  }
  if (field.precision === undefined || !(value instanceof DuckDBDecimalValue)) return { value };
  const step = 10n ** BigInt(value.scale - Number(field.scale ?? 0));
  const sign = value.value < 0n ? -1n : 1n;
  const steps = (value.value * sign + step / 2n) / step;
  if (steps >= 10n ** BigInt(field.precision)) return { problem: outOfRange(field) };
  return { value: new DuckDBDecimalValue(sign * steps * step, value.width, value.scale) };
}

/** The same in DuckDB, for a value of the whole column. */
export function fittedSql(field: Field, sql: string, depth = 0): string {
  if (!isParameterized(field)) return sql;
  if (field.mode === 'REPEATED') {
    const item = `item${depth}`;
    const { mode: _, ...element } = field;
    return `list_transform(${sql}, lambda ${item}: ${fittedSql(element, item, depth + 1)})`;
  }
  return letIn([sql], (value) => {
    if (field.type === 'RECORD') {
      const fields = (field.fields ?? []).map((inner, index) => {
        const key = structKey(index);
        return `${key} := ${fittedSql(inner, `struct_extract(${value}, '${key}')`, depth + 1)}`;
      });
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`;
    }
    if (field.maxLength !== undefined) {
      const length = field.type === 'STRING' ? `length(${value})` : `octet_length(${value})`;
      const failed = failure(tooLong(field, ''), `CAST(${length} AS VARCHAR)`);
      return `CASE WHEN ${length} > ${field.maxLength} THEN ${failed} ELSE ${value} END`;
    }
    const rounded = `round(${value}, ${field.scale ?? 0})`;
    return `CASE WHEN abs(${rounded}) > ${greatest(field)} THEN ${failure(outOfRange(field))} ELSE CAST(${rounded} AS DECIMAL(38, 9)) END`;
  });
}

function lengthOf(value: DuckDBValue): number {
  if (typeof value === 'string') return Array.from(value).length;
  return value instanceof DuckDBBlobValue ? value.bytes.length : 0;
}

function tooLong(field: Field, length: number | ''): string {
  return `${fieldTypeName(field)} has maximum length ${field.maxLength} but got a value with length ${length}`;
}

function outOfRange(field: Field): string {
  const { precision, scale = '0' } = field;
  const most = greatest(field);
  return `${fieldTypeName(field)} has precision ${precision} and scale ${scale} but got a value that is not in range of [-${most}, ${most}]`;
}

/** `999.99` for NUMERIC(5, 2). */
function greatest({ precision, scale = '0' }: Field): string {
  const whole = '9'.repeat(Number(precision) - Number(scale)) || '0';
  return Number(scale) > 0 ? `${whole}.${'9'.repeat(Number(scale))}` : whole;
}
