import { KindGuard, type TObject, type TSchema } from '@sinclair/typebox';
import { RecordRow } from './record.ts';

/** A property of the row, reduced to what storage formats can express. */
export interface Column {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** The columns of a row. Throws TypeError for a property that is not a string. */
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
