import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnDataset, requireOnProject, requireOnTable } from './access.ts';
import type { Table } from './catalog.ts';
import type { Datasets, ServiceContext } from './datasets.ts';
import type { Destinations } from './destinations.ts';
import { datasetNotFound, inProject, invalidQuery, tableName, tableNotFound, unsupported } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { insertQuery } from './insert-query.ts';
import { readPrepared } from './prepared.ts';
import { datasetProperties, patched, tableProperties, withoutNulls } from './resources.ts';
import type { RoutineReference } from './routine-catalog.ts';
import type { Routines } from './routines.ts';
import { ScriptTables } from './script-tables.ts';
import type { Bindings } from './sql/bindings.ts';
import type { OptionValue } from './sql/options.ts';
import type {
  AlterTranslation,
  CreateTranslation,
  DdlTranslation,
  DropTranslation,
  FunctionTranslation,
  SchemaTranslation,
} from './sql/translate-ddl.ts';
import { kindOf, type TableKind } from './table-kind.ts';
import { partitioningOf } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** What a DDL statement did. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics2 */
export interface DdlOutcome {
  readonly operation: 'CREATE' | 'REPLACE' | 'SKIP' | 'ALTER' | 'DROP' | 'UNDROP';
  readonly table?: TableReference;
  readonly dataset?: { readonly projectId: string; readonly datasetId: string };
  readonly routine?: RoutineReference;
}

/** Runs DDL statements. */
export class Definitions {
  readonly #context: ServiceContext;
  readonly #datasets: Datasets;
  readonly #tables: Tables;
  readonly #expiring: ExpiringTables;
  readonly #destinations: Destinations;
  readonly #routines: Routines;

  constructor(
    context: ServiceContext,
    datasets: Datasets,
    tables: Tables,
    expiring: ExpiringTables,
    destinations: Destinations,
    routines: Routines,
  ) {
    this.#routines = routines;
    this.#context = context;
    this.#datasets = datasets;
    this.#tables = tables;
    this.#expiring = expiring;
    this.#destinations = destinations;
  }

