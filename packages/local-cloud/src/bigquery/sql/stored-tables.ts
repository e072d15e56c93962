import { type Access, emailOf } from '../../callers.ts';
import type { TableReference } from '../../warehouse.ts';
import { datasetResource, requireOnDataset, requireOnProject, requireToQuery } from '../access.ts';
import { type Catalog, physicalSql, type Table } from '../catalog.ts';
import { authorizes } from '../dataset-access.ts';
import { datasetNotFound, invalidQuery, type Position, tableName, tableNotFound } from '../errors.ts';
import { type JobResource, jobResource } from '../job-resources.ts';
import type { Jobs } from '../jobs.ts';
import { checkedLocation } from '../locations.ts';
import { CHANGE_TYPE, COMMIT_TIME, quoteColumn, quoteIdentifier } from '../names.ts';
import { definitionOf } from '../routine-definition.ts';
import { viewOf } from '../table-kind.ts';
import { type DataType, scalar, typeOfField } from '../types.ts';
import type { Name } from './ast.ts';
import type { Bindings, StoredBody } from './bindings.ts';
import { type Described, metadataRelation } from './metadata-table.ts';
import { type NamedMetadata, namedMetadata } from './metadata-tables.ts';
import type { Relation } from './relation.ts';
import type { TimeRange } from './resolve-from.ts';
import type { TableFinder } from './resolve-query.ts';
import { columnKey } from './resolved.ts';
import type { RoutineDefinition } from './routine.ts';
import { rangeSql, rowsAsOf, rowsUntil } from './rows-in-time.ts';
import type { TableName } from './statements.ts';
import { type NameDefaults, TableNames } from './table-names.ts';

export interface TableDefaults extends NameDefaults {
  /** Location of the job, when the caller names it. Otherwise the job runs where its first table is. */
  readonly location: string | undefined;
  /** Location of a statement that names no table. */
  readonly defaultLocation: string;
  readonly access: Access;
  readonly projectNumber: string;
  readonly jobs: Jobs;
  readonly bindings: Bindings;
  /** Temporary functions by lower-case name. */
  readonly functions: ReadonlyMap<string, RoutineDefinition> | undefined;
}

/** What a statement reads of one table. */
export interface TableSource {
  readonly table: Table;
  /** The prefix of the keys of its columns. */
  readonly key: string;
  /** Set for APPENDS. */
  readonly range?: TimeRange;
  /** The time of FOR SYSTEM_TIME AS OF: a TIMESTAMP expression of DuckDB. */
  readonly asOf?: string;
}

/** Looks up the stored tables that one statement names. */
export class StoredTables implements TableFinder {
  readonly names: TableNames;
  readonly #catalog: Catalog;
  readonly #defaults: TableDefaults;
  readonly #found = new Map<string, TableSource>();
  #location: string | undefined;
  /** The view whose query is being read. */
  #view: TableReference | undefined;
  /** What is being created, which outlives the temporary tables and functions. */
  #body: StoredBody | undefined;

  constructor(catalog: Catalog, defaults: TableDefaults) {
    this.#catalog = catalog;
    this.#defaults = defaults;
    this.names = new TableNames(defaults);
    this.#location = defaults.location;
  }

