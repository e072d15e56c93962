import { CloudError } from '../errors.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import { datasetNotFound, invalid } from './errors.ts';
import { assertSameReference } from './names.ts';
import { etagOf, type Precondition, withoutNulls } from './resources.ts';
import type { RoutineReference, StoredRoutine } from './routine-catalog.ts';
import { definitionOf, type RoutineInput, routineName } from './routine-definition.ts';
import type { RoutineDefinition } from './sql/routine.ts';

export interface RoutineResource extends RoutineInput {
  readonly etag: string;
  readonly routineReference: RoutineReference;
  /** Milliseconds since the epoch, as text. */
  readonly creationTime: string;
  readonly lastModifiedTime: string;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/RoutineReference */
const ROUTINE_ID = /^[A-Za-z0-9_]{1,256}$/;

type Check = (definition: RoutineDefinition) => void;

/** The `routines` resource of the REST API: functions in SQL. */
export class Routines {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** `check` throws for a body that cannot be called. */
  async insert(datasetId: string, input: RoutineInput, check: Check): Promise<RoutineResource> {
    const { projectId } = this.#context;
    const routineId = input.routineReference?.routineId;
    assertSameReference(input.routineReference, { projectId, datasetId });
    if (!routineId) throw invalid('Required parameter is missing: routineReference.routineId');
    if (!input.routineType) throw invalid('Required parameter is missing: routineType');
    const reference = { projectId, datasetId, routineId };
    this.#dataset(datasetId);
    const properties = propertiesOf(input);
    check(definitionOf({ reference, properties }));
    const routine = await this.#context.database.write((transaction) =>
      this.create(transaction, reference, properties),
    );
    return routineResource(routine);
  }

  /** Creates or replaces a routine inside a transaction. Throws NOT_FOUND for the dataset, ALREADY_EXISTS. */
  async create(
    transaction: Transaction,
    reference: RoutineReference,
    properties: StoredRoutine['properties'],
    orReplace = false,
  ): Promise<StoredRoutine> {
    const { clock, catalog } = this.#context;
    const { datasetId, routineId } = reference;
    this.#dataset(datasetId);
    if (!ROUTINE_ID.test(routineId)) {
      throw invalid(
        `Invalid routine ID "${routineId}". Routine IDs must be alphanumeric (plus underscores) and must be at most 256 characters long.`,
      );
    }
    const existing = catalog.routines.find(datasetId, routineId);
    if (existing && !orReplace)
      throw new CloudError('ALREADY_EXISTS', `Already Exists: Routine ${routineName(reference)}`);
    const now = clock.now();
    const routine = {
      reference,
      properties,
      creationTime: existing?.creationTime ?? now,
      lastModifiedTime: now,
    };
    await catalog.routines.put(transaction, routine);
    return routine;
  }

  async get(datasetId: string, routineId: string): Promise<RoutineResource> {
    return routineResource(this.find(datasetId, routineId));
  }

  /** Ordered by id. Throws NOT_FOUND for the dataset. */
  async list(datasetId: string): Promise<RoutineResource[]> {
    this.#dataset(datasetId);
    return this.#context.catalog.routines.of(datasetId).map(routineResource);
  }

  /** Replaces all properties. */
  async update(
    datasetId: string,
    routineId: string,
    input: RoutineInput,
    check: Check,
    ifMatch?: Precondition,
  ): Promise<RoutineResource> {
    const { projectId, clock, catalog, database } = this.#context;
    assertSameReference(input.routineReference, { projectId, datasetId, routineId });
    return database.write(async (transaction) => {
      const current = this.find(datasetId, routineId);
      ifMatch?.(routineResource(current).etag);
      const properties = propertiesOf(input);
      check(definitionOf({ ...current, properties }));
      const routine = {
        ...current,
        properties,
        lastModifiedTime: Math.max(clock.now(), current.lastModifiedTime + 1),
      };
      await catalog.routines.put(transaction, routine);
      return routineResource(routine);
    });
  }

  async delete(datasetId: string, routineId: string): Promise<void> {
    const { catalog, database } = this.#context;
    await database.write(async (transaction) => {
      await catalog.routines.drop(transaction, this.find(datasetId, routineId));
    });
  }

  /** Throws NOT_FOUND. */
  find(datasetId: string, routineId: string): StoredRoutine {
    const { catalog, projectId } = this.#context;
    this.#dataset(datasetId);
    const routine = catalog.routines.find(datasetId, routineId);
    if (routine) return routine;
    throw new CloudError(
      'NOT_FOUND',
      `Not found: Routine ${routineName({ projectId, datasetId, routineId })}`,
    );
  }

  #dataset(datasetId: string): void {
    const { catalog, projectId } = this.#context;
    if (!catalog.findDataset(datasetId)) throw datasetNotFound(projectId, datasetId);
  }
}

function propertiesOf(input: RoutineInput): StoredRoutine['properties'] {
  const { routineType, language, arguments: given, returnType, definitionBody, description } = input;
  return withoutNulls({
    routineType,
    language: language ?? 'SQL',
    arguments: given,
    returnType,
    definitionBody,
    description,
  });
}

function routineResource({
  reference,
  properties,
  creationTime,
  lastModifiedTime,
}: StoredRoutine): RoutineResource {
  const resource = {
    routineReference: reference,
    ...properties,
    creationTime: String(creationTime),
    lastModifiedTime: String(lastModifiedTime),
  };
  return { ...resource, etag: etagOf(resource) };
}
