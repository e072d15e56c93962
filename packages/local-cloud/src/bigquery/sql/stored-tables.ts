import type { Access } from '../../callers.ts';
import type { TableReference } from '../../warehouse.ts';
import { requireToQuery } from '../access.ts';
import { type Catalog, COMMIT_TIME, physicalSql, type Table } from '../catalog.ts';
import { invalidQuery, type Position, tableNotFound, unsupported } from '../errors.ts';
import { type ScalarKind, scalar, typeOfField } from '../types.ts';
import type { Name, TableName } from './ast.ts';
import type { AppendRange, Relation } from './resolve-from.ts';
import type { TableFinder } from './resolve-query.ts';
import { columnKey } from './resolved.ts';

export interface TableDefaults {
  readonly projectId: string;
  /** Location of the job. */
  readonly location: string;
  /** Whether the caller named the location. If so, tables elsewhere are not found; otherwise Google infers it. */
  readonly locationIsFixed: boolean;
  readonly access: Access;
  readonly defaultDataset: { readonly projectId: string; readonly datasetId: string } | undefined;
}

/** Looks up the stored tables that one statement names. */
export class StoredTables implements TableFinder {
  readonly #catalog: Catalog;
  readonly #defaults: TableDefaults;
  readonly #found = new Map<string, Table>();
  readonly #appends = new Map<string, string>();
  /** Tables that are read by name, not only by APPENDS. */
  readonly #whole = new Set<string>();

  constructor(catalog: Catalog, defaults: TableDefaults) {
    this.#catalog = catalog;
    this.#defaults = defaults;
  }

  /** Every table that was found, even when none of its columns is used. */
  get found(): Table[] {
    return [...this.#found.values()];
  }

  /** Throws PERMISSION_DENIED, NOT_FOUND. */
  find(path: readonly Name[], at: Position, appended = false): Relation {
    const name = { path, at };
    requireToQuery(this.#defaults.access, this.reference(name));
    const table = this.table(name);
    this.#found.set(table.physicalName, table);
    if (table.fields.length === 0) {
      const { projectId, datasetId, tableId } = table.reference;
      throw invalidQuery(`Table ${projectId}:${datasetId}.${tableId} does not have a schema.`);
    }
    if (!appended) this.#whole.add(table.physicalName);
    return {
      sql: physicalSql(table),
      outputs: table.fields.map((field) => ({
        name: field.name,
        column: field.name,
        type: typeOfField(field),
        columns: new Set([columnKey(table.physicalName, field.name)]),
      })),
      reads: [],
    };
  }

  /**
   * The rows written in a range of time. Google also gives rows that were deleted since, which are not kept here.
   * https://docs.cloud.google.com/bigquery/docs/change-history
   */
  appends(path: readonly Name[], at: Position, { start, end }: AppendRange): Relation {
    const { sql, outputs, reads } = this.find(path, at, true);
    const physicalName = this.table({ path, at }).physicalName;
    const bounds = [
      ...(start ? [`(${start} IS NULL OR ${COMMIT_TIME} >= epoch_ms(${start}))`] : []),
      ...(end ? [`(${end} IS NULL OR ${COMMIT_TIME} < epoch_ms(${end}))`] : []),
    ];
    const where = bounds.length > 0 ? bounds.join(' AND ') : 'TRUE';
    this.#appends.set(physicalName, where);
    const pseudo = (name: string, type: ScalarKind) => ({
      name,
      column: name,
      type: scalar(type),
      columns: new Set<string>(),
    });
    return {
      sql: `(SELECT *, 'INSERT' AS "_CHANGE_TYPE", make_timestamp(${COMMIT_TIME} * 1000) AS "_CHANGE_TIMESTAMP" FROM ${sql} WHERE ${where})`,
      outputs: [...outputs, pseudo('_CHANGE_TYPE', 'STRING'), pseudo('_CHANGE_TIMESTAMP', 'TIMESTAMP')],
      reads,
    };
  }

  /** The condition of the rows that APPENDS reads of a table, which is undefined for a table that is read in full. */
  condition(table: Table): string | undefined {
    return this.#whole.has(table.physicalName) ? undefined : this.#appends.get(table.physicalName);
  }

  /** Throws NOT_FOUND. */
  table(name: TableName): Table {
    const { location, locationIsFixed } = this.#defaults;
    const reference = this.reference(name);
    const table = this.#catalog.table(reference, location);
    const dataset = this.#catalog.findDataset(reference.datasetId);
    const elsewhere = dataset?.location.toLowerCase() !== location.toLowerCase();
    if (locationIsFixed && elsewhere) throw tableNotFound(reference, location);
    return table;
  }

  reference({ path, at }: TableName): TableReference {
    const { projectId, defaultDataset } = this.#defaults;
    const parts = path.map(({ text }) => text);
    if (parts.includes('INFORMATION_SCHEMA')) throw unsupported('INFORMATION_SCHEMA', at);
    if (parts.some((part) => part.includes('*'))) throw unsupported('A wildcard table', at);
    const [table, dataset, project, ...rest] = parts.toReversed();
    if (table === undefined || rest.length > 0) {
      throw invalidQuery(`Invalid table name: ${parts.join('.')}`, at);
    }
    if (dataset !== undefined) {
      return { projectId: project ?? projectId, datasetId: dataset, tableId: table };
    }
    if (defaultDataset) return { ...defaultDataset, tableId: table };
    throw invalidQuery(`Table "${table}" must be qualified with a dataset (e.g. dataset.table).`, at);
  }
}
