import { invalid } from '../errors.ts';
import { listPage } from '../page.ts';
import type { RoutineReference } from '../routine-catalog.ts';
import type { ArgumentInput, RoutineInput } from '../routine-definition.ts';
import type { RoutineResource } from '../routines.ts';
import type { StandardType } from '../standard-types.ts';
import { outputs } from './messages.ts';
import { type Method, method, ONE_DATASET, PAGING, refused, withBody } from './method.ts';
import { acceptedOf, FIELD_MASK, INT64, listOf, type Message, message, STRING } from './types.ts';

const STANDARD_TYPE: Message<StandardType> = message<StandardType>('StandardSqlDataType', () => ({
  typeKind: STRING,
  arrayElementType: STANDARD_TYPE,
  rangeElementType: STANDARD_TYPE,
  structType: STANDARD_STRUCT,
}));

const STANDARD_FIELD = message<{ name?: string; type?: StandardType }>('StandardSqlField', () => ({
  name: STRING,
  type: STANDARD_TYPE,
}));

const STANDARD_STRUCT = message<NonNullable<StandardType['structType']>>('StandardSqlStructType', () => ({
  fields: listOf(STANDARD_FIELD),
}));

const ARGUMENT = message<ArgumentInput>(
  'Argument',
  () => ({
    name: STRING,
    dataType: STANDARD_TYPE,
    argumentKind: acceptedOf(
      ['ARGUMENT_KIND_UNSPECIFIED', 'FIXED_TYPE', 'ANY_TYPE'],
      ['ANY_TABLE', 'FIXED_TABLE'],
    ),
  }),
  { refused: ['isAggregate', 'mode', 'tableType'] },
);

const ROUTINE_REFERENCE = message<Partial<RoutineReference>>('RoutineReference', () => ({
  projectId: STRING,
  datasetId: STRING,
  routineId: STRING,
}));

const ROUTINE = message<RoutineInput>(
  'Routine',
  () => ({
    routineReference: ROUTINE_REFERENCE,
    routineType: acceptedOf(
      ['SCALAR_FUNCTION'],
      ['PROCEDURE', 'TABLE_VALUED_FUNCTION', 'AGGREGATE_FUNCTION'],
    ),
    language: acceptedOf(['SQL'], ['JAVASCRIPT', 'PYTHON', 'JAVA', 'SCALA']),
    arguments: listOf(ARGUMENT),
    returnType: STANDARD_TYPE,
    definitionBody: STRING,
    description: STRING,
  }),
  {
    output: { etag: STRING, creationTime: INT64, lastModifiedTime: INT64, ...outputs('buildStatus') },
    refused: [
      'dataGovernanceType',
      'determinismLevel',
      'externalRuntimeOptions',
      'importedLibraries',
      'pythonOptions',
      'remoteFunctionOptions',
      'returnTableType',
      'securityMode',
      'sparkOptions',
      'strictMode',
    ],
  },
);

const ROUTINES = `${ONE_DATASET}/routines`;
const ONE_ROUTINE = `${ROUTINES}/{routineId}`;

/** What a list shows of a routine. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/routines/list */
const LISTED_OF_A_ROUTINE = 'etag,routineReference,routineType,creationTime,lastModifiedTime,language';

export const ROUTINE_METHODS: readonly Method[] = [
  method(
    'routines.list',
    'GET',
    ROUTINES,
    { ...PAGING, filter: STRING, readMask: FIELD_MASK },
    async (bigquery, { path, query }) => {
      const { maxResults, pageToken, filter, readMask } = query;
      const all = (await bigquery.listRoutines(path.datasetId)).filter(routineFilter(filter));
      const { items, ...rest } = listPage(all, { maxResults, pageToken }, `routines ${path.datasetId}`);
      const routines = items.map((routine) => masked(routine, readMask || LISTED_OF_A_ROUTINE));
      return { ...(routines.length > 0 && { routines }), ...rest };
    },
  ),
  withBody('routines.insert', 'POST', ROUTINES, {}, ROUTINE, (bigquery, { path, body, access }) =>
    bigquery.insertRoutine(path.datasetId, body, access),
  ),
  method('routines.get', 'GET', ONE_ROUTINE, { readMask: FIELD_MASK }, async (bigquery, { path, query }) =>
    masked(await bigquery.getRoutine(path.datasetId, path.routineId), query.readMask || '*'),
  ),
  withBody('routines.update', 'PUT', ONE_ROUTINE, {}, ROUTINE, (bigquery, { path, body, ifMatch, access }) =>
    bigquery.updateRoutine(path.datasetId, path.routineId, body, ifMatch, access),
  ),
  method('routines.delete', 'DELETE', ONE_ROUTINE, {}, async (bigquery, { path }) => {
    await bigquery.deleteRoutine(path.datasetId, path.routineId);
    return undefined;
  }),
  refused('routines.getIamPolicy', 'POST', `${ONE_ROUTINE}:getIamPolicy`),
  refused('routines.setIamPolicy', 'POST', `${ONE_ROUTINE}:setIamPolicy`),
  refused('routines.testIamPermissions', 'POST', `${ONE_ROUTINE}:testIamPermissions`),
];

function routineFilter(filter = ''): (routine: RoutineResource) => boolean {
  const [, type] = /^routineType:(\w+)$/.exec(filter) ?? [];
  if (filter && !type) throw invalid(`Invalid value for filter: ${filter}; it must be routineType:TYPE`);
  return ({ routineType }) => type === undefined || routineType === type;
}

/** The fields that a mask names, separated by commas; all of them for `*`. */
function masked<T extends object>(resource: T, mask: string): object {
  const names = new Set(mask.split(',').map((name) => name.split('.')[0]));
  return Object.fromEntries(Object.entries(resource).filter(([name]) => names.has('*') || names.has(name)));
}
