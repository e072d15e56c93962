import { randomBytes } from 'node:crypto';
import { bigQueryColumns, type RecordRow } from '@records/records-schema';

/** How the ids of made-up records begin. No publisher sends such a record, and its sender deletes it. */
export type Mark = 'probe-' | 'e2e-';

/** Every marked record has these values. */
export const MARKED = { nombre: 'Prueba', apellido: 'De Extremo Ñandú', pais: 'Perú' } as const;

/** `now` is in milliseconds since 1970. Until the year 2059, ids of one mark sort by time. */
export function markedRecord(mark: Mark, now: number): RecordRow {
  return { id: `${idAt(mark, now)}-${randomBytes(6).toString('hex')}`, ...MARKED };
}

/** A lower bound of the ids of all records that are made at this time or later. */
export function idAt(mark: Mark, now: number): string {
  return `${mark}${Math.max(0, Math.floor(now)).toString(36).padStart(8, '0')}`;
}

/**
 * Describes the fault of a served value. Undefined when it has exactly the columns of a record with the values of `sent`.
 * Without `sent` any strings will do: the API serves a stored record as it is, even one that breaks a rule (decision 0004).
 */
export function faultOf(served: unknown, sent?: RecordRow): string | undefined {
  if (typeof served !== 'object' || served === null) return `the API serves ${JSON.stringify(served)}`;
  const fields = new Map<string, unknown>(Object.entries(served));
  const expected = sent && new Map<string, unknown>(Object.entries(sent));
  for (const { name, mode } of bigQueryColumns) {
    const value = fields.get(name) ?? null;
    const isRight = expected
      ? value === (expected.get(name) ?? null)
      : typeof value === 'string' || (value === null && mode === 'NULLABLE');
    if (isRight) continue;
    if (!fields.has(name)) return `the API drops the column ${name}`;
    return `the API serves ${JSON.stringify(value)} as ${name}`;
  }
  const extra = [...fields.keys()].filter((key) => !bigQueryColumns.some(({ name }) => name === key));
  return extra.length > 0 ? `the API serves more than the record: ${extra.join(', ')}` : undefined;
}