  /** The tables of a new script. */
  scriptTables(): ScriptTables {
    return new ScriptTables(this.#context, this.#tables);
  }

  /** Throws PERMISSION_DENIED. */
  authorize(access: Access, translation: DdlTranslation): void {
    const { projectId } = this.#context;
    switch (translation.kind) {
      case 'create table':
        this.#destinations.authorize(access, translation.reference, translation.orReplace);
        break;
      case 'alter table':
        requireOnTable(access, 'bigquery.tables.update', translation.reference);
        break;
      case 'drop table':
        requireOnTable(access, 'bigquery.tables.delete', translation.reference);
        break;
      case 'create function':
      case 'drop function': {
        const { datasetId } = translation.routine;
        const verb = translation.kind === 'drop function' ? 'delete' : 'create';
        requireOnDataset(access, `bigquery.routines.${verb}`, projectId, datasetId);
        if ('orReplace' in translation && translation.orReplace)
          requireOnDataset(access, 'bigquery.routines.update', projectId, datasetId);
        break;
      }
      case 'create schema':
      case 'undrop schema':
        requireOnProject(access, 'bigquery.datasets.create', projectId);
        break;
      case 'alter schema':
        requireOnDataset(access, 'bigquery.datasets.update', projectId, translation.datasetId);
        break;
      case 'drop schema':
        requireOnDataset(access, 'bigquery.datasets.delete', projectId, translation.datasetId);
        break;
    }
  }

  /** `location` is that of the job. */
  async run(
    access: Access,
    translation: DdlTranslation,
    bindings: Bindings,
    location: string,
    own?: ScriptTables,
  ): Promise<DdlOutcome> {
    if (own && 'reference' in translation && own.isTemporary(translation.reference)) {
      if (translation.kind === 'create table') return own.create(translation, bindings);
      if (translation.kind === 'drop table') return own.remove(translation, location);
      throw unsupported('ALTER TABLE of a temporary table');
    }
    own?.assertDefines(translation.statementType);
    switch (translation.kind) {
      case 'create table':
        return this.#create(translation, bindings, location);
      case 'alter table':
        return this.#alter(translation, bindings, location);
      case 'drop table':
        return this.#drop(translation, location);
      case 'create function':
      case 'drop function':
        return this.#function(translation, bindings, location);
      default:
        return this.#schema(access, translation, bindings, location);
    }
  }

  async #create(translation: CreateTranslation, bindings: Bindings, location: string): Promise<DdlOutcome> {
    const { reference, fields, properties, tableKind, sql } = translation;
    const { datasetId, tableId } = reference;
    this.#requireDataset(reference, location);
    const given = tableProperties(await this.#values(translation.options, bindings));
    const all = patched(properties, given);
    return this.#context.database.write(async (transaction) => {
      const existing = this.#context.catalog.findTable(datasetId, tableId);
      if (existing && translation.ifNotExists) return { operation: 'SKIP', table: reference };
      if (existing && !translation.orReplace) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
      }
      if (existing) assertKind(existing, tableKind, 'replace');
      if (existing && partitioningOf(existing.properties) !== partitioningOf(all)) {
        throw invalidQuery(
          'Cannot replace a table with a different partitioning spec. Instead, DROP the table, and then recreate it.',
        );
      }
      const table = existing
        ? await this.#tables.replace(transaction, existing, fields, all)
        : await this.#tables.create(transaction, datasetId, tableId, fields, all);
      if (sql) await insertQuery(transaction.connection, table, sql, bindings);
      return { operation: existing ? 'REPLACE' : 'CREATE', table: reference };
    });
  }

  async #drop({ reference, tableKind, ifExists }: DropTranslation, location: string): Promise<DdlOutcome> {
    const { datasetId, tableId } = inProject(reference, this.#context.projectId, location);
    return this.#context.database.write(async (transaction) => {
      const table = this.#context.catalog.findTable(datasetId, tableId);
      if (!table && ifExists) return { operation: 'SKIP', table: reference };
      if (!table) throw tableNotFound(reference, location);
      assertKind(table, tableKind, 'drop');
      await this.#expiring.drop(transaction, table);
      return { operation: 'DROP', table: reference };
    });
  }

  async #alter(translation: AlterTranslation, bindings: Bindings, location: string): Promise<DdlOutcome> {
    const { reference, tableKind, ifExists, changes } = translation;
    const { datasetId, tableId } = inProject(reference, this.#context.projectId, location);
    const values = await Promise.all(
      changes.map((change) => ('options' in change ? this.#values(change.options, bindings) : {})),
    );
    return this.#context.database.write(async (transaction) => {
      const table = this.#context.catalog.findTable(datasetId, tableId);
      if (!table && ifExists) return { operation: 'SKIP', table: reference };
      if (!table) throw tableNotFound(reference, location);
      assertKind(table, tableKind, 'alter');
      await this.#tables.alter(transaction, table, changes, values.map(tableProperties));
      return { operation: 'ALTER', table: reference };
    });
  }

  async #schema(
    access: Access,
    translation: SchemaTranslation,
    bindings: Bindings,
    location: string,
  ): Promise<DdlOutcome> {
    const { projectId, catalog } = this.#context;
    const { datasetId } = translation;
    const dataset = { projectId, datasetId };
    const exists = catalog.findDataset(datasetId) !== undefined;
    if (translation.kind === 'create schema') {
      if (exists && translation.ifNotExists) return { operation: 'SKIP', dataset };
      const values = await this.#values(translation.options, bindings);
      await this.#datasets.insert(access, {
        location,
        ...datasetProperties(values),
        ...(typeof values.location === 'string' && { location: values.location }),
        datasetReference: { datasetId },
      });
      return { operation: 'CREATE', dataset };
    }
    if (translation.kind === 'undrop schema') {
      if (exists && translation.ifNotExists) return { operation: 'SKIP', dataset };
      await this.#datasets.undelete(datasetId);
      return { operation: 'UNDROP', dataset };
    }
    if (!exists && translation.ifExists) return { operation: 'SKIP', dataset };
    this.#requireDataset(dataset, location);
    if (translation.kind === 'drop schema') {
      await this.#datasets.delete(datasetId, { deleteContents: translation.cascade });
      return { operation: 'DROP', dataset };
    }
    const values = await this.#values(translation.options, bindings);
    await this.#datasets.patch(datasetId, { ...datasetProperties(values) });
    return { operation: 'ALTER', dataset };
  }

  async #function(
    translation: FunctionTranslation,
    bindings: Bindings,
    location: string,
  ): Promise<DdlOutcome> {
    const { routine } = translation;
    const { datasetId, routineId } = routine;
    const { catalog, database } = this.#context;
    const existing = catalog.routines.find(datasetId, routineId);
    const isGone = translation.kind === 'drop function' && translation.ifExists && !existing;
    if (!isGone) this.#requireDataset(routine, location);
    if (translation.kind === 'drop function') {
      if (isGone) return { operation: 'SKIP', routine };
      await this.#routines.delete(datasetId, routineId);
      return { operation: 'DROP', routine };
    }
    if (existing && translation.ifNotExists) return { operation: 'SKIP', routine };
    const options = await this.#values(translation.options, bindings);
    const properties = withoutNulls({ ...translation.properties, ...options });
    await database.write((transaction) =>
      this.#routines.create(transaction, routine, properties, translation.orReplace),
    );
    return { operation: existing ? 'REPLACE' : 'CREATE', routine };
  }

  #requireDataset(
    { projectId, datasetId }: { projectId: string; datasetId: string },
    location: string,
  ): void {
    if (projectId === this.#context.projectId && this.#context.catalog.findDataset(datasetId)) return;
    throw datasetNotFound(projectId, datasetId, location);
  }

  /** The properties that options set. A NULL removes its property. */
  async #values(options: readonly OptionValue[], bindings: Bindings): Promise<Record<string, unknown>> {
    if (options.length === 0) return {};
    const sql = `SELECT ${options.map((option) => option.sql).join(', ')}`;
    const [row = []] = await this.#context.database.read((connection) =>
      readPrepared(connection, sql, bindings),
    );
    const entries = options.map(({ property, stored }, index) => {
      const value = row[index] ?? null;
      return [property, value === null ? null : stored(value)];
    });
    return Object.fromEntries(entries);
  }
}

function assertKind(table: Table, wanted: TableKind, verb: string): void {
  const kind = kindOf(table);
  // A snapshot may be described, as a table may.
  if (kind === wanted || (verb === 'alter' && kind === 'SNAPSHOT' && wanted === 'TABLE')) return;
  throw invalidQuery(
    `Cannot ${verb} ${tableName(table.reference)} which has type ${kind}. An object of type ${wanted} was expected.`,
  );
}
