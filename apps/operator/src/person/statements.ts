import { amendmentKeyOf, COLUMN_NAMES, forgottenPeople } from '@records/records-schema';

// Every statement of `pnpm ops person`, in GoogleSQL. BigQuery keeps the parameters of a job for months, so people are named by their
// keys wherever a search does not need their names. https://docs.cloud.google.com/bigquery/docs/managing-jobs

const [ID, ...VALUES] = COLUMN_NAMES;
const KEY = amendmentKeyOf(ID ?? '');

/** Tables as identifiers of GoogleSQL. */
export interface Tables {
  readonly records: string;
  readonly amendments: string;
}

export type Values = Readonly<Record<string, string>>;

export function statements({ records, amendments }: Tables) {
  return {
    /** At most six ids of records with these values, each a parameter. */
    search: (names: readonly string[]) =>
      `SELECT DISTINCT ${ID} FROM ${records} WHERE ${names.map((name) => `NORMALIZE(${name}) = NORMALIZE(@${name})`).join(' AND ')} ORDER BY ${ID} LIMIT 6`,
    rows: `SELECT ${COLUMN_NAMES.join(', ')}, COUNT(*) AS copies FROM ${records} WHERE ${KEY} = @key GROUP BY ${COLUMN_NAMES.join(', ')} ORDER BY ${VALUES.join(', ')}`,
    amendments: `SELECT what, amended_at, ${VALUES.join(', ')} FROM ${amendments} WHERE key = @key ORDER BY amended_at`,
    corrected: `SELECT COUNTIF(what = 'corrected') AS corrections FROM ${amendments}`,
    /** Each value is a parameter. Corrections of other values stay. */
    correct: (names: readonly string[]) =>
      `MERGE ${amendments} AS a USING (SELECT @key AS key) AS p ON a.key = p.key
       WHEN MATCHED THEN UPDATE SET amended_at = CURRENT_TIMESTAMP(), ${set(names)}
       WHEN NOT MATCHED THEN INSERT (key, what, amended_at, ${names.join(', ')})
         VALUES (p.key, 'corrected', CURRENT_TIMESTAMP(), ${names.map((name) => `@${name}`).join(', ')})`,
    update: (names: readonly string[]) => `UPDATE ${records} SET ${set(names)} WHERE ${KEY} = @key`,
    /** Also removes the values of a correction. */
    forget: `MERGE ${amendments} AS a USING (SELECT @key AS key) AS p ON a.key = p.key
       WHEN MATCHED AND a.what = 'corrected' THEN
         UPDATE SET what = 'forgotten', amended_at = CURRENT_TIMESTAMP(), ${VALUES.map((name) => `${name} = NULL`).join(', ')}
       WHEN NOT MATCHED THEN INSERT (key, what, amended_at) VALUES (p.key, 'forgotten', CURRENT_TIMESTAMP())`,
    delete: `DELETE FROM ${records} WHERE ${KEY} = @key`,
    forgotten: forgottenPeople({ records, amendments }),
  };
}

function set(names: readonly string[]): string {
  return names.map((name) => `${name} = @${name}`).join(', ');
}
