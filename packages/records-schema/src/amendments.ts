import { createHash } from 'node:crypto';
import { bigQueryColumns } from './bigquery.ts';
import { COLUMN_NAMES } from './record.ts';

// What the operator has corrected or forgotten at the request of a person. `amended` in sql.ts is the same rule in SQL.

/** The most amendments, and the most corrections among them: the API keeps 48 MB of the former in memory, and about as much of the latter. */
export const MAX_AMENDMENTS = 1_000_000;
export const MAX_CORRECTIONS = 100_000;

/** Also the order of precedence, so a person who was forgotten stays forgotten whatever was corrected later. */
export const AMENDED = ['forgotten', 'corrected'] as const;

/** The columns of the table of amendments. A value is NULL where the rows' own value holds. */
export const amendmentColumns = [
  {
    name: 'key',
    type: 'STRING',
    mode: 'REQUIRED',
    description: 'SHA-256 of the id of the record, as 64 lower-case hexadecimal digits.',
  },
  { name: 'what', type: 'STRING', mode: 'REQUIRED', description: 'forgotten or corrected.' },
  { name: 'amended_at', type: 'TIMESTAMP', mode: 'REQUIRED', description: 'When the operator said so.' },
  ...bigQueryColumns.slice(1).map(({ name, type, description }) => ({
    ...{ name, type, mode: 'NULLABLE' },
    description: `Correction: ${description}`,
  })),
];

/** A row of the table of amendments. */
export interface Amendment {
  readonly key: string;
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly amendedAt: number;
  /** The corrected values of the columns after `id`, in their order. */
  readonly values: readonly (string | null)[];
}

/** The key of a record: a hash, so that the amendments do not keep the ids of the people who were forgotten. */
export function amendmentKey(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** The values of a corrected record in the order of the columns, as readers get them. */
export function amendedValues(
  record: readonly (string | null)[],
  amendment: Pick<Amendment, 'values'>,
): readonly (string | null)[] {
  return COLUMN_NAMES.map((_, index) => amendment.values[index - 1] ?? record[index] ?? null);
}
