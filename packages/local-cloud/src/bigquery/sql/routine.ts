import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, duckType, typeName } from '../types.ts';
import type { Expression, FunctionCall } from './ast.ts';
import { coerce, signatureError } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { letIn } from './let.ts';
import { combined, type Resolved } from './resolved.ts';
import { repeated, Scope, type ScopeColumn } from './scope.ts';
import type { Statement } from './statements.ts';

/** A function that a user defines by an expression. */
export interface RoutineDefinition {
  readonly name: string;
  /** A parameter without a type is of ANY TYPE. */
  readonly parameters: readonly { readonly name: string; readonly type: DataType | undefined }[];
  /** Undefined is the type of the body. */
  readonly returns: DataType | undefined;
  readonly body: Expression;
}

/** Whether the statement makes a temporary function, which is added then. Throws `invalidQuery` for a name with a dataset. */
export function addTemporaryFunction(
  functions: Map<string, RoutineDefinition>,
  statement: Statement,
): boolean {
  if (statement.node !== 'create function' || !statement.isTemporary) return false;
  const { routine, parameters, returns, body } = statement;
  const name = routine.path.map(({ text }) => text).join('.');
  if (name.includes('.')) throw invalidQuery(`A temporary function has no dataset: ${name}`, routine.at);
  functions.set(name.toLowerCase(), { name, parameters, returns, body });
  return true;
}

/** Functions may call functions. Google's limit counts differently; none of ours may call itself. */
const MAX_DEPTH = 16;

/** A call becomes the body of the function, whose parameters are columns. */
export function resolveRoutine(
  call: Pick<FunctionCall, 'at' | 'spelling'>,
  definition: RoutineDefinition,
  given: readonly Resolved[],
  context: ExpressionContext,
): Resolved {
  const { parameters, returns, body } = definition;
  const { bindings, routines, routineDepth = 0 } = context;
  if (routineDepth >= MAX_DEPTH)
    throw unsupported(`More than ${MAX_DEPTH} functions inside each other`, call.at);
  const args = parameters.flatMap(({ type }, index) => {
    const arg = given[index];
    if (!arg || arg.special) return [];
    return (type ? coerce(arg, type, bindings) : arg) ?? [];
  });
  if (args.length < parameters.length || given.length > parameters.length) {
    const types = parameters.map(({ type }) => (type ? typeName(type) : 'ANY TYPE'));
    throw signatureError(
      `function ${call.spelling}`,
      given,
      `${call.spelling}(${types.join(', ')})`,
      call.at,
    );
  }
  let inner: Resolved | undefined;
  const inline = (...names: string[]): string => {
    const columns = parameters.map(({ name }, index): ScopeColumn => {
      const { type, columns: read } = args[index] as Resolved;
      return { name, sql: names[index] ?? '', type, columns: read };
    });
    const scope = new Scope(undefined, [{ alias: undefined, columns }]);
    const own = { ...routines.context(scope, `function ${definition.name}`), routineDepth: routineDepth + 1 };
    inner = own.resolve(body, own);
    const value = returns ? coerce(inner, returns, bindings) : inner;
    if (!value)
      throw invalidQuery(
        `Function declared to return ${typeName(returns ?? inner.type)} but the function body produces incompatible type ${typeName(inner.type)}`,
        call.at,
      );
    inner = value;
    return value.sql;
  };
  const values = args.map(({ sql }) => sql);
  // DuckDB has no subqueries inside of a lambda.
  const sql = hasQuery(body) ? inline(...values) : letIn(values, inline);
  if (!inner) throw new RangeError('a function without a body');
  const { type, columns } = inner;
  return combined(sql, type, call.at, [combined('', type, call.at, [], { columns }), ...args]);
}

/** Whether there is a query in a part of the syntax tree. */
function hasQuery(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return ('node' in node && node.node === 'query') || Object.values(node).some(hasQuery);
}

/** Throws for a function whose body cannot be called. A body with parameters of ANY TYPE is checked by its calls only. */
export function checkRoutine(
  definition: RoutineDefinition,
  queries: { readonly root: Scope; expressionContext(scope: Scope, clause: string): ExpressionContext },
): void {
  const { name, parameters } = definition;
  const at = { line: 1, column: 1 };
  const twice = repeated(parameters.map((parameter) => parameter.name))?.toLowerCase();
  if (twice !== undefined) throw invalidQuery(`Duplicate parameter name: ${twice}`);
  const args = parameters.flatMap(({ type }) =>
    type ? [combined(`CAST(NULL AS ${duckType(type)})`, type, at)] : [],
  );
  if (args.length < parameters.length) return;
  const context = queries.expressionContext(queries.root, `function ${name}`);
  resolveRoutine({ at, spelling: name }, definition, args, context);
}
