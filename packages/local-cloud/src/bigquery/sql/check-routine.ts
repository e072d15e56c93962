import { invalidQuery } from '../errors.ts';
import { duckType } from '../types.ts';
import type { ExpressionContext } from './context.ts';
import { resolveExpression } from './resolve-expression.ts';
import { combined } from './resolved.ts';
import { type RoutineDefinition, resolveRoutine } from './routine.ts';
import type { Scope } from './scope.ts';

/** Throws for a function whose body cannot be called. A body with parameters of ANY TYPE is checked by its calls only. */
export function checkRoutine(
  definition: RoutineDefinition,
  queries: { readonly root: Scope; expressionContext(scope: Scope, clause: string): ExpressionContext },
): void {
  const { name, parameters } = definition;
  const at = { line: 1, column: 1 };
  const names = parameters.map((parameter) => parameter.name.toLowerCase());
  const twice = names.find((each, index) => names.indexOf(each) < index);
  if (twice !== undefined) throw invalidQuery(`Duplicate parameter name: ${twice}`);
  const args = parameters.flatMap(({ type }) =>
    type ? [combined(`CAST(NULL AS ${duckType(type)})`, type, at)] : [],
  );
  if (args.length < parameters.length) return;
  const context = queries.expressionContext(queries.root, `function ${name}`);
  resolveRoutine({ at, spelling: name }, definition, args, context, resolveExpression);
}
