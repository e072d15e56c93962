import type { DuckDBValue } from '@duckdb/node-api';
import type { Access } from '../callers.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnTable } from './access.ts';
import { type AccessTranslation, authorizeAccess, changeAccess } from './access-changes.ts';
import { appendedBytes } from './appends.ts';
import { assertBilledWithin, type Bytes, bytesOf } from './billing.ts';
import { type ChangedRows, changeRows } from './changes.ts';
import type { Transaction } from './database.ts';
import type { ServiceContext } from './datasets.ts';
import type { DdlOutcome, Definitions } from './definitions.ts';
import type { Destinations } from './destinations.ts';
import { queryError } from './duckdb-errors.ts';
import { inProject, invalidQuery } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { bytesAsOf, keepCopy } from './history.ts';
import { insertQuery } from './insert-query.ts';
import { parseQuery, type QueryConfiguration } from './job-configuration.ts';
import type { Jobs } from './jobs.ts';
import { assertFieldName } from './names.ts';
import { readPrepared } from './prepared.ts';
import type { TableInput } from './resources.ts';
import { type ResultInfo, type Results, SMALL_ROWS } from './results.ts';
import type { ScriptTables } from './script-tables.ts';
import { firstOf, systemVariables } from './script-variables.ts';
import type { Expression } from './sql/ast.ts';
import { Bindings, type Variables } from './sql/bindings.ts';
import { parseStatement } from './sql/parse-statement.ts';
import { QueryResolver } from './sql/resolve-query.ts';
import type { RoutineDefinition } from './sql/routine.ts';
import { checkRoutine } from './sql/routine.ts';
import { isDml, type Statement } from './sql/statements.ts';
import { StoredTables } from './sql/stored-tables.ts';
import { type Translation, translate, translateExpression } from './sql/translate.ts';
import type { DmlTranslation } from './sql/translate-dml.ts';
import { assertWritable } from './table-kind.ts';
import type { DataType } from './types.ts';

/** A query that is translated. */
export interface TranslatedQuery {
  readonly configuration: QueryConfiguration;
  readonly access: Access;
  /** Where it runs: as the caller said, or where its tables are. */
  readonly location: string;
  readonly translation: Translation;
  readonly tables: StoredTables;
  readonly bindings: Bindings;
  /** Of the script that it belongs to. */
  readonly own: ScriptTables | undefined;
}

/** What a script adds to the names of a statement. */
interface ScriptNames {
  readonly variables: Variables;
  readonly own: ScriptTables;
  /** Temporary functions by lower-case name. */
  readonly functions: ReadonlyMap<string, RoutineDefinition>;
}

/** A query that is translated and authorized. */
export interface Plan extends TranslatedQuery {
  readonly bytes: Bytes;
  readonly referencedTables: readonly TableReference[];
}

/** What a query produced. */
export interface Outcome {
  /** The rows of a SELECT without a destination table. */
  readonly result?: ResultInfo;
  /** The table that holds the rows, when the query names one. */
  readonly destination?: TableReference;
  readonly changedRows?: ChangedRows;
  readonly ddl?: DdlOutcome;
  readonly access?: AccessTranslation;
}

export class QueryEngine {
  readonly #context: ServiceContext;
  readonly #expiring: ExpiringTables;
  readonly #results: Results;
  readonly #destinations: Destinations;
  readonly #definitions: Definitions;
  readonly #jobs: Jobs;

  constructor(
    context: ServiceContext,
    expiring: ExpiringTables,
    results: Results,
    destinations: Destinations,
    definitions: Definitions,
    jobs: Jobs,
  ) {
    this.#context = context;
    this.#expiring = expiring;
    this.#results = results;
    this.#destinations = destinations;
    this.#definitions = definitions;
    this.#jobs = jobs;
  }

  /** Call it before `translate`: expired tables are not found. */
  dropExpired(): Promise<void> {
    return this.#expiring.dropExpired();
  }

  get projectId(): string {
    return this.#context.projectId;
  }

  /** The tables of a new script. */
  scriptTables(): ScriptTables {
    return this.#definitions.scriptTables();
  }

