import { KindGuard, type TObject, type TSchema } from '@sinclair/typebox';
import { RecordRow } from './record.ts';

/** One property of the row, reduced to what storage formats can express. */
export interface Column {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** The row as a list of columns. Throws for a property that the storage formats below have no rule for. */
export function columnsOf(row: TObject): Column[] {
  return Object.entries(row.properties).map(([name, schema]) => {
    assertString(name, schema);
    return {
      name,
      description: schema.description ?? '',
      required: row.required?.includes(name) ?? false,
    };
  });
}

function assertString(name: string, schema: TSchema): void {
  if (!KindGuard.IsString(schema)) {
    throw new TypeError(
      `column "${name}" is not a Type.String: BigQuery and Avro have no rule for it yet, add one in columns.ts`,
    );
  }
}

export const columns: readonly Column[] = columnsOf(RecordRow);
