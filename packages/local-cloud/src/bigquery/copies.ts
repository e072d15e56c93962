import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { requireOnTable } from './access.ts';
import { physicalSql, type Table } from './catalog.ts';
import type { ServiceContext } from './datasets.ts';
import type { Destinations } from './destinations.ts';
import { invalid, tableName, tableNotFound } from './errors.ts';
import type { ExpiringTables } from './expiring-tables.ts';
import { tableAt } from './history.ts';
import {
  type ConfigurationInput,
  type CopyInput,
  checkedJobOptions,
  parseDestination,
  parseTable,
} from './job-configuration.ts';
import type { JobWork } from './jobs.ts';
import { placeOf } from './locations.ts';
import { COMMIT_TIME, quoteColumn, quoteIdentifier } from './names.ts';
import { modeOf } from './schema.ts';
import { totalBytes } from './statistics.ts';
import { kindOf } from './table-kind.ts';
import { typeName, typeOfField } from './types.ts';

type Operation = 'COPY' | 'SNAPSHOT' | 'RESTORE' | 'CLONE';

/** Copy jobs, with snapshots and clones. https://docs.cloud.google.com/bigquery/docs/managing-tables#copy-table */
export class Copies {
  readonly #context: ServiceContext;
  readonly #destinations: Destinations;
  readonly #expiring: ExpiringTables;

  constructor(context: ServiceContext, destinations: Destinations, expiring: ExpiringTables) {
    this.#context = context;
    this.#destinations = destinations;
    this.#expiring = expiring;
  }

  /** Throws INVALID_ARGUMENT. */
  work(access: Access, input: CopyInput, options: ConfigurationInput, location: string | undefined): JobWork {
    const { projectId } = this.#context;
    const operation = operationOf(input);
    const destination = parseDestination(projectId, input.destinationTable, input, 'WRITE_EMPTY');
    const given = input.sourceTables?.length
      ? input.sourceTables
      : input.sourceTable
        ? [input.sourceTable]
        : [];
    if (given.length === 0) throw invalid('Required parameter is missing: sourceTable');
    if (operation !== 'COPY' && given.length > 1)
      throw invalid(`A ${operation} has one sourceTable, got ${given.length}`);
    const sources = given.map((source) => parseSource(projectId, source, this.#context.clock.now()));
    const expirationTime = expirationOf(input);
    return {
      type: 'COPY',
      ...checkedJobOptions(options),
      location: placeOf(this.#context, destination.reference, location),
      run: async (job) => {
        await this.#expiring.dropExpired();
        const tables = sources.map((source) => this.#source(access, source, job.location));
        const [first] = tables;
        if (!first) throw new RangeError('a copy without a source');
        assertKind(operation, first);
        for (const table of tables.slice(1)) assertSameSchema(first, table);
        this.#destinations.authorize(access, destination.reference, true);
        const names = first.fields.map(({ name }) => quoteColumn(name)).join(', ');
        const { expirationTime: _, snapshotDefinition, cloneDefinition, ...kept } = first.properties;
        await this.#destinations.write({
          destination,
          fields: first.fields,
          properties: {
            ...kept,
            ...(expirationTime && { expirationTime }),
            ...this.#definition(operation, first.reference),
          },
          location: job.location,
          signal: job.abort.signal,
          fill: async (connection, staged) => {
            for (const [index, table] of tables.entries()) {
              const time = sources[index]?.time;
              const micros = time === undefined ? '' : `make_timestamp(${BigInt(time) * 1000n}::BIGINT)`;
              const then = micros && ` WHERE ${quoteIdentifier(COMMIT_TIME)} <= ${micros}`;
              const rows = names === '' ? '' : `(${names}) SELECT ${names} FROM ${physicalSql(table)}${then}`;
              if (rows) await connection.run(`INSERT INTO ${physicalSql(staged)} ${rows}`);
            }
          },
        });
        job.statistics = await this.#statistics(tables);
      },
    };
  }

  /** Throws NOT_FOUND, PERMISSION_DENIED. */
  #source(access: Access, { reference, time }: Source, location: string): Table {
    const { catalog } = this.#context;
    requireOnTable(access, 'bigquery.tables.getData', reference);
    const { datasetId, tableId } = reference;
    const table =
      time === undefined
        ? catalog.table(reference, location)
        : tableAt(reference, catalog.findTable(datasetId, tableId), time, this.#context);
    const place = catalog.findDataset(reference.datasetId)?.location ?? location;
    if (place.toLowerCase() !== location.toLowerCase()) throw tableNotFound(reference, location);
    this.#expiring.read(table);
    return table;
  }

  #definition(operation: Operation, baseTableReference: TableReference): object {
    const time = new Date(this.#context.clock.now()).toISOString();
    if (operation === 'SNAPSHOT') return { snapshotDefinition: { baseTableReference, snapshotTime: time } };
    return operation === 'CLONE' ? { cloneDefinition: { baseTableReference, cloneTime: time } } : {};
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#CopyJobStatistics */
  async #statistics(tables: readonly Table[]): Promise<Record<string, string>> {
    const all = await Promise.all(tables.map((table) => this.#context.statistics.of(table)));
    return {
      copiedRows: String(all.reduce((sum, { rows }) => sum + rows, 0)),
      copiedLogicalBytes: String(all.reduce((sum, statistics) => sum + totalBytes(statistics), 0)),
    };
  }
}

/** A table, or what it was at a time in milliseconds since the epoch. */
interface Source {
  readonly reference: TableReference;
  readonly time: number | undefined;
}

/** `records@1700000000000` and `records@-3600000` name a time. https://docs.cloud.google.com/bigquery/docs/access-historical-data */
function parseSource(projectId: string, table: Partial<TableReference>, now: number): Source {
  const [, tableId, text] = /^([^@]*)@(-?\d{1,15})$/.exec(table.tableId ?? '') ?? [];
  if (tableId === undefined)
    return { reference: parseTable(projectId, table, 'sourceTable'), time: undefined };
  const time = Number(text);
  const reference = parseTable(projectId, { ...table, tableId }, 'sourceTable');
  return { reference, time: time < 0 ? now + time : time };
}

function operationOf({ operationType = 'COPY' }: CopyInput): Operation {
  return operationType === 'OPERATION_TYPE_UNSPECIFIED' ? 'COPY' : operationType;
}

function expirationOf({ destinationExpirationTime: time }: CopyInput): string | undefined {
  if (!time) return undefined;
  const expires = Date.parse(time);
  if (Number.isFinite(expires)) return String(expires);
  throw invalid(
    `Invalid value for destinationExpirationTime: ${time}; it must be a time such as 2026-01-31T12:00:00Z`,
  );
}

/** A snapshot is only restored; everything else is copied. */
function assertKind(operation: Operation, table: Table): void {
  const kind = kindOf(table);
  if (kind === 'VIEW' || (operation === 'RESTORE') !== (kind === 'SNAPSHOT')) {
    throw new CloudError(
      'INVALID_ARGUMENT',
      `${tableName(table.reference)} is not allowed for operation ${operation} because it is currently a ${kind}.`,
      { reason: 'invalid' },
    );
  }
}

function assertSameSchema(first: Table, other: Table): void {
  const shape = ({ fields }: Table) =>
    JSON.stringify(
      fields.map((field) => [field.name.toLowerCase(), typeName(typeOfField(field)), modeOf(field)]),
    );
  if (shape(first) === shape(other)) return;
  throw invalid(
    `Provided Schema does not match Table ${tableName(first.reference)}: ${tableName(other.reference)} has other columns.`,
  );
}