  /** Makes the table that a statement of a transaction changes the script's own. Throws `notFound`, `accessDenied`. */
  async claim(
    configuration: QueryConfiguration,
    access: Access,
    location: string,
    { statement, ...names }: ScriptNames & { readonly statement: Statement },
  ): Promise<void> {
    const { own } = names;
    if (own.transactionId === undefined || !isDml(statement)) return;
    const table = this.#names(configuration, access, location, names).tables.table(statement.table);
    if (!own.isTemporary(table.reference))
      requireOnTable(access, 'bigquery.tables.updateData', table.reference);
    await own.claim(table, statement.node === 'insert');
  }

  /** `part` is the statement, with the names of its script. Throws `invalidQuery`, `notFound`, `accessDenied`. */
  translate(
    configuration: QueryConfiguration,
    access: Access,
    location: string | undefined,
    { statement, ...names }: Partial<ScriptNames> & { readonly statement: Statement },
  ): TranslatedQuery {
    const { bindings, tables } = this.#names(configuration, access, location, names);
    const translation = translate(statement, bindings, this.#context.clock.now(), tables);
    const written = writtenTable(translation) ?? configuration.destination?.reference;
    if (written) tables.place(written);
    const { own } = names;
    return { configuration, access, translation, tables, bindings, own, location: tables.location };
  }

  /** An expression of a script, coerced to `type`. Throws `invalidQuery`, `notFound`, `accessDenied`. */
  translateExpression(
    configuration: QueryConfiguration,
    access: Access,
    location: string,
    part: ScriptNames & { readonly expression: Expression; readonly type?: DataType },
  ): TranslatedQuery & { readonly type: DataType } {
    const { bindings, tables } = this.#names(configuration, access, location, part);
    const now = this.#context.clock.now();
    const translation = translateExpression(part.expression, part.type, bindings, now, tables);
    const { type } = translation;
    const { own } = part;
    return { configuration, access, translation, tables, bindings, own, location: tables.location, type };
  }

  /** The value of an expression. */
  async evaluate({ translation, bindings }: Plan, signal: AbortSignal): Promise<DuckDBValue> {
    if (translation.kind !== 'query') throw new TypeError('not an expression');
    try {
      const [[value = null] = []] = await this.#context.database.read(
        (connection) => readPrepared(connection, translation.sql, bindings),
        signal,
      );
      return value;
    } catch (error) {
      throw queryError(error);
    }
  }

