import { CloudError } from '../errors.ts';
import { invalidQuery, type Position } from './errors.ts';
import type { Name } from './sql/ast.ts';
import { parseScript } from './sql/parse-script.ts';
import type { BareNode, Script, ScriptText } from './sql/script.ts';
import type { Statement } from './sql/statements.ts';

// EXECUTE IMMEDIATE. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#execute_immediate

type Using = Extract<BareNode, { readonly node: 'execute' }>['using'];

/** The only statement of dynamic SQL. With INTO, it is a query. */
export function dynamicStatement(
  sql: string | undefined,
  at: Position,
  into: readonly Name[],
): { statement: Statement; text: ScriptText } {
  if (sql === undefined) throw invalidQuery('EXECUTE IMMEDIATE sql string cannot be NULL', at);
  if (sql.trim() === '') throw invalidQuery('Empty EXECUTE IMMEDIATE sql string cannot be executed', at);
  const [only, ...more] = parsed(sql, at);
  if (!only || more.length > 0) {
    throw invalidQuery('EXECUTE IMMEDIATE sql string must contain exactly one statement', at);
  }
  if (only.node !== 'statement') {
    const type = only.text.split(/\s/, 1)[0]?.toUpperCase();
    throw invalidQuery(`SQL created by EXECUTE IMMEDIATE contains unsupported statement type: ${type}`, at);
  }
  if (into.length > 0 && only.statement.node !== 'query') {
    throw invalidQuery('EXECUTE IMMEDIATE with INTO clause must use a query statement', at);
  }
  return { statement: only.statement, text: only };
}

function parsed(sql: string, at: Position): Script {
  try {
    return parseScript(sql);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    throw invalidQuery(`Invalid EXECUTE IMMEDIATE sql string \`${sql}\`, ${error.message}`, at);
  }
}

/** The names of the parameters, in lower case; undefined for each positional one. */
export function parameterNames(using: Using, at: Position): readonly (string | undefined)[] {
  const names = using.map(({ name }) => name?.text.toLowerCase());
  if (names.includes(undefined) && names.some((name) => name !== undefined)) {
    throw invalidQuery('EXECUTE IMMEDIATE USING parameters must be all positional or all named.', at);
  }
  const repeated = names.find((name, index) => name !== undefined && names.indexOf(name) < index);
  if (repeated === undefined) return names;
  throw invalidQuery(
    `EXECUTE IMMEDIATE USING parameters must have unique names, found duplicate name: ${repeated}`,
    at,
  );
}

export function assertDifferent(into: readonly Name[], at: Position): void {
  if (new Set(into.map(({ text }) => text.toLowerCase())).size === into.length) return;
  throw invalidQuery(
    'EXECUTE IMMEDIATE with INTO clause cannot assign to the same variable multiple times',
    at,
  );
}

export function assertOneRow(columns: number, rows: number, into: readonly Name[], at: Position): void {
  if (columns !== into.length) {
    throw invalidQuery(
      `Variables returned by Dynamic SQL do not match number of variables in INTO clause, expected ${into.length} columns, but got ${columns}`,
      at,
    );
  }
  if (rows > 1) throw invalidQuery('DynamicSQL may only return 0 or 1 rows with INTO clause', at);
}