  get user(): string {
    return emailOf(this.#defaults.access.member);
  }

  get projectId(): string {
    return this.#defaults.projectId;
  }

  /** Where the statement runs. */
  get location(): string {
    return this.#location ?? this.#defaults.defaultLocation;
  }

  /** Records a table that the statement reads or writes. Throws NOT_FOUND when it is elsewhere than the others. */
  place(reference: TableReference): void {
    const dataset = this.#catalog.findDataset(reference.datasetId);
    if (!dataset) return;
    this.#location ??= dataset.location;
    if (dataset.location.toLowerCase() !== this.#location.toLowerCase())
      throw tableNotFound(reference, this.#location);
  }

  /** Every table that was found, even when none of its columns is used. */
  get found(): TableSource[] {
    return [...this.#found.values()];
  }

  /**
   * Runs `work`, which reads what CREATE stores: neither temporary tables and functions nor parameters and variables.
   * https://docs.cloud.google.com/bigquery/docs/views-intro#view_limitations
   */
  storing<T>(body: StoredBody, work: () => T): T {
    this.#body = body;
    try {
      return this.#defaults.bindings.storing(body, work);
    } finally {
      this.#body = undefined;
    }
  }

  view<T>(path: readonly Name[], at: Position, read: (query: string) => T): T | undefined {
    if (namedMetadata(path)) return undefined;
    const reference = this.names.reference({ path, at });
    const table = this.#catalog.findTable(reference.datasetId, reference.tableId);
    const view = table && viewOf(table);
    if (!view) return undefined;
    this.#requireToQuery(reference);
    this.place(reference);
    const outer = this.#view;
    this.#view = reference;
    try {
      return read(view.query);
    } finally {
      this.#view = outer;
    }
  }

  /** An authorized view may read for everybody; for any other, the caller needs access to the tables as well. */
  #isAuthorized(datasetId: string): boolean {
    const dataset = this.#catalog.findDataset(datasetId);
    return this.#view !== undefined && dataset !== undefined && authorizes(dataset, this.#view);
  }

  #requireToQuery(reference: TableReference): void {
    if (this.#defaults.own?.isTemporary(reference) || this.#isAuthorized(reference.datasetId)) return;
    requireToQuery(this.#defaults.access, reference);
  }

  /** Throws PERMISSION_DENIED, NOT_FOUND. */
  find(path: readonly Name[], at: Position): Relation {
    const metadata = namedMetadata(path);
    if (metadata) {
      return metadataRelation(metadata.table, this.#described(metadata, at), this.#defaults.bindings, at);
    }
    const table = this.#readable({ path, at });
    const key = table.physicalName;
    this.#found.set(key, { table, key });
    const time = this.#defaults.own?.readsAt(table);
    const sql = time === undefined ? physicalSql(table) : rowsUntil(table, time);
    return { sql, outputs: outputsOf(table, key), reads: [] };
  }

  /** What a metadata table describes: a dataset, or everything in a region that the caller may list. */
  #described({ name, table, qualifier }: NamedMetadata<Name>, at: Position): Described {
    const { projectId, projectNumber, access, defaultDataset } = this.#defaults;
    const names = qualifier.map(({ text }) => text);
    const last = names.at(-1) ?? '';
    const region = last.startsWith('region-') ? last.slice('region-'.length) : undefined;
    const isProject = names.length === 1 && last === projectId;
    const common = { projectId, projectNumber, jobs: (all: boolean) => this.#jobs(all) };
    if (region !== undefined || (table.ofProject && (isProject || names.length === 0))) {
      if (names.length > 1 && names[0] !== projectId) throw invalidQuery(`Invalid project: ${names[0]}`, at);
      if (region !== undefined) this.#placeIn(region, name);
      const datasets = this.#catalog
        .datasets()
        .filter(({ location }) => location.toLowerCase() === this.location.toLowerCase())
        .filter(({ datasetId }) =>
          access.allows('bigquery.tables.list', datasetResource(projectId, datasetId)),
        );
      return {
        ...common,
        datasets,
        tables: datasets.flatMap(({ datasetId }) => this.#catalog.tables(datasetId)),
      };
    }
    if (table.ofProject)
      throw invalidQuery(
        `${name} is qualified with a region (e.g. \`region-us\`.${name}), not a dataset`,
        at,
      );
    if (names.length === 0 && !defaultDataset)
      throw invalidQuery(`Table "${name}" must be qualified with a dataset (e.g. dataset.${name}).`, at);
    const datasetId =
      names.length > 0 ? this.names.schema({ path: qualifier, at }) : (defaultDataset?.datasetId ?? '');
    if (!this.#isAuthorized(datasetId)) {
      requireOnDataset(access, 'bigquery.tables.list', projectId, datasetId);
    }
    const dataset = this.#catalog.findDataset(datasetId);
    if (!dataset) throw datasetNotFound(projectId, datasetId, this.location);
    this.place({ projectId, datasetId, tableId: name });
    return { ...common, datasets: [dataset], tables: this.#catalog.tables(datasetId) };
  }

  #placeIn(region: string, name: string): void {
    this.#location ??= checkedLocation(region);
    if (this.#location.toLowerCase() === region.toLowerCase()) return;
    const reference = { projectId: this.#defaults.projectId, datasetId: `region-${region}`, tableId: name };
    throw tableNotFound(reference, this.#location);
  }

  #jobs(allUsers: boolean): JobResource[] {
    const { access, projectId, jobs } = this.#defaults;
    if (allUsers) requireOnProject(access, 'bigquery.jobs.listAll', projectId);
    const here = this.location.toLowerCase();
    return jobs
      .list()
      .filter(
        ({ owner, location }) => location.toLowerCase() === here && (allUsers || owner === access.member),
      )
      .map((job) => jobResource(projectId, job));
  }

  /** The rows of a table that were appended within a range. Throws PERMISSION_DENIED, NOT_FOUND. */
  appends(path: readonly Name[], at: Position, range: TimeRange): Relation {
    const table = this.#readable({ path, at });
    const key = `${table.physicalName} appends ${this.#found.size}`;
    this.#found.set(key, { table, key, range });
    const time = quoteIdentifier(COMMIT_TIME);
    const columns = [
      ...table.fields.map(({ name }) => quoteColumn(name)),
      `'INSERT' AS ${quoteIdentifier(CHANGE_TYPE)}`,
      time,
    ];
    const pseudo = (name: string, type: DataType) => {
      return { name, column: name, value: { type, columns: new Set<string>() }, isPseudo: true };
    };
    return {
      sql: `(SELECT ${columns.join(', ')} FROM ${physicalSql(table)} WHERE ${rangeSql(range)})`,
      outputs: [
        ...outputsOf(table, key),
        pseudo(CHANGE_TYPE, scalar('STRING')),
        pseudo(COMMIT_TIME, scalar('TIMESTAMP')),
      ],
      reads: [],
    };
  }

  /** The rows that a table had at a time; `now` is in milliseconds since the epoch. Throws PERMISSION_DENIED, NOT_FOUND. */
  asOf(path: readonly Name[], at: Position, given: string, now: number): Relation {
    const table = this.#readable({ path, at });
    const key = `${table.physicalName} as of ${this.#found.size}`;
    this.#found.set(key, { table, key, asOf: given });
    const sql = rowsAsOf(table, this.#catalog.versions.of(table.reference), given, now);
    return { sql, outputs: outputsOf(table, key), reads: [] };
  }

  #readable(name: TableName): Table {
    const reference = this.names.reference(name);
    if (this.#body && this.#defaults.own?.isTemporary(reference))
      throw invalidQuery(`A ${this.#body} cannot read the temporary table ${reference.tableId}`, name.at);
    this.#requireToQuery(reference);
    const table = this.table(name);
    if (table.fields.length > 0) return table;
    throw invalidQuery(`Table ${tableName(table.reference)} does not have a schema.`);
  }

  /** Throws NOT_FOUND. */
  table(name: TableName): Table {
    const reference = this.names.reference(name);
    const own = this.#defaults.own?.find(reference, this.location);
    const table = own ?? this.#catalog.table(reference, this.location);
    this.place(reference);
    return table;
  }

  routine(name: string, at: Position): RoutineDefinition | undefined {
    // A view never calls a function of its caller, who could read with the right of the view.
    const temporary = this.#view ? undefined : this.#defaults.functions?.get(name.toLowerCase());
    if (temporary && this.#body)
      throw invalidQuery(`A ${this.#body} cannot call the temporary function ${temporary.name}`, at);
    if (temporary) return temporary;
    if (/^SAFE\./i.test(name)) return undefined;
    const path = name.split('.').map((text) => ({ text, at }));
    if (path.length === 1 && !this.#defaults.defaultDataset) return undefined;
    const reference = this.names.routineReference({ path, at });
    const { datasetId, routineId } = reference;
    if (reference.projectId !== this.#defaults.projectId) return undefined;
    const routine = this.#catalog.routines.find(datasetId, routineId);
    if (!routine) return undefined;
    requireOnDataset(this.#defaults.access, 'bigquery.routines.get', reference.projectId, datasetId);
    this.place({ ...reference, tableId: routineId });
    return definitionOf(routine);
  }
}

function outputsOf(table: Table, key: string): Relation['outputs'] {
  return table.fields.map((field) => ({
    name: field.name,
    column: field.name,
    value: { type: typeOfField(field), columns: new Set([columnKey(key, field.name)]) },
  }));
}