  /** What the names in a statement mean. */
  #names(
    configuration: QueryConfiguration,
    access: Access,
    location: string | undefined,
    { variables, own, functions }: Partial<ScriptNames>,
  ): { bindings: Bindings; tables: StoredTables } {
    const { catalog, projectId, projectNumber } = this.#context;
    const { defaultDataset } = configuration;
    const system = systemVariables(projectId, configuration);
    const bindings = new Bindings(configuration.parameters, variables ? firstOf(variables, system) : system);
    const tables = new StoredTables(catalog, {
      ...{ projectId, projectNumber, bindings, jobs: this.#jobs, own, functions },
      location,
      defaultLocation: this.#context.location,
      defaultDataset,
      access,
    });
    return { bindings, tables };
  }

  /** Throws `invalidQuery` for a function whose body cannot be called. */
  checkRoutine(definition: RoutineDefinition, access: Access, location: string): void {
    const configuration = parseQuery(this.#context.projectId, { query: 'SELECT 1', useLegacySql: false });
    const { bindings, tables } = this.#names(configuration, access, location, {});
    checkRoutine(definition, new QueryResolver(bindings, this.#context.clock.now(), tables));
  }

  /** The columns of a view. Throws `invalidQuery`, `notFound`, `accessDenied`. */
  viewFields({ query, useLegacySql }: NonNullable<TableInput['view']>, access: Access, location: string) {
    const configuration = parseQuery(this.#context.projectId, {
      ...(query !== undefined && { query }),
      // Of a view, unlike a query, legacy SQL is the default: ViewDefinition.useLegacySql.
      useLegacySql: useLegacySql ?? true,
    });
    const statement = parseStatement(configuration.query);
    const { translation } = this.translate(configuration, access, location, { statement });
    if (translation.kind !== 'query') throw invalidQuery('The query of a view must be a SELECT');
    for (const { name } of translation.fields) assertFieldName(name);
    return translation.fields;
  }

  /** Throws `accessDenied`, `bytesBilledLimitExceeded`. */
  async plan(translated: TranslatedQuery): Promise<Plan> {
    const { configuration, translation, tables, bindings } = translated;
    const { statistics } = this.#context;
    this.#authorize(translated);
    const bytes = await bytesOf(translation.reads, (read) =>
      read.range
        ? appendedBytes(read, read.range, bindings, this.#context)
        : read.asOf
          ? bytesAsOf(read, read.asOf, bindings, this.#context)
          : statistics.of(read.table).then(({ columnBytes }) => columnBytes),
    );
    if (!configuration.dryRun) assertBilledWithin(bytes, configuration.maximumBytesBilled);
    for (const { table } of tables.found) this.#expiring.read(table);
    const referencedTables = [...new Set(tables.found.map(({ table }) => table.reference))];
    return { ...translated, bytes, referencedTables };
  }

  /** Checks the permission to write. StoredTables checks the permission to read. */
  #authorize({ access, translation, configuration, own }: TranslatedQuery): void {
    const { destination } = configuration;
    const written = writtenTable(translation);
    if (written && own?.isTemporary(written)) return;
    switch (translation.kind) {
      case 'assert':
        break;
      case 'access':
        authorizeAccess(access, translation);
        break;
      case 'query':
        if (destination) this.#destinations.authorize(access, destination.reference, true);
        break;
      case 'insert':
      case 'change':
      case 'truncate':
        requireOnTable(access, 'bigquery.tables.updateData', translation.table.reference);
        break;
      default:
        this.#definitions.authorize(access, translation);
    }
  }

  async execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    try {
      const outcome = await this.#execute(plan, signal);
      const { translation } = plan;
      const written = writtenTable(translation);
      if (written) await this.#expiring.dropExcess(written);
      return outcome;
    } catch (error) {
      throw queryError(error);
    }
  }

  async #execute(plan: Plan, signal: AbortSignal): Promise<Outcome> {
    const { translation, bindings, configuration, access, location, own } = plan;
    const { database } = this.#context;
    switch (translation.kind) {
      case 'query': {
        const { sql, fields } = translation;
        const { destination, clustering } = configuration;
        if (destination) {
          const { reference } = destination;
          inProject(reference, this.#context.projectId, location);
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
        const holdsManyRows = translation.holdsRows && (await this.#readsManyRows(translation));
        const owner = access.member;
        return {
          result: await this.#results.run({ sql, bindings, fields, holdsManyRows, owner, location, signal }),
        };
      }
      case 'access':
        own?.assertDefines(translation.statementType);
        changeAccess(translation, this.#context);
        return { access: translation };
      case 'assert':
        await database.read((connection) => readPrepared(connection, translation.sql, bindings), signal);
        return {};
      case 'insert':
      case 'change':
      case 'truncate':
        if (own?.isOwn(translation.table)) return { changedRows: await own.change(translation, bindings) };
        return database.write(async (transaction) => {
          await this.#recordChange(transaction, translation);
          return { changedRows: await changeRows(transaction.connection, translation, bindings) };
        });
      default: {
        const ddl = await this.#definitions.run(access, translation, bindings, location, own);
        const isRead = translation.kind === 'create table' && translation.sql;
        // A temporary table is gone when its script has ended.
        const destination = isRead && ddl.table && !own?.isTemporary(ddl.table) && ddl.table;
        return { ddl, ...(destination && { destination }) };
      }
    }
  }

  async #readsManyRows({ reads }: Translation): Promise<boolean> {
    const statistics = await Promise.all(reads.map(({ table }) => this.#context.statistics.of(table)));
    return statistics.some(({ rows }) => rows > SMALL_ROWS * 4);
  }

  /** Records a change of rows, before it is made. The description of the `planned` table may have changed since planning. */
  async #recordChange(transaction: Transaction, { kind, table: planned }: DmlTranslation): Promise<void> {
    const { catalog, clock, statistics, location } = this.#context;
    const table = catalog.table(planned.reference, location);
    assertWritable(table);
    if (kind !== 'insert') await keepCopy(transaction, table, this.#context);
    await catalog.touchTable(transaction, table, clock.now());
    transaction.afterCommit(() => statistics.invalidate(table));
  }
}

/** The table that a statement changes, if there is one. */
function writtenTable(translation: Translation): TableReference | undefined {
  if ('reference' in translation) return translation.reference;
  return 'table' in translation ? translation.table.reference : undefined;
}
