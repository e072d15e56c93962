import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, scalar } from '../types.ts';
import type { Site } from './bindings.ts';
import { coerce, coerceAll, signatureError } from './coercion.ts';
import type { ResolvedSubquery } from './context.ts';
import { failure, letIn, whenAsked } from './let.ts';
import {
  assertComparable,
  assertNotNull,
  compare,
  resolveLogical,
  resolveUnary,
  unified,
} from './operators.ts';
import { combined, type Resolved } from './resolved.ts';

/** BETWEEN, IN, LIKE and IS. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators#comparison_operators */

/** Where an operator stands, and whether it has a NOT. */
interface Predicate extends Site {
  readonly negated: boolean;
}

function answered(answer: Resolved, predicate: Predicate): Resolved {
  return predicate.negated ? resolveUnary('NOT', answer, predicate) : answer;
}

export function isBetween(value: Resolved, low: Resolved, high: Resolved, predicate: Predicate): Resolved {
  const operands = [value, low, high] as const;
  const [x, from, to] = unified('operator BETWEEN', operands, 'ANY BETWEEN ANY AND ANY', predicate);
  if (!to) throw new RangeError('BETWEEN has three operands');
  const bounds = [compare('>=', x, from, predicate), compare('<=', x, to, predicate)];
  return answered(resolveLogical('AND', bounds, predicate), predicate);
}

export function isInList(subject: Resolved, list: readonly Resolved[], predicate: Predicate): Resolved {
  const [x, ...items] = unified('operator IN', [subject, ...list], 'ANY IN (ANY, ...)', predicate);
  if (!isExact(x.type)) {
    const pairs = items.map((item) => compare('=', x, item, predicate));
    return answered(resolveLogical('OR', pairs, predicate), predicate);
  }
  return within(x, `(${items.map(({ sql }) => sql).join(', ')})`, items, predicate);
}

export function isInArray(subject: Resolved, given: Resolved, predicate: Predicate): Resolved {
  const { at, bindings } = predicate;
  const wider: DataType = { kind: 'ARRAY', element: subject.type };
  const isWider = subject.coercible === undefined || subject.coercible === 'LITERAL';
  const array = (given.elements && isWider && coerce(given, wider, bindings)) || given;
  const element = array.type.kind === 'ARRAY' ? array.type.element : undefined;
  const x = element && coerce(subject, element, bindings);
  if (!element || !x)
    throw signatureError('operator IN UNNEST', [subject, array], 'ANY IN UNNEST(ARRAY<ANY>)', at);
  assertComparable('operator IN UNNEST', x.type, at);
  if (!isExact(element)) return equalsAny(x, `SELECT unnest(${array.sql}) AS c0`, array, predicate);
  return within(x, `(SELECT unnest(${array.sql}))`, [array], predicate);
}

export function isInRows(subject: Resolved, query: ResolvedSubquery, predicate: Predicate): Resolved {
  const { at, bindings } = predicate;
  const [output] = query.outputs;
  if (!output || query.outputs.length > 1)
    throw invalidQuery('Subquery of type IN must have only one output column', at);
  const { type } = output.value;
  const x = coerce(subject, type, bindings);
  if (!x) {
    const operands = [subject, { ...subject, type }];
    throw signatureError('operator IN', operands, 'ANY IN (SELECT ANY)', at);
  }
  assertComparable('operator IN', x.type, at);
  if (!isExact(type)) return equalsAny(x, query.sql, query.reads, predicate);
  return within(x, `(${query.sql})`, [query.reads], predicate);
}

function within(
  x: Resolved,
  among: string,
  reads: readonly Resolved[],
  { negated, at }: Predicate,
): Resolved {
  const sql = `(${whenAsked(x)} ${negated ? 'NOT IN' : 'IN'} ${among})`;
  return combined(sql, scalar('BOOL'), at, [x, ...reads]);
}

/** Whether DuckDB's IN compares values of the type as BigQuery does: NaN and STRUCTs it does not. */
function isExact(type: DataType): boolean {
  return type.kind !== 'FLOAT64' && type.kind !== 'STRUCT';
}

/** Whether `value` equals a value of the column `c0`: NULL when only a NULL keeps that from being known. */
function equalsAny(value: Resolved, rows: string, reads: Resolved, predicate: Predicate): Resolved {
  const item = combined('among.c0', value.type, value.at);
  const equal = compare('=', value, item, { ...predicate, at: value.at });
  const sql = `(SELECT CASE WHEN bool_or(${equal.sql}) THEN TRUE WHEN bool_or(${equal.sql} IS NULL) THEN NULL ELSE FALSE END FROM (${rows}) AS among)`;
  return answered(combined(sql, equal.type, value.at, [value, reads]), predicate);
}

export function isLike(
  value: Resolved,
  patterns: readonly Resolved[],
  quantifier: 'ANY' | 'SOME' | 'ALL' | undefined,
  predicate: Predicate,
): Resolved {
  if (!quantifier) assertNotNull('LIKE', [value, ...patterns], predicate.at);
  const likes = patterns.map((pattern) => likeOne(value, pattern, predicate));
  return answered(resolveLogical(quantifier === 'ALL' ? 'AND' : 'OR', likes, predicate), predicate);
}

function likeOne(value: Resolved, pattern: Resolved, { at, bindings }: Site): Resolved {
  const operands = [value, pattern];
  const [text, like] = coerceAll(operands, scalar('STRING'), bindings) ?? [];
  if (operands.some(({ type }) => type.kind === 'BYTES')) throw unsupported('LIKE of BYTES', at);
  if (!text || !like) throw signatureError('operator LIKE', operands, 'STRING LIKE STRING', at);
  const matches = (sql: string) => `(${text.sql} LIKE ${sql} ESCAPE '\\')`;
  const message = 'LIKE pattern ends with a backslash';
  if (typeof like.constant === 'string') {
    if (/(?<!\\)(\\\\)*\\$/.test(like.constant)) throw invalidQuery(message, like.at);
    return combined(matches(like.sql), scalar('BOOL'), at, [text, like]);
  }
  const isOpen = String.raw`'(?s)^([^\\]|\\.)*\\$'`;
  const checked = letIn(
    [like.sql],
    (p) => `CASE WHEN regexp_matches(${p}, ${isOpen}) THEN ${failure(message)} ELSE ${p} END`,
  );
  return combined(matches(checked), scalar('BOOL'), at, [text, like]);
}

/** IS NULL, IS TRUE and IS FALSE. */
export function isWhat(subject: Resolved, what: 'NULL' | 'TRUE' | 'FALSE', predicate: Predicate): Resolved {
  const { negated, at, bindings } = predicate;
  const value = what === 'NULL' ? subject : coerce(subject, scalar('BOOL'), bindings);
  if (!value) throw signatureError(`operator IS ${what}`, [subject], `BOOL IS ${what}`, at);
  return combined(`(${value.sql} IS ${negated ? 'NOT ' : ''}${what})`, scalar('BOOL'), at, [value]);
}

export function isDistinct(subject: Resolved, other: Resolved, predicate: Predicate): Resolved {
  const { negated, at } = predicate;
  const operands = [subject, other] as const;
  const [a, b] = unified('operator IS DISTINCT FROM', operands, 'ANY IS DISTINCT FROM ANY', predicate);
  return combined(`(${a.sql} IS ${negated ? 'NOT ' : ''}DISTINCT FROM ${b.sql})`, scalar('BOOL'), at, [a, b]);
}
