import { randomBytes } from 'node:crypto';
import { COLUMN_NAMES, type RecordRow } from '@records/records-schema';

/** Records that no publisher sends: their ids begin so, and they are removed by who sent them. */
export type Mark = 'probe-' | 'e2e-';

/** What is the same in every marked record. */
export const MARKED = { nombre: 'Prueba', apellido: 'De Extremo Ñandú', pais: 'Perú' } as const;

/** `now` in milliseconds since the epoch: ids of one mark are ordered by it until the year 2059. */
export function markedRecord(mark: Mark, now: number): RecordRow {
  return { id: `${idAt(mark, now)}-${randomBytes(6).toString('hex')}`, ...MARKED };
}

/** Less than the id of every record that is made at this time or later. */
export function idAt(mark: Mark, now: number): string {
  return `${mark}${Math.max(0, Math.floor(now)).toString(36).padStart(8, '0')}`;
}

/** How what the API serves differs from the record that was sent; undefined when it does not. */
export function differenceOf(sent: RecordRow, served: unknown): string | undefined {
  if (typeof served !== 'object' || served === null) return `the API serves ${JSON.stringify(served)}`;
  const fields = new Map(Object.entries(served));
  for (const column of COLUMN_NAMES) {
    if (!fields.has(column)) return `the API drops the column ${column}`;
    const value = fields.get(column);
    if (value !== sent[column]) return `the API changes ${column}: ${JSON.stringify(value)}`;
  }
  const more = [...fields.keys()].filter((key) => !COLUMN_NAMES.some((column) => column === key));
  return more.length > 0 ? `the API serves more than the record: ${more.join(', ')}` : undefined;
}
