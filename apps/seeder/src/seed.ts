import { reasonOf, UserError } from '@records/cli';
import { pubsubClient } from '@records/stack/clients';
import { identityOf } from './identity.ts';
import { checkWhole, DEFAULT_WAIT_SECONDS, MAX_RATE, MAX_WAIT_SECONDS } from './limits.ts';
import { type Published, publish } from './publish.ts';
import { lookAtDeadLetters } from './reconcile/dead-letters.ts';
import { openDifferences } from './reconcile/difference-file.ts';
import { type Reconciliation, reconcile } from './reconcile/reconcile.ts';
import { tableRows } from './reconcile/table-rows.ts';
import { type OpenRun, openRun, type RunFacts, type RunOptions } from './run.ts';
import { systemTicker } from './ticker.ts';
import { openTraces } from './traces.ts';

export interface SeedOptions extends RunOptions {
  /** Messages per second, 1 to 1,000,000; as fast as Pub/Sub accepts them by default. */
  readonly rate?: number | undefined;
  /** Longest wait for one more record to become visible, in seconds; 120 by default. */
  readonly waitSeconds?: number | undefined;
  /** How long to retry one publish request, in milliseconds; 60,000 by default. */
  readonly publishRetryMs?: number | undefined;
  /** Longest wait for answers to publish requests after the signal, in milliseconds; 5,000 by default. */
  readonly publishGraceMs?: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; none by default. */
  readonly otlpEndpoint?: string | undefined;
}

/** The result of a run. Times are in seconds. */
export interface SeedResult extends RunFacts, Published {
  /** Messages that Pub/Sub answered: those accepted and those refused. */
  readonly sent: number;
  /** Ids of the run in the table before anything was sent. */
  readonly storedBefore: number;
  /** Ids of the run in the table at the end; undefined when the table was not read, or did not answer. */
  readonly stored: number | undefined;
  /**
   * Ids that must be in the table at the end: those stored before or those accepted, whichever are more. Too low only
   * after an interrupted, longer run of the same seed.
   */
  readonly expected: number;
  /** From the first message to the last answer. */
  readonly publishSeconds: number;
  /** From the first message until every expected record was visible; undefined when that never happened. */
  readonly visibleSeconds: number | undefined;
  readonly interrupted: boolean;
  /** Undefined when the run was interrupted. */
  readonly reconciliation: Reconciliation | undefined;
}

/**
 * Publishes people, waits until they are visible in the table, and accounts for every message. The result counts refused,
 * lost and missing messages. Throws UserError for bad options, and for a table that cannot be read beforehand.
 */
export async function seedRecords(options: SeedOptions): Promise<SeedResult> {
  const { waitSeconds = DEFAULT_WAIT_SECONDS, rate } = options;
  checkWhole('wait', waitSeconds, 1, MAX_WAIT_SECONDS);
  if (rate !== undefined) checkWhole('rate', rate, 1, MAX_RATE);
  const run = await openRun(options);
  const { ledger, before } = run;
  if (options.differencesFile !== undefined) await (await openDifferences(options.differencesFile)).close();
  const deadBefore = await readEarlierRun(run, options);

  const start = systemTicker.now();
  const published = await publishPlan(run, options);
  const publishSeconds = secondsSince(start);
  const reconciled = await reconcile({
    run,
    options,
    deadBefore,
    stallMs: waitSeconds * 1_000,
    replays: false,
    ticker: systemTicker,
  });
  const visibleAt = reconciled?.visibleAt;
  return {
    ...run.facts,
    ...published,
    sent: published.accepted + published.refused,
    storedBefore: before.ids,
    stored: reconciled?.counted?.ids,
    // The longer of two runs of a seed contains the shorter one.
    expected: Math.max(before.ids, ledger.toCome().ids),
    publishSeconds,
    visibleSeconds: visibleAt === undefined ? undefined : (visibleAt - start) / 1_000,
    interrupted: options.signal?.aborted ?? false,
    reconciliation: reconciled?.reconciliation,
  };
}

/** Reads rows and dead letters that the same run left before. Answers the number of dead letters. */
async function readEarlierRun(
  { ledger, before, bigquery, plan, facts }: OpenRun,
  options: SeedOptions,
): Promise<number> {
  const { deadLetterSubscription: subscription, table } = facts;
  let dead = 0;
  try {
    if (before.rows > 0) {
      for await (const row of tableRows(bigquery, table, plan.people.run, before.rows)) ledger.rowBefore(row);
    }
    if (plan.mix.poison > 0 && subscription !== undefined) {
      const { target, signal } = options;
      await lookAtDeadLetters({
        ...{ target, subscription, quietMs: 0, ticker: systemTicker, signal },
        onDeadLetter(row) {
          if (ledger.deadLetterBefore(row)) dead += 1;
          return false;
        },
      });
    }
  } catch (error) {
    const reason = `nothing was sent, because the messages of an earlier run cannot be read: ${reasonOf(error)}`;
    throw new UserError(reason, {
      hint: 'to count dead letters you need to subscribe to them (roles/pubsub.subscriber)',
      cause: error,
    });
  }
  return dead;
}

async function publishPlan({ plan, ledger }: OpenRun, options: SeedOptions): Promise<Published> {
  const { target, count, rate, signal, otlpEndpoint } = options;
  const { publishRetryMs: retryMs, publishGraceMs: graceMs } = options;
  const identity = target.publisher && identityOf(target.publisher);
  // Fails now rather than for each request.
  await identity?.();
  const traces = otlpEndpoint === undefined ? undefined : await openTraces(otlpEndpoint, count);
  const pubsub = pubsubClient(target, traces !== undefined);
  try {
    return await publish({
      topic: pubsub.topic(target.topic),
      messages: plan.messages(count),
      identity,
      isInvalid: (index) => plan.kindAt(index) === 'invalid',
      rate,
      signal,
      retryMs,
      graceMs,
      onOutcome: (index, outcome) => ledger.settle(index, outcome),
      onAnswered: (done) => options.onProgress?.({ phase: 'publishing', done, total: count }),
    });
  } finally {
    await pubsub.close();
    await traces?.close();
  }
}

function secondsSince(start: number): number {
  return (systemTicker.now() - start) / 1_000;
}
