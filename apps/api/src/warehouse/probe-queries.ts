import { quoteTableName, type TableName } from './table-name.ts';

/** Every statement that the prober sends. Values travel in `@parameters` only. */
export interface ProbeQueries {
  /**
   * Deletes the rows of `@id`, and what runs that crashed left: rows from `@from` to before `@until` with the names and the country
   * of a probe, which no publisher's record has together with such an id.
   */
  readonly remove: string;
  /** `@id` → how many rows it has. */
  readonly count: string;
}

export function buildProbeQueries(table: TableName): ProbeQueries {
  const name = quoteTableName(table);
  const left = 'id >= @from AND id < @until AND nombre = @nombre AND apellido = @apellido AND pais = @pais';
  return {
    remove: `DELETE FROM ${name} WHERE id = @id OR (${left})`,
    count: `SELECT COUNT(*) AS n FROM ${name} WHERE id = @id`,
  };
}
