import type { Resolved } from './resolved.ts';

/** SQL that is cheap to repeat: a column, a bound parameter, a short literal, a name below, or none at all. */
const SIMPLE =
  /^(?:t\d+\."\w+"|c\d+|CAST\(\$p\d+ AS [A-Z]+\)|'[^']{0,40}'|CAST\(-?'?[\w.+-]{1,40}'? AS [A-Z]+\)|NULL|v|struct_extract\(v, 'v\d+'\)|)$/;

/**
 * Applies `body` to the values, and computes each value once however often `body` uses it. Values that are not cheap to
 * repeat become the parameter of a lambda over a one-element list, so nested calls do not multiply the SQL.
 */
export function letIn(values: readonly string[], body: (...names: string[]) => string): string {
  if (values.every((value) => SIMPLE.test(value))) return body(...values);
  return isolated(values, body);
}

/** Like letIn, but NULL when a value is NULL: `body` may fail, and a NULL fails nowhere. */
export function strict(values: readonly string[], body: (...names: string[]) => string): string {
  return letIn(values, (...names) => {
    const anyNull = names.map((name) => `${name} IS NULL`).join(' OR ');
    return `CASE WHEN ${anyNull} THEN NULL ELSE ${body(...names)} END`;
  });
}

/** Like letIn, but always with a lambda, so a TRY in `body` does not catch the errors of the values. */
export function isolated(values: readonly string[], body: (...names: string[]) => string): string {
  const [only] = values;
  if (only !== undefined && values.length === 1)
    return `list_transform([${only}], lambda v: ${body('v')})[1]`;
  const fields = values.map((value, index) => `v${index} := ${value}`);
  const names = values.map((_, index) => `struct_extract(v, 'v${index}')`);
  return `list_transform([struct_pack(${fields.join(', ')})], lambda v: ${body(...names)})[1]`;
}

/** What becomes of a failure: DuckDB's TRY takes no error(). */
let failures: 'raised' | 'null' | 'caught' = 'raised';

function during<T>(mode: typeof failures, emit: () => T): T {
  const before = failures;
  failures = mode;
  try {
    return emit();
  } finally {
    failures = before;
  }
}

/** The SQL that `emit` makes, with NULL in place of its failures, for `SAFE.f(…)`. */
export function withoutFailures(emit: () => string): string {
  return during('null', emit);
}

/** What `emit` makes, with failures that a TRY around it catches. */
export function failuresCaught<T>(emit: () => T): T {
  return during('caught', emit);
}

/**
 * A condition, or what CASE and IN compare. DuckDB computes one without columns while it plans, also in a branch that no row
 * takes, and the query fails by its error. Something that changes with each row keeps it from that; a TRY takes no such thing.
 */
export function whenAsked({ sql, references }: Pick<Resolved, 'sql' | 'references'>): string {
  const mayFail = references.length === 0 && /\b(?:bq_\w+|error)\(| [-+*] /.test(sql);
  return mayFail && failures === 'raised' ? `CASE WHEN random() < 2 THEN ${sql} END` : sql;
}

/** SQL that fails the query with BigQuery's message, followed by `detail`: SQL of type VARCHAR. */
export function failure(message: string, detail?: string): string {
  const text = `'${message.replaceAll("'", "''")}'`;
  return failureOf(detail === undefined ? text : `${text} || ${detail}`);
}

/** SQL that fails the query with a message: SQL of type VARCHAR. */
export function failureOf(message: string): string {
  if (failures === 'null') return 'NULL';
  return failures === 'caught' ? `${CAUGHT}()` : `error('${FAILURE_MARK}' || ${message})`;
}

/** A function without a type that always fails. */
export const CAUGHT = 'bq_caught';

/** Distinguishes BigQuery's messages from DuckDB's own. */
export const FAILURE_MARK = 'BigQuery: ';

/** Marks a fault of ours inside a function: not the user's mistake. */
export const FAULT_MARK = 'Fault: ';
