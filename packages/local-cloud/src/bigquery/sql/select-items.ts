import { invalidQuery, type Position, unsupported } from '../errors.ts';
import type { Expression, Name, Select, SelectItem } from './ast.ts';
import type { ExpressionContext } from './context.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { Resolved } from './resolved.ts';
import { fieldAt, type Scope, type ScopeColumn, sameName } from './scope.ts';
import { impliedName } from './struct.ts';

/** One column of a SELECT list, after `*` is expanded. */
export interface ListItem {
  /** Empty for a column without a name. */
  readonly name: string;
  /** Whether it is a field of the STRUCT before `.*`. */
  readonly isExpanded?: boolean;
  resolve(context: ExpressionContext): Resolved;
}

export function expandItems(select: Select, scope: Scope, context: ExpressionContext): ListItem[] {
  return select.items.flatMap((item) => {
    if (item.node === 'star') return expandStar(item, scope, context);
    const { value, alias } = item;
    const name = alias?.text ?? impliedName(value);
    return [{ name, resolve: (inner) => resolveExpression(value, inner) }];
  });
}

type Star = Extract<SelectItem, { node: 'star' }>;

function expandStar(star: Star, scope: Scope, context: ExpressionContext): ListItem[] {
  const all = star.base ? starOf(star.base, scope, context) : starOfScope(star, scope);
  for (const name of star.except) {
    if (!all.some((item) => sameName(item.name, name.text))) {
      throw invalidQuery(`Column ${name.text} in SELECT * EXCEPT list does not exist`, name.at);
    }
  }
  const kept = all.filter(({ name }) => !star.except.some((excluded) => sameName(excluded.text, name)));
  if (kept.length === 0)
    throw invalidQuery('SELECT * expands to zero columns after applying EXCEPT', star.at);
  for (const { name } of star.replace) {
    if (name && !kept.some((item) => sameName(item.name, name.text))) {
      throw invalidQuery(`Column ${name.text} in SELECT * REPLACE list does not exist`, name.at);
    }
  }
  return kept.map((item): ListItem => {
    const replacement = star.replace.find(({ name }) => name && sameName(name.text, item.name));
    if (!replacement) return item;
    return { ...item, resolve: (inner) => resolveExpression(replacement.value, inner) };
  });
}

function starOfScope(star: Star, scope: Scope): ListItem[] {
  if (scope.sources.length === 0) throw invalidQuery('SELECT * must have a FROM clause', star.at);
  return scope.star().map((column) => columnItem(column, scope, star.at));
}

function starOf(base: Expression, scope: Scope, context: ExpressionContext): ListItem[] {
  const [first] = base.node === 'path' && base.parts.length === 1 ? base.parts : [];
  const source = first && scope.source(first.text);
  if (source) return source.columns.map((column) => columnItem(column, scope, base.at));
  const { type } = resolveExpression(base, { ...context, aggregates: true, windows: true });
  if (type.kind !== 'STRUCT') {
    throw invalidQuery(`Dot-star is not supported for type ${type.kind}`, base.at);
  }
  return type.fields.map(({ name }, index) => ({
    name,
    isExpanded: true,
    resolve: (inner) => fieldAt(resolveExpression(base, inner), index),
  }));
}

function columnItem(column: ScopeColumn, scope: Scope, at: Position): ListItem {
  // Google's documentation does not say whether `*` includes them.
  if (column.isPseudo) throw unsupported('SELECT * from APPENDS: name the columns. It', at);
  const name: Name = { text: column.name, at };
  return { name: column.name, resolve: (inner) => grouped(scope.reference(column, name), inner) };
}

/** A column that is a GROUP BY key needs no aggregate function. */
function grouped(value: Resolved, { groupKeys, scope }: ExpressionContext): Resolved {
  if (!groupKeys?.has(value.sql)) return value;
  return { ...value, references: value.references.filter((reference) => reference.scope !== scope) };
}
