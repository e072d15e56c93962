import type { Blocks } from './blocks.ts';
import { type FinishedJobs, ListJobs, type ListJobsOptions } from './list-jobs.ts';
import { type Attempt, extraOf, type ListNames, standingMs } from './list-names.ts';
import type { ListPlans } from './list-plans.ts';
import type { OnMade } from './made.ts';
import type { Cost } from './pace.ts';
import { Parts, type PartsOptions } from './parts.ts';
import type { SortedRows } from './sorted-rows.ts';
import { maximumBytesBilled, scanBytes, type TableState } from './table-state.ts';

/** How many periods back an instance without a base looks for one. */
const LOOKED_FOR = 16;

export interface BasesOptions extends ListJobsOptions, PartsOptions {
  readonly blocks: Blocks;
  readonly names: ListNames;
  readonly plans: ListPlans;
  readonly onMade: OnMade;
}

/** The whole table, deduplicated and ordered by id. */
export interface Base extends Attempt {
  readonly rows: SortedRows;
  /** By BigQuery's clock. Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly cost: Cost;
  /** Whether this call created it. */
  readonly created: boolean;
}

/** Makes and finds bases. */
export class Bases {
  readonly jobs: ListJobs;
  readonly parts: Parts;
  readonly #options: BasesOptions;

  constructor(options: BasesOptions) {
    this.#options = options;
    this.jobs = new ListJobs(options);
    this.parts = new Parts(options);
  }

  /** The base of the period that begins at `start`, divided as the one before. */
  async obtain(start: number, table: TableState, before: Base | undefined, periodMs: number): Promise<Base> {
    if (before?.start === start) return { ...before, created: false };
    const bounds = await this.parts.between(table, before?.rows);
    const plan = this.#options.plans.base(bounds, maximumBytesBilled(scanBytes(table)));
    const jobs = await this.jobs.obtain({ start, extra: extraOf(periodMs) }, plan);
    const base = await this.#opened(jobs).catch((error: unknown) => {
      throw this.jobs.lostIfExpired(error, jobs);
    });
    if (jobs.created) {
      this.#options.onMade({ kind: 'base', bytesBilled: base.cost.bytes, periodMs });
      await this.jobs.keepLong(jobs);
    }
    return base;
  }

  /** The base of this attempt; undefined when it does not exist. Throws `expired` when its tables are gone. */
  async find(attempt: Attempt): Promise<Base | undefined> {
    const jobs = await this.jobs.find(attempt, this.#options.plans.base([]));
    return jobs && (await this.#opened(jobs));
  }

  /** The newest base that other instances made up to the period that begins at `newest`, as long as it serves. */
  async findNewest(newest: number, periodMs: number): Promise<Base | undefined> {
    const { timing } = this.#options;
    const date = timing.date();
    const attempts = Array.from({ length: LOOKED_FOR }, (_, count) => newest - count * periodMs)
      .map((start) => ({ start, attempt: 0, extra: extraOf(periodMs) }))
      .filter((attempt) => date - attempt.start < standingMs(attempt));
    // One after the other: the first one is mostly there, and all of them may have thousands of jobs.
    for (const attempt of attempts) {
      const base = await this.find(attempt).catch((error: unknown) => this.#assertLost(error, attempt));
      if (base) return base;
    }
    return undefined;
  }

  #assertLost(error: unknown, attempt: Attempt): undefined {
    const meaning = this.jobs.lostIfExpired(error, attempt);
    if (meaning === error) throw error;
  }

  async #opened({ start, attempt, extra, jobs, created }: FinishedJobs): Promise<Base> {
    const { blocks, names } = this.#options;
    const { token } = names.of({ start, attempt, extra });
    const rows = await blocks.open(
      token,
      jobs.map(({ destination }) => destination),
    );
    const cost = {
      bytes: jobs.reduce((sum, { billedBytes }) => sum + billedBytes, 0),
      busyMs: Math.max(...jobs.map(({ durationMs }) => durationMs)),
    };
    const takenAt = Math.min(...jobs.map(({ creationTime }) => creationTime));
    return { start, attempt, extra, rows, takenAt, cost, created };
  }
}
