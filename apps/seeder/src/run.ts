import type { BigQuery } from '@google-cloud/bigquery';
import { bigqueryClient } from './clients.ts';
import { DEFAULT_LOCALE } from './countries.ts';
import { reasonOf, SeederError } from './errors.ts';
import { checkCount, checkSeed } from './limits.ts';
import type { Mix } from './mix.ts';
import { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { Ledger } from './reconcile/ledger.ts';
import { countRows, type RowCount } from './reconcile/table-rows.ts';
import type { Target } from './target/target.ts';

/** What says which messages a run has, and where they go. */
export interface RunOptions {
  readonly target: Target;
  /** Messages, 1 to 100,000,000. */
  readonly count: number;
  /** 0 to 2^53 - 1. Equal seed, locale and mix give equal messages; a longer run begins with the shorter one. */
  readonly seed: number;
  /** One of LOCALES; `latam` by default. */
  readonly locale?: string | undefined;
  /** Shares of messages that are no new, good records; none by default. */
  readonly mix?: Mix | undefined;
  /** Path of a file for all differences, one JSON object on each line. */
  readonly differencesFile?: string | undefined;
  /** Stops sending and waiting. */
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: Progress): void;
}

/** What a result says about its run. */
export interface RunFacts {
  readonly count: number;
  readonly seed: number;
  readonly locale: string;
  readonly mix: Mix;
  /** First part of every id of the run. */
  readonly run: string;
  readonly topic: string;
  readonly table: string;
  readonly deadLetterSubscription: string | undefined;
}

/** A run with what has been seen of it, ready to be sent or checked. */
export interface OpenRun {
  readonly facts: RunFacts;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly bigquery: BigQuery;
  readonly before: RowCount;
}

/** Throws SeederError for bad options, and when the table can not be read. */
export async function openRun(options: RunOptions): Promise<OpenRun> {
  const { target, count, seed, locale = DEFAULT_LOCALE } = options;
  checkCount(count);
  checkSeed(seed);
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
    throw new SeederError(`table ${table} can not be read, so nothing was sent: ${reasonOf(error)}`, {
      wayOut: 'deploy the stack first; to see its records you need to read the table and to run jobs',
      cause: error,
    });
  }
}
