import { invalidQuery, unsupported } from '../errors.ts';
import { scalar } from '../types.ts';
import type { Expression, FunctionCall } from './ast.ts';
import { coerce, commonType, signatureError } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { failureOf, failuresCaught } from './let.ts';
import { combined, type Resolved } from './resolved.ts';

/** Functions that fail, and those that catch failures. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/debugging_functions */

const ARGUMENTS: Readonly<Record<string, number>> = { ERROR: 1, IFERROR: 2, ISERROR: 1, NULLIFERROR: 1 };

export const CATCHING_FUNCTIONS = Object.keys(ARGUMENTS);

export function resolveCatching({ name, args, at }: FunctionCall, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const resolve = (node: Expression) => context.resolve(node, context);
  const [first, second] = args;
  if (!first || args.length !== ARGUMENTS[name])
    throw invalidQuery(`Number of arguments does not match for function ${name}`, at);
  if (name === 'ERROR') {
    const text = coerce(resolve(first), scalar('STRING'), bindings);
    if (!text) throw signatureError('function ERROR', [resolve(first)], 'ERROR(STRING)', at);
    const untyped = failureOf(`coalesce(${text.sql}, 'ERROR function called with NULL value')`);
    return combined(`CAST(${untyped} AS BIGINT)`, scalar('INT64'), at, [text], {
      coercible: 'ERROR',
      untyped,
    });
  }
  const otherwise = second && resolve(second);
  // Only once: nested calls would double the work at each level.
  const plain = failuresCaught(() => resolve(first));
  const type = otherwise ? commonType([plain, otherwise], bindings) : plain.type;
  const other = type && otherwise && coerce(otherwise, type, bindings);
  if (!type || (otherwise && !other))
    throw signatureError(`function ${name}`, otherwise ? [plain, otherwise] : [plain], 'IFERROR(T, T)', at);
  const tried = failuresCaught(() => coerce(plain, type, bindings));
  if (!tried) throw new TypeError('a value that coerces only where it may fail');
  assertCaught(name, tried);
  // NULL where it fails, and else a STRUCT with the value, which may be NULL.
  const caught = `TRY(struct_pack(v := ${tried.sql}))`;
  if (name === 'ISERROR') return combined(`(${caught} IS NULL)`, scalar('BOOL'), at, [tried]);
  const value = `struct_extract(${caught}, 'v')`;
  if (!other) return combined(value, type, at, [tried]);
  const sql = `(CASE WHEN ${caught} IS NULL THEN ${other.sql} ELSE ${value} END)`;
  return combined(sql, type, at, [tried, other]);
}

/** Texts and names, which may contain anything. */
const QUOTED = /'(?:''|[^'])*'|"(?:""|[^"])*"/g;

/** DuckDB catches no failure of these. */
function assertCaught(name: string, { sql, hasAggregate, hasWindow, at }: Resolved): void {
  const what = hasAggregate
    ? 'an aggregate function'
    : hasWindow
      ? 'an analytic function'
      : /SELECT /.test(sql.replace(QUOTED, ''))
        ? 'a subquery'
        : /\b(?:random|uuid)\(\)/.test(sql) && 'a random value';
  if (what) throw unsupported(`${name} of ${what}`, at);
}
