import type { TableName } from '@records/runtime';
import { LRUCache } from 'lru-cache';
import { WarehouseError } from '../errors.ts';
import { MAX_DELTA_ROWS } from '../queries.ts';
import type { Base } from './bases.ts';
import type { Blocks } from './blocks.ts';
import { Delta } from './delta.ts';
import { type FinishedJob, type FinishedJobs, ListJobs, type ListJobsOptions } from './list-jobs.ts';
import { type Attempt, extraOf, type ListName, type ListNames } from './list-names.ts';
import type { ListPlans } from './list-plans.ts';
import type { OnMade } from './made.ts';
import type { Cost } from './pace.ts';

const CACHE_BYTES = 64 * 1024 * 1024;

export interface DeltasOptions extends ListJobsOptions {
  readonly blocks: Blocks;
  readonly names: ListNames;
  readonly plans: ListPlans;
  readonly onMade: OnMade;
}

/** What arrived since a base. */
export interface MadeDelta extends Attempt {
  readonly rows: Delta;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly cost: Cost;
  /** Whether this call created it. */
  readonly created: boolean;
}

/** Makes and finds deltas. */
export class Deltas {
  readonly jobs: ListJobs;
  readonly #options: DeltasOptions;
  readonly #rows = new LRUCache<string, Delta, TableName>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ size }) => Math.max(1, size),
    ignoreFetchAbort: true,
    fetchMethod: (token, _stale, { context }) => this.#load(token, context),
  });

  constructor(options: DeltasOptions) {
    this.#options = options;
    this.jobs = new ListJobs(options);
  }

  /**
   * The delta of the period that begins at `start`; undefined when more arrived than a delta may hold. Throws `notFound` when a table of
   * the base is gone.
   */
  async obtain(start: number, base: Base, periodMs: number): Promise<MadeDelta | undefined> {
    const { timing, names, plans, onMade } = this.#options;
    const began = timing.now();
    const jobs = await this.jobs.obtain({ start, extra: extraOf(periodMs) }, plans.delta(base));
    const job = onlyJob(jobs);
    const rows = await this.#read(names.of(base, jobs), job).catch((error: unknown) => {
      if (error instanceof WarehouseError && error.reason === 'deltaTooLarge') return undefined;
      throw this.jobs.lostIfExpired(error, jobs);
    });
    if (!rows) return undefined;
    const cost = { bytes: job.billedBytes, busyMs: job.durationMs + timing.now() - began };
    if (jobs.created) {
      onMade({ kind: 'delta', bytesBilled: job.billedBytes, periodMs });
      await this.jobs.keepLong(jobs);
    }
    const { attempt, extra, created } = jobs;
    return { start, attempt, extra, created, rows, takenAt: job.creationTime, cost };
  }

  /** The delta of this attempt; undefined when it does not exist. Throws `expired` when its table is gone. */
  async find(attempt: Attempt, base: Base): Promise<Pick<MadeDelta, 'rows' | 'takenAt'> | undefined> {
    const { names, plans } = this.#options;
    const jobs = await this.jobs.find(attempt, plans.delta(base));
    if (!jobs) return undefined;
    const job = onlyJob(jobs);
    return { rows: await this.#read(names.of(base, attempt), job), takenAt: job.creationTime };
  }

  #read({ token }: ListName, { destination }: FinishedJob): Promise<Delta> {
    return this.#rows.forceFetch(token, { context: destination });
  }

  async #load(token: string, table: TableName): Promise<Delta> {
    const rows = await this.#options.blocks.open(token, [table]);
    if (rows.total > MAX_DELTA_ROWS) {
      throw new WarehouseError(
        'busy',
        'deltaTooLarge',
        `more than ${MAX_DELTA_ROWS} records arrived since the base`,
      );
    }
    return Delta.of(rows.rows());
  }
}

function onlyJob({ jobs: [job] }: FinishedJobs): FinishedJob {
  if (!job) throw new RangeError('a delta without a job');
  return job;
}
