import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnTable } from './access.ts';
import { appendedBytes } from './appends.ts';
import { assertBilledWithin, type Bytes, bytesOf } from './billing.ts';
import { physicalSql, type Table } from './catalog.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import type { Destinations, StagedTable } from './destinations.ts';
import { queryError } from './duckdb-errors.ts';
import { datasetNotFound, invalidQuery, tableName, tableNotFound } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { parseQuery, type QueryConfiguration } from './job-configuration.ts';
import { assertFieldName, quoteIdentifier } from './names.ts';
import { runPrepared } from './prepared.ts';
import type { TableInput } from './resources.ts';
import { type ResultInfo, type Results, SMALL_ROWS } from './results.ts';
import { Bindings } from './sql/bindings.ts';
import { StoredTables } from './sql/stored-tables.ts';
import { type Translation, translate } from './sql/translate.ts';
import { assertWritable } from './table-kind.ts';
import type { Tables } from './tables.ts';

/** A query that is translated. */
export interface TranslatedQuery {
  readonly configuration: QueryConfiguration;
  readonly access: Access;
  /** Where it runs: as the caller said, or where its tables are. */
  readonly location: string;
  readonly translation: Translation;
  readonly tables: StoredTables;
  readonly bindings: Bindings;
}

/** A query that is translated and authorized. */
export interface Plan extends TranslatedQuery {
  readonly bytes: Bytes;
  readonly referencedTables: readonly TableReference[];
}

/** What a DDL statement did. https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics2 */
type DdlOperation = 'CREATE' | 'REPLACE' | 'SKIP' | 'DROP';

/** What a query produced. */
export interface Outcome {
  /** The rows of a SELECT without a destination table. */
  readonly result?: ResultInfo;
  /** The table that holds the rows, when the query names one. */
  readonly destination?: TableReference;
  /** Rows changed by INSERT, UPDATE, DELETE or TRUNCATE. */
  readonly affectedRows?: number;
  readonly ddl?: { readonly operation: DdlOperation; readonly table: TableReference };
}

export class QueryEngine {
  readonly #context: ServiceContext;
  readonly #tables: Tables;
  readonly #expiring: ExpiringTables;
  readonly #results: Results;
  readonly #destinations: Destinations;

  constructor(
    context: ServiceContext,
    tables: Tables,
    expiring: ExpiringTables,
    results: Results,
    destinations: Destinations,
  ) {
    this.#context = context;
    this.#tables = tables;
    this.#expiring = expiring;
    this.#results = results;
    this.#destinations = destinations;
  }

  /** Call it before `translate`: expired tables are not found. */
  dropExpired(): Promise<void> {
    return this.#expiring.dropExpired();
  }

  /** Throws `invalidQuery`, `notFound`, `accessDenied`. */
  translate(
    configuration: QueryConfiguration,
    access: Access,
    location: string | undefined,
  ): TranslatedQuery {
    const { catalog, projectId, clock } = this.#context;
    const { defaultDataset, destination } = configuration;
    const tables = new StoredTables(catalog, {
      projectId,
      location,
      defaultLocation: this.#context.location,
      defaultDataset,
      access,
    });
    const bindings = new Bindings(configuration.parameters);
    const translation = translate(configuration.query, bindings, clock.now(), tables);
    const written =
      translation.kind === 'create' || translation.kind === 'drop'
        ? translation.reference
        : destination?.reference;
    if (written) tables.place(written);
    return { configuration, access, translation, tables, bindings, location: tables.location };
  }

