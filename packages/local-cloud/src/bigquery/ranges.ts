import { DuckDBDateValue, DuckDBStructValue, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';

/** A bound of a RANGE as it is stored: an unbounded one is infinite, so that ranges compare as their bounds do. */
type RangeBound = DuckDBDateValue | DuckDBTimestampValue;

const INFINITE = {
  DATE: { start: DuckDBDateValue.NegInf, end: DuckDBDateValue.PosInf },
  DATETIME: { start: DuckDBTimestampValue.NegInf, end: DuckDBTimestampValue.PosInf },
  TIMESTAMP: { start: DuckDBTimestampValue.NegInf, end: DuckDBTimestampValue.PosInf },
} as const;

/**
 * A range from `[start, end)`, or from an object with `start` and `end`; undefined for anything else.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-types#range_type
 */
export function parseRange(
  element: keyof typeof INFINITE,
  value: unknown,
  parse: (bound: unknown) => DuckDBValue | undefined,
): DuckDBStructValue | undefined {
  const given = typeof value === 'string' ? boundsOf(value) : value;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  const { start, end } = given as { start?: unknown; end?: unknown };
  const s = isUnbounded(start) ? INFINITE[element].start : parse(start);
  const e = isUnbounded(end) ? INFINITE[element].end : parse(end);
  if (!isBound(s) || !isBound(e) || unitsOf(s) >= unitsOf(e)) return undefined;
  return new DuckDBStructValue({ s, e });
}

function boundsOf(text: string): object | undefined {
  const [, start, end] = /^\[([^,\s](?:[^,]*[^,\s])?), ([^,\s](?:[^,]*[^,\s])?)\)$/.exec(text) ?? [];
  return start === undefined ? undefined : { start, end };
}

function isUnbounded(bound: unknown): boolean {
  return bound === undefined || bound === null || /^(?:UNBOUNDED|NULL)$/i.test(String(bound));
}

function isBound(value: DuckDBValue | undefined = null): value is RangeBound {
  return value instanceof DuckDBDateValue || value instanceof DuckDBTimestampValue;
}

function unitsOf(bound: RangeBound): bigint {
  return bound instanceof DuckDBDateValue ? BigInt(bound.days) : bound.micros;
}

/** The bounds of a stored range; undefined for an unbounded one. */
function boundsOfRange({ entries: { s, e } }: DuckDBStructValue): (RangeBound | undefined)[] {
  return [s, e].map((bound) => (isBound(bound) && bound.isFinite ? bound : undefined));
}

/** `[2020-01-01, UNBOUNDED)` */
export function formatRange(range: DuckDBStructValue, format: (bound: RangeBound) => string): string {
  return `[${boundsOfRange(range)
    .map((bound) => (bound ? format(bound) : 'UNBOUNDED'))
    .join(', ')})`;
}
