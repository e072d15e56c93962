import type avro from 'avsc';
import { CloudError } from '../errors.ts';
import { type Iam, pubsubServiceAgent } from '../iam.ts';
import type { StoredBigQueryConfig } from '../pubsub/subscription-config.ts';
import type { TableField, TableReference, Warehouse } from '../warehouse.ts';
import { incompatibility } from './compatibility.ts';
import { parseTable, tableName, tableResource } from './table-name.ts';

export type DestinationState = 'PERMISSION_DENIED' | 'NOT_FOUND' | 'SCHEMA_MISMATCH';

/** The table that a subscription writes to can not be written to. `message` is what an operator sees. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError';
  readonly state: DestinationState;
  readonly hint: string | undefined;

  constructor(state: DestinationState, message: string, hint?: string) {
    super(message);
    this.state = state;
    this.hint = hint;
  }
}

/** Both are needed. https://docs.cloud.google.com/pubsub/docs/bigquery-troubleshooting */
const PERMISSIONS = ['bigquery.tables.get', 'bigquery.tables.updateData'];

/** The table of a BigQuery subscription, as far as Pub/Sub checks it. */
export class Destination {
  readonly table: TableReference;
  readonly #config: StoredBigQueryConfig;
  readonly #iam: Iam;
  readonly #warehouse: Warehouse;
  readonly #member: string;

  /** Throws INVALID_ARGUMENT for a name that is not a table's. */
  constructor(
    config: StoredBigQueryConfig,
    options: { iam: Iam; warehouse: Warehouse; projectNumber: string },
  ) {
    this.table = parseTable(config.table);
    this.#config = config;
    this.#iam = options.iam;
    this.#warehouse = options.warehouse;
    this.#member = config.serviceAccountEmail
      ? `serviceAccount:${config.serviceAccountEmail}`
      : pubsubServiceAgent(options.projectNumber);
  }

  /** The table's columns, when everything allows to write. Throws DestinationError. */
  async check(topicSchemas: () => readonly avro.types.RecordType[]): Promise<readonly TableField[]> {
    const columns = await this.#columns();
    this.#checkPermissions();
    const problem = incompatibility(this.#config, columns, this.#config.useTopicSchema ? topicSchemas() : []);
    if (problem) throw new DestinationError('SCHEMA_MISMATCH', `${problem}.`);
    return columns;
  }

  async #columns(): Promise<readonly TableField[]> {
    try {
      return await this.#warehouse.tableSchema(this.table);
    } catch (error) {
      throw destinationErrorOf(error, this.table) ?? error;
    }
  }

  #checkPermissions(): void {
    const resource = tableResource(this.table);
    const missing = PERMISSIONS.filter((permission) => !this.#iam.allows(this.#member, permission, resource));
    if (missing.length === 0) return;
    throw new DestinationError(
      'PERMISSION_DENIED',
      `Service account ${this.#member.slice('serviceAccount:'.length)} is missing permissions required to write to the BigQuery table: ${missing.join(', ')}.`,
      `grant roles/bigquery.dataEditor to ${this.#member} on ${resource}, or on its dataset or project, before the subscription is created`,
    );
  }
}

/** A failure of BigQuery's that concerns the table and not single messages. */
export function destinationErrorOf(error: unknown, table: TableReference): DestinationError | undefined {
  if (error instanceof DestinationError) return error;
  if (!(error instanceof CloudError)) return undefined;
  if (error.code === 'NOT_FOUND') {
    return new DestinationError(
      'NOT_FOUND',
      `The BigQuery table or dataset specified cannot be found: ${tableName(table)}.`,
    );
  }
  return error.code === 'PERMISSION_DENIED'
    ? new DestinationError('PERMISSION_DENIED', error.message, error.hint)
    : undefined;
}

/** How creating or updating a subscription fails. */
export function refusalOf({ state, message, hint }: DestinationError): CloudError {
  const code = state === 'SCHEMA_MISMATCH' ? 'INVALID_ARGUMENT' : state;
  return new CloudError(code, message, hint === undefined ? {} : { hint });
}
