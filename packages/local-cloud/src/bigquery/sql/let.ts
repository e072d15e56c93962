/** SQL that may be repeated as it is: a column, a bound parameter, or a short literal. */
const SIMPLE =
  /^(?:t\d+\."\w+"|c\d+|CAST\(\$p\d+ AS [A-Z]+\)|'[^']{0,40}'|CAST\(-?'?[\w.+-]{1,40}'? AS [A-Z]+\)|NULL)$/;

/**
 * DuckDB's SQL for `body` of the values, where each value is computed once however often the body names it: nested
 * translations stay as long as the query. Runs a lambda over a list of one, unless the values are simple.
 */
export function letIn(values: readonly string[], body: (...names: string[]) => string): string {
  if (values.every((value) => SIMPLE.test(value))) return body(...values);
  return isolated(values, body);
}

/** Like letIn, but always apart from the values: what `body` does with errors does not reach into them. */
export function isolated(values: readonly string[], body: (...names: string[]) => string): string {
  const [only] = values;
  if (only !== undefined && values.length === 1)
    return `list_transform([${only}], lambda v: ${body('v')})[1]`;
  const fields = values.map((value, index) => `v${index} := ${value}`);
  const names = values.map((_, index) => `struct_extract(v, 'v${index}')`);
  return `list_transform([struct_pack(${fields.join(', ')})], lambda v: ${body(...names)})[1]`;
}

/** DuckDB's SQL that ends the query with BigQuery's message. `detail` is SQL of type VARCHAR. */
export function failure(message: string, detail?: string): string {
  const text = `'${FAILURE_MARK}${message.replaceAll("'", "''")}'`;
  return detail === undefined ? `error(${text})` : `error(${text} || ${detail})`;
}

/** Tells messages that are meant for the caller from DuckDB's own. */
export const FAILURE_MARK = 'BigQuery: ';
