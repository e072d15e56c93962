import { invalid } from './errors.ts';
import type { RoutineReference, StoredRoutine } from './routine-catalog.ts';
import { parseBody } from './sql/parse-statement.ts';
import type { RoutineDefinition } from './sql/routine.ts';
import { type StandardType, typeOfStandard } from './standard-types.ts';

export interface ArgumentInput {
  readonly name?: string;
  readonly dataType?: StandardType;
  readonly argumentKind?: 'FIXED_TYPE' | 'ANY_TYPE' | 'ARGUMENT_KIND_UNSPECIFIED';
}

/** The properties of a routine that a caller may set. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/routines#Routine */
export interface RoutineInput {
  readonly routineReference?: Partial<RoutineReference> | null;
  readonly routineType?: 'SCALAR_FUNCTION' | null;
  readonly language?: 'SQL' | null;
  readonly arguments?: readonly ArgumentInput[] | null;
  readonly returnType?: StandardType | null;
  readonly definitionBody?: string | null;
  readonly description?: string | null;
}

/** Reads what is defined. Throws INVALID_ARGUMENT, `invalidQuery`. */
export function definitionOf({
  reference,
  properties,
}: Pick<StoredRoutine, 'reference' | 'properties'>): RoutineDefinition {
  const { arguments: given, returnType, definitionBody } = properties as RoutineInput;
  if (!definitionBody) throw invalid('Required parameter is missing: definitionBody');
  return {
    name: routineName(reference),
    parameters: (given ?? []).map(({ name, dataType, argumentKind }, index) => {
      const path = `arguments[${index}]`;
      if (!name) throw invalid(`Required parameter is missing: ${path}.name`);
      const isAny = argumentKind === 'ANY_TYPE';
      return { name, type: isAny ? undefined : typeOfStandard(dataType, `${path}.dataType`) };
    }),
    returns: returnType ? typeOfStandard(returnType, 'returnType') : undefined,
    body: parseBody(definitionBody),
  };
}

export function routineName({ projectId, datasetId, routineId }: RoutineReference): string {
  return `${projectId}.${datasetId}.${routineId}`;
}
