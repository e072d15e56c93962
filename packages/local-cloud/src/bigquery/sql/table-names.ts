import type { TableReference } from '../../warehouse.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import type { RoutineReference } from '../routine-catalog.ts';
import type { ScriptTables } from '../script-tables.ts';
import type { TableName } from './statements.ts';

export interface NameDefaults {
  readonly projectId: string;
  readonly defaultDataset: { readonly projectId: string; readonly datasetId: string } | undefined;
  /** The tables that only its script sees. */
  readonly own: ScriptTables | undefined;
}

/** What the names in a statement refer to, whether it exists or not. */
export class TableNames {
  readonly #defaults: NameDefaults;

  constructor(defaults: NameDefaults) {
    this.#defaults = defaults;
  }

  /** The dataset of `p.d` or `d`. Throws for the dataset of another project. */
  schema({ path, at }: TableName): string {
    const [dataset, project = this.#defaults.projectId, ...rest] = path.map(({ text }) => text).toReversed();
    if (dataset === undefined || rest.length > 0 || project !== this.#defaults.projectId)
      throw invalidQuery(`Invalid dataset name: ${path.map(({ text }) => text).join('.')}`, at);
    return dataset;
  }

  /** Throws for a name without a dataset. */
  routineReference({ path, at }: TableName): RoutineReference {
    const { projectId, defaultDataset } = this.#defaults;
    const parts = path.flatMap(({ text }) => text.split('.'));
    const [routineId = '', datasetId = defaultDataset?.datasetId, project = projectId, ...rest] =
      parts.toReversed();
    if (datasetId !== undefined && rest.length === 0) return { projectId: project, datasetId, routineId };
    throw invalidQuery(
      rest.length > 0
        ? `Invalid function name: ${parts.join('.')}`
        : `Function "${routineId}" must be qualified with a dataset (e.g. dataset.${routineId}).`,
      at,
    );
  }

  /** The name of a temporary table that is to be made. */
  newTemporary({ path, at }: TableName): TableReference {
    const { own } = this.#defaults;
    if (own) return own.newTemporary(path.map(({ text }) => text));
    throw invalidQuery('Use of CREATE TEMPORARY TABLE requires a script or session', at);
  }

  reference({ path, at }: TableName): TableReference {
    const { projectId, defaultDataset, own } = this.#defaults;
    const parts = path.map(({ text }) => text);
    const temporary = own?.temporary(parts);
    if (temporary) return temporary;
    const view = parts.indexOf('INFORMATION_SCHEMA');
    if (view >= 0) throw unsupported(parts.slice(view).join('.'), at);
    const meta = parts.find((part) => /^__(?:TABLES|TABLES_SUMMARY|PARTITIONS_SUMMARY)__$/i.test(part));
    if (meta) throw unsupported(`The table ${meta}`, at);
    if (parts.some((part) => part.includes('*'))) throw unsupported('A wildcard table', at);
    const [table, dataset, project, ...rest] = parts.toReversed();
    if (table === undefined || rest.length > 0)
      throw invalidQuery(`Invalid table name: ${parts.join('.')}`, at);
    if (dataset !== undefined) {
      return { projectId: project ?? projectId, datasetId: dataset, tableId: table };
    }
    if (defaultDataset) return { ...defaultDataset, tableId: table };
    throw invalidQuery(`Table "${table}" must be qualified with a dataset (e.g. dataset.table).`, at);
  }
}
