import { bigqueryClient, pubsubClient } from './clients.ts';
import { DEFAULT_LOCALE } from './countries.ts';
import { reasonOf, SeederError } from './errors.ts';
import { idPrefix } from './ids.ts';
import { checkCount, checkSeed, checkWait, DEFAULT_WAIT_SECONDS } from './limits.ts';
import { People } from './people.ts';
import { type Published, publish } from './publish.ts';
import type { Target } from './target/target.ts';
import { systemTicker } from './ticker.ts';
import { storedRecords } from './verify/stored.ts';
import { waitUntilVisible } from './verify/visible.ts';

export interface SeedOptions {
  readonly target: Target;
  /** Records, 1 to 100,000,000. */
  readonly count: number;
  /** 0 to 2^53 - 1. Equal seed and locale give equal messages; a longer run begins with the shorter one. */
  readonly seed: number;
  /** One of LOCALES; `latam` by default. */
  readonly locale?: string | undefined;
  /** Longest wait for one more record to become visible, in seconds; 120 by default. */
  readonly waitSeconds?: number | undefined;
  /** Longest time that one publish request is retried, in milliseconds; 60,000 by default. */
  readonly publishRetryMs?: number | undefined;
  /** Longest wait for answers to publish requests after the signal, in milliseconds; 5,000 by default. */
  readonly publishGraceMs?: number | undefined;
  /** Stops sending and waiting; the result then says `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: SeedProgress): void;
}

export interface SeedProgress {
  readonly phase: 'publishing' | 'becoming visible';
  readonly done: number;
  readonly total: number;
}

/** What became of a run. Times are in seconds. */
export interface SeedResult extends Published {
  readonly count: number;
  readonly seed: number;
  readonly locale: string;
  /** First part of every id of the run. */
  readonly run: string;
  readonly topic: string;
  readonly table: string;
  readonly deadLetterSubscription: string | undefined;
  /** Ids of the run that were in the table before anything was sent. */
  readonly storedBefore: number;
  /** Ids of the run in the table at the end; undefined when the table did not answer. */
  readonly stored: number | undefined;
  /**
   * Ids that must be in the table at the end: those before, or those sent, whichever are more. Less than there should be
   * only where a longer run of the same seed was interrupted before.
   */
  readonly expected: number;
  /** Why the table did not answer at the end. */
  readonly tableProblem: string | undefined;
  /** From the first message to the last answer. */
  readonly publishSeconds: number;
  /** From the first message to the moment when everything expected was visible; undefined when it never was. */
  readonly visibleSeconds: number | undefined;
  readonly interrupted: boolean;
}

/**
 * Publishes people and waits until they are visible in the table. What is refused, lost or missing is in the result.
 * Throws SeederError for bad options, and when the table can not be read before anything is sent.
 */
export async function seedRecords(options: SeedOptions): Promise<SeedResult> {
  const { target, count, seed, locale = DEFAULT_LOCALE, signal } = options;
  checkCount(count);
  checkSeed(seed);
  const stallMs = checkWait(options.waitSeconds ?? DEFAULT_WAIT_SECONDS) * 1_000;
  const people = new People({ seed, locale });
  const bigquery = bigqueryClient(target);
  const stored = () => storedRecords(bigquery, target.table, idPrefix(people.run));
  const storedBefore = await firstCount(stored, target);

  const start = systemTicker.now();
  const published = await publishPeople(people, options);
  const publishSeconds = secondsSince(start);
  // Streams are prefix-stable: the shorter of two runs of a seed is contained in the longer one.
  const expected = Math.max(storedBefore, published.sent);
  const { visible, problem } = await waitUntilVisible({
    count: stored,
    expected,
    stallMs,
    signal,
    ticker: systemTicker,
    onCount: (done) => options.onProgress?.({ phase: 'becoming visible', done, total: expected }),
  });
  return {
    count,
    seed,
    locale,
    run: people.run.key,
    topic: target.topic,
    table: target.table,
    deadLetterSubscription: target.deadLetterSubscription,
    ...published,
    storedBefore,
    stored: visible,
    expected,
    tableProblem: problem,
    publishSeconds,
    visibleSeconds: visible !== undefined && visible >= expected ? secondsSince(start) : undefined,
    interrupted: signal?.aborted ?? false,
  };
}

async function firstCount(stored: () => Promise<number>, target: Target): Promise<number> {
  try {
    return await stored();
  } catch (error) {
    throw new SeederError(`table ${target.table} can not be read, so nothing was sent: ${reasonOf(error)}`, {
      wayOut: 'deploy the stack first; to see its records you need to read the table and to run jobs',
      cause: error,
    });
  }
}

async function publishPeople(people: People, options: SeedOptions): Promise<Published> {
  const { target, count, signal, publishRetryMs: retryMs, publishGraceMs: graceMs } = options;
  const pubsub = pubsubClient(target);
  try {
    return await publish({
      topic: pubsub.topic(target.topic),
      messages: people.messages(count),
      signal,
      retryMs,
      graceMs,
      onSent: (done) => options.onProgress?.({ phase: 'publishing', done, total: count }),
    });
  } finally {
    await pubsub.close();
  }
}

function secondsSince(start: number): number {
  return (systemTicker.now() - start) / 1_000;
}
