import { randomBytes } from 'node:crypto';
import { bigQueryColumns, type RecordRow } from '@records/records-schema';

/** How the ids of made-up records begin, which no publisher sends. */
export type Mark = 'probe-' | 'e2e-';

/** `now` is in milliseconds since 1970. Until the year 2059, ids of one mark sort by time. */
export function madeUpRecord(mark: Mark, now: number): RecordRow {
  const time = Math.max(0, Math.floor(now)).toString(36).padStart(8, '0');
  const id = `${mark}${time}-${randomBytes(6).toString('hex')}`;
  return { id, nombre: 'Prueba', apellido: 'De Extremo Ñandú', pais: 'Perú' };
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