  /** The columns of a view. Throws `invalidQuery`, `notFound`, `accessDenied`. */
  viewFields({ query, useLegacySql }: NonNullable<TableInput['view']>, access: Access, location: string) {
    const configuration = parseQuery(this.#context.projectId, {
      ...(query !== undefined && { query }),
      ...(useLegacySql !== undefined && { useLegacySql }),
    });
    const { translation } = this.translate(configuration, access, location);
    if (translation.kind !== 'query') throw invalidQuery('The query of a view must be a SELECT');
    for (const { name } of translation.fields) assertFieldName(name);
    return translation.fields;
  }

  /** Throws `accessDenied`, `bytesBilledLimitExceeded`. */
  async plan(translated: TranslatedQuery): Promise<Plan> {
    const { configuration, access, translation, tables, bindings } = translated;
    const { statistics } = this.#context;
    this.#authorize(access, translation, configuration.destination?.reference);
    const bytes = await bytesOf(translation.reads, (read) =>
      read.range
        ? appendedBytes(read, read.range, bindings, this.#context)
        : statistics.of(read.table).then(({ columnBytes }) => columnBytes),
    );
    if (!configuration.dryRun) assertBilledWithin(bytes, configuration.maximumBytesBilled);
    for (const { table } of tables.found) this.#expiring.read(table);
    const referencedTables = [...new Set(tables.found.map(({ table }) => table.reference))];
    return { ...translated, bytes, referencedTables };
  }

  /** Checks the permission to write. StoredTables checks the permission to read. */
  #authorize(access: Access, translation: Translation, destination: TableReference | undefined): void {
    switch (translation.kind) {
      case 'query':
        if (destination) this.#destinations.authorize(access, destination, true);
        break;
      case 'dml':
        requireOnTable(access, 'bigquery.tables.updateData', translation.table.reference);
        break;
      case 'create':
        this.#destinations.authorize(access, translation.reference, translation.orReplace);
        break;
      case 'drop':
        requireOnTable(access, 'bigquery.tables.delete', translation.reference);
    }
  }

  async execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    try {
      const outcome = await this.#execute(plan, signal);
      const { translation } = plan;
      if (translation.kind === 'dml') await this.#expiring.dropExcess(translation.table.reference);
      if (translation.kind === 'create') await this.#expiring.dropExcess(translation.reference);
      return outcome;
    } catch (error) {
      throw queryError(error);
    }
  }

  async #execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    const { translation, bindings, configuration, access, location } = plan;
    const { database } = this.#context;
    switch (translation.kind) {
      case 'query': {
        const { sql, fields } = translation;
        const { destination, clustering } = configuration;
        if (destination) {
          const { reference } = destination;
          this.#inProject(reference, location);
          await this.#destinations.write({
            destination,
            fields,
            properties: clustering ? { clustering } : {},
            location,
            signal,
            fill: (connection, table) => insertQuery(connection, table, sql, bindings),
          });
          return { destination: reference };
        }
        const mayBeLarge = await this.#readsManyRows(translation);
        const owner = access.member;
        return {
          result: await this.#results.run({ sql, bindings, fields, mayBeLarge, owner, location, signal }),
        };
      }
      case 'dml':
        return database.write(async (transaction) => {
          await this.#recordChange(transaction, translation.table);
          const affectedRows = await runPrepared(transaction.connection, translation.sql, bindings);
          return { affectedRows };
        });
      case 'create':
        return this.#create(plan, translation);
      case 'drop':
        return this.#drop(plan, translation);
    }
  }

  /** Whether the query reads enough rows to store its result in a table from the start. */
  async #readsManyRows({ reads }: Translation): Promise<boolean> {
    const statistics = await Promise.all(reads.map(({ table }) => this.#context.statistics.of(table)));
    return statistics.some(({ rows }) => rows > SMALL_ROWS * 4);
  }

  /** Records a change of rows, before it is made. The description of the `planned` table may have changed since planning. */
  async #recordChange(transaction: Transaction, planned: Table): Promise<void> {
    const { catalog, clock, statistics, location } = this.#context;
    const table = catalog.table(planned.reference, location);
    assertWritable(table);
    await catalog.touchTable(transaction, table, clock.now());
    transaction.afterCommit(() => statistics.invalidate(table));
  }

  async #create(plan: Plan, translation: Extract<Translation, { kind: 'create' }>): Promise<Outcome> {
    const { reference, fields, properties, sql } = translation;
    const { datasetId, tableId } = this.#inProject(reference, plan.location);
    return this.#context.database.write(async (transaction) => {
      const existing = this.#context.catalog.findTable(datasetId, tableId);
      if (existing && translation.ifNotExists) return { ddl: { operation: 'SKIP', table: reference } };
      if (existing && !translation.orReplace) {
        throw new CloudError('ALREADY_EXISTS', `Already Exists: Table ${tableName(reference)}`);
      }
      const table = existing
        ? await this.#tables.replace(transaction, existing, fields, properties)
        : await this.#tables.create(transaction, datasetId, tableId, fields, properties);
      if (sql) await insertQuery(transaction.connection, table, sql, plan.bindings);
      const operation = existing ? 'REPLACE' : 'CREATE';
      return { destination: reference, ddl: { operation, table: reference } };
    });
  }

  async #drop(
    { location }: Plan,
    { reference, ifExists }: Extract<Translation, { kind: 'drop' }>,
  ): Promise<Outcome> {
    const { datasetId, tableId } = this.#inProject(reference, location);
    return this.#context.database.write(async (transaction) => {
      const table = this.#context.catalog.findTable(datasetId, tableId);
      if (!table && ifExists) return { ddl: { operation: 'SKIP', table: reference } };
      if (!table) throw tableNotFound(reference, location);
      await this.#expiring.drop(transaction, table);
      return { ddl: { operation: 'DROP', table: reference } };
    });
  }

  #inProject(reference: TableReference, location: string): TableReference {
    if (reference.projectId === this.#context.projectId) return reference;
    throw datasetNotFound(reference.projectId, reference.datasetId, location);
  }
}

async function insertQuery(
  connection: Transaction['connection'],
  table: StagedTable,
  sql: string,
  bindings: Bindings,
): Promise<void> {
  const { fields } = table;
  const names = fields.map(({ name }) => quoteIdentifier(name)).join(', ');
  // BigQuery stores a NULL array as an empty one.
  const values = fields.map(({ mode }, index) =>
    mode === 'REPEATED' ? `coalesce(c${index}, [])` : `c${index}`,
  );
  const hasArrays = fields.some(({ mode }) => mode === 'REPEATED');
  const rows = hasArrays ? `SELECT ${values.join(', ')} FROM (${sql})` : sql;
  await runPrepared(connection, `INSERT INTO ${physicalSql(table)} (${names}) ${rows}`, bindings);
}
