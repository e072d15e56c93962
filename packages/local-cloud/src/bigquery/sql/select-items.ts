import { invalidQuery, type Position, unsupported } from '../errors.ts';
import type { Expression, Name, Select, SelectItem } from './ast.ts';
import type { ExpressionContext } from './context.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type Resolved, withoutReferences } from './resolved.ts';
import { fieldAt, type Scope, type ScopeColumn, sameName } from './scope.ts';
import { impliedName } from './struct.ts';

/** One column of a SELECT list, after `*` is expanded. */
export interface ListItem {
  /** Empty for a column without a name. */
  readonly name: string;
  /** Whether it is a field of the STRUCT before `.*`. */
  readonly isExpanded?: boolean;
  /** Whether it is a column or a field, and not computed. */
  readonly isPath: boolean;
  resolve(context: ExpressionContext): Resolved;
}

export function expandItems(select: Select, scope: Scope, context: ExpressionContext): ListItem[] {
  return select.items.flatMap((item) => {
    if (item.node === 'star') return expandStar(item, scope, context);
    const { value, alias } = item;
    const name = alias?.text ?? impliedName(value);
    return [{ name, isPath: isPath(value), resolve: (inner) => resolveExpression(value, inner) }];
  });
}

type Star = Extract<SelectItem, { node: 'star' }>;

function expandStar(star: Star, scope: Scope, context: ExpressionContext): ListItem[] {
  const all = star.base ? starOf(star.base, scope, context) : starOfScope(star, scope);
  for (const name of star.except) {
    if (!all.some((item) => sameName(item.name, name.text)))
      throw invalidQuery(`Column ${name.text} in SELECT * EXCEPT list does not exist`, name.at);
  }
  const kept = all.filter(({ name }) => !star.except.some((excluded) => sameName(excluded.text, name)));
  if (kept.length === 0)
    throw invalidQuery('SELECT * expands to zero columns after applying EXCEPT', star.at);
  for (const { name } of star.replace) {
    if (name && !kept.some((item) => sameName(item.name, name.text)))
      throw invalidQuery(`Column ${name.text} in SELECT * REPLACE list does not exist`, name.at);
  }
  return kept.map((item): ListItem => {
    const replacement = star.replace.find(({ name }) => name && sameName(name.text, item.name));
    if (!replacement) return item;
    const { value } = replacement;
    return { ...item, isPath: isPath(value), resolve: (inner) => resolveExpression(value, inner) };
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
  if (type.kind !== 'STRUCT') throw invalidQuery(`Dot-star is not supported for type ${type.kind}`, base.at);
  return type.fields.map(({ name }, index) => ({
    name,
    isExpanded: true,
    isPath: isPath(base),
    resolve: (inner) => fieldAt(resolveExpression(base, inner), index),
  }));
}

function columnItem(column: ScopeColumn, scope: Scope, at: Position): ListItem {
  // Google's documentation does not say whether `*` includes them.
  if (column.isPseudo) throw unsupported('SELECT * from APPENDS: name the columns. It', at);
  const name: Name = { text: column.name, at };
  const resolve = (inner: ExpressionContext) => grouped(scope.reference(column, name), inner);
  return { name: column.name, isPath: true, resolve };
}

/** Whether the expression names a column or a field. */
export function isPath(node: Expression): boolean {
  return node.node === 'path' || (node.node === 'field' && isPath(node.base));
}

/** A column that is a GROUP BY key needs no aggregate function. */
function grouped(value: Resolved, { groups, scope }: ExpressionContext): Resolved {
  return groups?.paths.has(value.sql) ? withoutReferences(value, scope) : value;
}
