import type avro from 'avsc';
import { CloudError } from '../errors.ts';
import { type Iam, pubsubServiceAgent } from '../iam.ts';
import type { MessageStoragePolicy } from '../pubsub/resources.ts';
import type { StoredBigQueryConfig } from '../pubsub/subscription-config.ts';
import type { TableField, TableReference, Warehouse } from '../warehouse.ts';
import { incompatibility } from './compatibility.ts';
import { parseTable, tableName, tableResource } from './table-name.ts';

type DestinationState =
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'SCHEMA_MISMATCH'
  | 'IN_TRANSIT_LOCATION_RESTRICTION';

/** A subscription cannot write to its table. `message` is shown to the operator. */
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

/** The properties of a subscription's topic that its table must satisfy. */
export interface DestinationTopic {
  readonly storagePolicy?: MessageStoragePolicy | undefined;
  schemas(): readonly avro.types.RecordType[];
}

/** Permissions to write to a table, both required. https://docs.cloud.google.com/pubsub/docs/bigquery-troubleshooting */
const PERMISSIONS = ['bigquery.tables.get', 'bigquery.tables.updateData'];

/** The table of a BigQuery subscription, with Pub/Sub's checks of it. */
export class Destination {
  readonly table: TableReference;
  readonly #config: StoredBigQueryConfig;
  readonly #iam: Iam;
  readonly #warehouse: Warehouse;
  readonly #member: string;

  /** Throws INVALID_ARGUMENT for an invalid table name. */
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

  /** The table's columns. Throws DestinationError when the subscription cannot write to the table. */
  async check({ storagePolicy, schemas }: DestinationTopic): Promise<readonly TableField[]> {
    const columns = await this.#columns();
    this.#checkPermissions();
    if (storagePolicy?.enforceInTransit) await this.#checkLocation(storagePolicy);
    const problem = incompatibility(this.#config, columns, this.#config.useTopicSchema ? schemas() : []);
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

  /**
   * A multi-region, such as EU, is never allowed: Google does not document which regions it stands for.
   * https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions
   */
  async #checkLocation({ allowedPersistenceRegions }: MessageStoragePolicy): Promise<void> {
    const allowed = allowedPersistenceRegions ?? [];
    const location = (await this.#warehouse.tableLocation(this.table)).toLowerCase();
    if (allowed.includes(location)) return;
    throw new DestinationError(
      'IN_TRANSIT_LOCATION_RESTRICTION',
      `enforce_in_transit is set, but the BigQuery table ${tableName(this.table)} is in ${location}, which is not an allowed region: ${allowed.join(', ')}.`,
      `allow ${location} in the topic's message storage policy, or use a dataset in an allowed region`,
    );
  }

  #checkPermissions(): void {
    const resource = tableResource(this.table);
    const missing = PERMISSIONS.filter((permission) => !this.#iam.allows(this.#member, permission, resource));
    if (missing.length === 0) return;
    throw new DestinationError(
      'PERMISSION_DENIED',
      `Service account ${this.#member.slice('serviceAccount:'.length)} is missing permissions required to write to the BigQuery table: ${missing.join(', ')}.`,
      `grant roles/bigquery.dataEditor to ${this.#member} on ${resource}, or on its dataset or project, before you create the subscription`,
    );
  }
}

/** The DestinationError for an error that concerns the whole table; undefined for any other error. */
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

const CODES = {
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  NOT_FOUND: 'NOT_FOUND',
  SCHEMA_MISMATCH: 'INVALID_ARGUMENT',
  // The code of requests from outside the regions; Google documents none for creating a subscription.
  // https://docs.cloud.google.com/pubsub/docs/resource-location-restriction
  IN_TRANSIT_LOCATION_RESTRICTION: 'FAILED_PRECONDITION',
} as const;

/** The error of a request that creates or updates a subscription. */
export function refusalOf({ state, message, hint }: DestinationError): CloudError {
  return new CloudError(CODES[state], message, hint === undefined ? {} : { hint });
}
