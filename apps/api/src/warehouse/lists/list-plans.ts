import type { TableName } from '@records/runtime';
import type { JobCall, Parameters } from '../bigquery-client.ts';
import type { Queries } from '../queries.ts';
import type { Job } from '../replies.ts';
import { JOB_TIMEOUT_MS, type Plan } from './list-jobs.ts';
import type { Attempt, ListNames } from './list-names.ts';
import type { SortedRows } from './sorted-rows.ts';
import { deltaBytes, maximumBytesBilled } from './table-state.ts';

/** A delta begins this long before its base, so that no row is missed between them. Milliseconds. */
const OVERLAP_MS = 10_000;

export interface ListPlansOptions {
  readonly queries: Queries;
  readonly names: ListNames;
  readonly scratch: Pick<TableName, 'projectId' | 'datasetId'>;
  readonly labels: Readonly<Record<string, string>>;
}

interface PlannedBase extends Attempt {
  readonly rows: Pick<SortedRows, 'tables' | 'total'>;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly cost: { readonly bytes: number };
}

/** The jobs that make bases and deltas. */
export class ListPlans {
  readonly #options: ListPlansOptions;

  constructor(options: ListPlansOptions) {
    this.#options = options;
  }

  /** Attempts that others made are divided as their first job says. */
  base(bounds: readonly string[], maximum = 0): Plan {
    const call = (attempt: Attempt, part: number, all: readonly string[]) => {
      const [lower, upper] = [part === 0 ? undefined : all[part - 1], all[part]];
      const { token } = this.#options.names.of(attempt);
      const params = {
        ...(lower !== undefined && { lower }),
        ...(upper !== undefined && { upper }),
        ...(all.length > 0 && { bounds: all }),
      };
      const query = this.#options.queries.part({ lower: lower !== undefined, upper: upper !== undefined });
      return this.#call(part === 0 ? token : `${token}-${part}`, query, params, maximum);
    };
    return {
      first: (attempt) => call(attempt, 0, bounds),
      rest: (attempt, first: Job) => {
        const all = first.lists.get('bounds') ?? [];
        return all.map((_, index) => call(attempt, index + 1, all));
      },
    };
  }

  delta(base: PlannedBase): Plan {
    const { names, queries } = this.#options;
    const query = queries.delta(base.rows.tables);
    const params = { since: new Date(base.takenAt - OVERLAP_MS) };
    const maximum = maximumBytesBilled(deltaBytes(base.cost.bytes, base.rows.total, base.rows.tables.length));
    return {
      first: (attempt) => this.#call(names.of(base, attempt).token, query, params, maximum),
      rest: () => [],
    };
  }

  #call(name: string, query: string, params: Parameters, maximumBytesBilled: number): JobCall {
    const { scratch, labels } = this.#options;
    return {
      jobId: `records-list-${name}`,
      query,
      params,
      destination: { ...scratch, tableId: `list_${name.replaceAll('-', '_')}` },
      labels,
      maximumBytesBilled,
      jobTimeoutMs: JOB_TIMEOUT_MS,
    };
  }
}
