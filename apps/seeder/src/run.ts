import type { BigQuery } from '@google-cloud/bigquery';
import { reasonOf, UserError } from '@records/cli';
import type { Target } from '@records/stack';
import { bigqueryClient } from '@records/stack/clients';
import { DEFAULT_LOCALE } from './countries.ts';
import { checkWhole, MAX_COUNT, MAX_SEED } from './limits.ts';
import type { Mix } from './mix.ts';
import { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { Ledger } from './reconcile/ledger.ts';
import { countRows, type RowCount } from './reconcile/table-rows.ts';

/** The messages of a run, and where they go. */
export interface RunOptions {
  readonly target: Target;
  /** Messages, 1 to 100,000,000. */
  readonly count: number;
  /** 0 to 2^53 - 1. Equal seed, locale and mix give equal messages; a longer run begins with the shorter one. */
  readonly seed: number;
  /** One of LOCALES; `latam` by default. */
  readonly locale?: string | undefined;
  /** Shares of messages that are no new, valid record; none by default. */
  readonly mix?: Mix | undefined;
  /** Path of a file for all differences, one JSON object per line. */
  readonly differencesFile?: string | undefined;
  /** Stops sending and waiting. */
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: Progress): void;
}

/** The facts of a run in its result. */
export interface RunFacts {
  readonly count: number;
  readonly seed: number;
  readonly locale: string;
  readonly mix: Mix;
  /** The first part of every id. */
  readonly run: string;
  readonly topic: string;
  readonly table: string;
  readonly deadLetterSubscription: string | undefined;
}

/** A run that is ready to be sent or checked. */
export interface OpenRun {
  readonly facts: RunFacts;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly bigquery: BigQuery;
  readonly before: RowCount;
}

/** Throws UserError for bad options, and when the table cannot be read. */
export async function openRun(options: RunOptions): Promise<OpenRun> {
  const { target, count, seed, locale = DEFAULT_LOCALE } = options;
  checkWhole('count', count, 1, MAX_COUNT);
  checkWhole('seed', seed, 0, MAX_SEED);
  const plan = new Plan({ seed, locale, mix: options.mix });
  const { run } = plan.people;
  const bigquery = bigqueryClient(target);
  const { topic, table, deadLetterSubscription } = target;
  return {
    facts: { count, seed, locale, mix: plan.mix, run: run.key, topic, table, deadLetterSubscription },
    plan,
    bigquery,
    before: await countBefore(() => countRows(bigquery, table, run), table),
    ledger: new Ledger(plan, count),
  };
}

async function countBefore(count: () => Promise<RowCount>, table: string): Promise<RowCount> {
  try {
    return await count();
  } catch (error) {
    throw new UserError(`table ${table} cannot be read, so nothing was sent: ${reasonOf(error)}`, {
      hint: 'deploy the stack first; you need permission to read the table and to run jobs',
      cause: error,
    });
  }
}
