import type { Access } from '../callers.ts';
import { requireOnTable, requireOwner } from './access.ts';
import { type FormatOptions, type Row, timestampFormat } from './cells.ts';
import type { ServiceContext } from './datasets.ts';
import { tableNotFound } from './errors.ts';
import { billedBytes, dmlStatistics, type JobReference } from './job-resources.ts';
import type { Job } from './jobs.ts';
import { type Page, type PageRequest, type RowSource, readPage } from './page.ts';
import { Results } from './results.ts';
import { keyOfTable, type TableData } from './table-data.ts';
import type { Field } from './types.ts';

/** The response of jobs.query and jobs.getQueryResults. */
export interface QueryResponse {
  readonly kind: string;
  readonly jobComplete: boolean;
  readonly jobReference?: JobReference;
  /** Identifies the query, even when it ran without a job. */
  readonly queryId?: string;
  readonly schema?: { readonly fields: readonly Field[] };
  readonly totalRows?: string;
  readonly rows?: readonly Row[];
  readonly pageToken?: string;
  readonly totalBytesProcessed?: string;
  readonly totalBytesBilled?: string;
  readonly cacheHit?: boolean;
  readonly numDmlAffectedRows?: string;
  readonly [property: string]: unknown;
}

/** The rows of jobs. */
export class JobResults {
  readonly #context: ServiceContext;
  readonly #tableData: TableData;
  readonly #results: Results;

  constructor(context: ServiceContext, tableData: TableData, results: Results) {
    this.#context = context;
    this.#tableData = tableData;
    this.#results = results;
  }

  /** A page of them, and what they cost. */
  async answer(
    job: Job,
    request: PageRequest & { readonly formatOptions?: FormatOptions | undefined },
  ): Promise<Omit<QueryResponse, 'kind' | 'jobComplete'>> {
    const { summary, configuration } = job;
    const costs = {
      totalBytesProcessed: String(summary?.bytes.processed ?? 0),
      totalBytesBilled: String(billedBytes(job)),
      cacheHit: false,
    };
    if (!summary?.fields) return { ...costs, totalRows: '0', ...dmlStatistics(job) };
    if (configuration.dryRun) return { schema: { fields: summary.fields }, ...costs, totalRows: '0' };
    const { source, key } = await this.rowsOf(job);
    const { rows, pageToken }: Page = await readPage(
      source,
      request,
      timestampFormat(request.formatOptions),
      key,
    );
    return {
      // A destination that the rows were appended to may have more columns, in another order.
      schema: { fields: source.fields },
      ...costs,
      totalRows: String(source.totalRows),
      ...(rows.length > 0 && { rows }),
      ...(pageToken && { pageToken }),
    };
  }

  /** The rows of a query, and the key of their page tokens: that of the table that holds the rows. */
  async rowsOf({ outcome, location }: Job): Promise<{ source: RowSource; key: string }> {
    const { projectId } = this.#context;
    const { destination, result: info } = outcome ?? {};
    if (destination)
      return { source: await this.#tableData.source(destination), key: keyOfTable(destination) };
    const reference = { projectId, datasetId: Results.datasetId, tableId: info?.tableId ?? '' };
    const source = this.#results.find(reference.tableId);
    if (source) return { source, key: keyOfTable(reference) };
    throw tableNotFound(reference, location);
  }

  /** Drops the rows of a job that are in no named table. */
  forget({ outcome }: Job): void {
    if (outcome?.result) this.#results.forget(outcome.result.tableId);
  }

  /** Permission to see a job does not include its rows. */
  require(access: Access, { outcome }: Job): void {
    const { projectId } = this.#context;
    const result = outcome?.result && this.#results.find(outcome.result.tableId);
    if (result) requireOwner(access, this.#results.reference(projectId, result), result);
    if (outcome?.destination) requireOnTable(access, 'bigquery.tables.getData', outcome.destination);
  }
}
