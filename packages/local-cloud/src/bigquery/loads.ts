import type { DuckDBValue } from '@duckdb/node-api';
import type { Access } from '../callers.ts';
import { CloudError } from '../errors.ts';
import type { TableReference } from '../warehouse.ts';
import { appendValues } from './appender.ts';
import type { ServiceContext } from './datasets.ts';
import type { Destinations } from './destinations.ts';
import { invalid, tableName } from './errors.ts';
import {
  type ConfigurationInput,
  checkedJobOptions,
  type LoadInput,
  parseDestination,
} from './job-configuration.ts';
import type { JobWork } from './jobs.ts';
import { type LoadedRow, loadedRows, type Media } from './load-rows.ts';
import { type DetectedSchema, detectedSchema } from './load-schema.ts';
import { placeOf } from './locations.ts';
import { tableProperties } from './resources.ts';
import { RowValueError } from './row-values.ts';
import { parseFields } from './schema.ts';
import { byteSize } from './sizes.ts';
import { type Field, typeOfField } from './types.ts';

/** Rows that are converted and appended together. */
const BATCH_ROWS = 2048;

/** Errors of rows that a job tells; more are only counted. */
const MAX_TOLD_ERRORS = 5;

/** Load jobs: files in CSV, JSON lines or Parquet, by upload. https://docs.cloud.google.com/bigquery/docs/batch-loading-data */
export class Loads {
  readonly #context: ServiceContext;
  readonly #destinations: Destinations;

  constructor(context: ServiceContext, destinations: Destinations) {
    this.#context = context;
    this.#destinations = destinations;
  }

  /** Throws INVALID_ARGUMENT. */
  work(
    access: Access,
    input: LoadInput,
    options: ConfigurationInput,
    location: string | undefined,
    media: Media | undefined,
  ): JobWork {
    const { projectId, catalog } = this.#context;
    if (!media) {
      throw invalid(
        'A load job without an upload is not supported by the local BigQuery: there is no Cloud Storage here',
      );
    }
    const destination = parseDestination(projectId, input.destinationTable, input, 'WRITE_APPEND');
    const { reference } = destination;
    const declared = input.schema && parseFields(input.schema.fields);
    const { clustering, destinationTableProperties = {} } = input;
    const properties = tableProperties({ ...destinationTableProperties, ...(clustering && { clustering }) });
    return {
      type: 'LOAD',
      ...checkedJobOptions(options),
      location: placeOf(this.#context, reference, location),
      run: async (job) => {
        try {
          this.#destinations.authorize(access, reference, true);
          const existing = catalog.findTable(reference.datasetId, reference.tableId);
          const kept =
            destination.writeDisposition === 'WRITE_TRUNCATE' && input.autodetect ? undefined : existing;
          const isWidened =
            detectsColumns(input) && destination.schemaUpdates.includes('ALLOW_FIELD_ADDITION');
          const known = declared ?? (isWidened ? undefined : kept?.fields);
          const { fields, skipLeadingRows } = known
            ? { fields: known, skipLeadingRows: input.skipLeadingRows ?? 0 }
            : await this.#detected(input, media, reference, kept?.fields);
          const loading = new Loading(fields, { ...input, skipLeadingRows });
          await this.#destinations.write({
            destination,
            fields,
            properties,
            location: job.location,
            signal: job.abort.signal,
            fill: (connection, table) =>
              loading.read(media, (rows) => appendValues(connection, table, rows), job.abort.signal),
          });
          job.statistics = loading.statistics(media);
          job.rowErrors = loading.errors;
        } catch (error) {
          if (error instanceof BadRowsError) job.rowErrors = error.rows;
          throw error;
        } finally {
          await media.delete();
        }
      },
    };
  }

  /** The columns of the file. One that the table has already keeps its type. */
  async #detected(
    input: LoadInput,
    media: Media,
    reference: TableReference,
    stored: readonly Field[] = [],
  ): Promise<DetectedSchema> {
    if (detectsColumns(input)) {
      const detected = await detectedSchema(input, media);
      const ofTable = new Map(stored.map((field) => [field.name.toLowerCase(), field]));
      return {
        ...detected,
        fields: detected.fields.map((field) => ofTable.get(field.name.toLowerCase()) ?? field),
      };
    }
    throw invalid(`No schema specified on job or table ${tableName(reference)}.`);
  }
}

/** A Parquet file knows its columns. */
function detectsColumns({ autodetect = false, sourceFormat }: LoadInput): boolean {
  return autodetect || sourceFormat === 'PARQUET';
}

/** A file has more bad rows than the job allows. */
class BadRowsError extends CloudError {
  readonly rows: readonly CloudError[];

  constructor(format: string, rows: number, errors: readonly CloudError[], count: number, allowed: number) {
    super(
      'INVALID_ARGUMENT',
      `Error while reading data, error message: ${format} processing encountered too many errors, giving up. Rows: ${rows}; errors: ${count}; max bad: ${allowed}. Please look into the errors[] collection for more details.`,
      { reason: 'invalid' },
    );
    this.rows = errors;
  }
}

/** One pass over a file. */
class Loading {
  readonly #fields: readonly Field[];
  readonly #input: LoadInput;
  /** Of the first bad rows. */
  readonly errors: CloudError[] = [];
  #rows = 0;
  #bytes = 0;
  #bad = 0;

  constructor(fields: readonly Field[], input: LoadInput) {
    this.#fields = fields;
    this.#input = input;
  }

  async read(
    media: Media,
    append: (rows: readonly DuckDBValue[][]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let batch: DuckDBValue[][] = [];
    const flush = async () => {
      signal.throwIfAborted();
      if (batch.length > 0) await append(batch);
      batch = [];
    };
    for await (const row of loadedRows(media, this.#input, this.#fields)) {
      const values = this.#converted(row);
      if (values) batch.push(values);
      if (batch.length >= BATCH_ROWS) await flush();
    }
    await flush();
  }

  #converted(row: LoadedRow): DuckDBValue[] | undefined {
    try {
      const values = row.values(this.#fields);
      this.#rows += 1;
      this.#bytes += this.#fields.reduce(
        (sum, field, index) => sum + byteSize(typeOfField(field), values[index] ?? null),
        0,
      );
      return values;
    } catch (error) {
      if (!(error instanceof RowValueError)) throw error;
      this.#refuse(row.number, error.message);
      return undefined;
    }
  }

  #refuse(number: number, message: string): void {
    const { maxBadRecords = 0, sourceFormat = 'CSV' } = this.#input;
    this.#bad += 1;
    if (this.errors.length < MAX_TOLD_ERRORS) {
      this.errors.push(invalid(`Error while reading data, error message: row ${number}: ${message}`));
    }
    if (this.#bad <= maxBadRecords) return;
    const format = sourceFormat === 'NEWLINE_DELIMITED_JSON' ? 'JSON' : sourceFormat;
    throw new BadRowsError(format, this.#rows + this.#bad, this.errors, this.#bad, maxBadRecords);
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics3 */
  statistics({ bytes }: Media): Record<string, string> {
    return {
      inputFiles: '1',
      inputFileBytes: String(bytes),
      outputRows: String(this.#rows),
      outputBytes: String(this.#bytes),
      badRecords: String(this.#bad),
    };
  }
}
