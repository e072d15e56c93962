import { pubsubClient } from './clients.ts';
import { reasonOf, SeederError } from './errors.ts';
import { identityOf } from './identity.ts';
import { checkRate, checkWait, DEFAULT_WAIT_SECONDS } from './limits.ts';
import { type Published, publish } from './publish.ts';
import { lookAtDeadLetters } from './reconcile/dead-letters.ts';
import { openDifferences } from './reconcile/difference-file.ts';
import { type Reconciliation, reconcile } from './reconcile/reconcile.ts';
import { tableRows } from './reconcile/table-rows.ts';
import { type OpenRun, openRun, type RunFacts, type RunOptions } from './run.ts';
import { systemTicker } from './ticker.ts';
import { openTraces } from './traces.ts';

export interface SeedOptions extends RunOptions {
  /** Messages per second, 1 to 1,000,000; as fast as Pub/Sub takes them by default. */
  readonly rate?: number | undefined;
  /** Longest wait for one more record to become visible, in seconds; 120 by default. */
  readonly waitSeconds?: number | undefined;
  /** Longest time that one publish request is retried, in milliseconds; 60,000 by default. */
  readonly publishRetryMs?: number | undefined;
  /** Longest wait for answers to publish requests after the signal, in milliseconds; 5,000 by default. */
  readonly publishGraceMs?: number | undefined;
  /** Base URL of an OTLP/HTTP receiver of spans; none by default. */
  readonly otlpEndpoint?: string | undefined;
}

/** What became of a run. Times are in seconds. */
export interface SeedResult extends RunFacts, Published {
  /** Messages that Pub/Sub answered: those accepted and those refused. */
  readonly sent: number;
  /** Ids of the run that were in the table before anything was sent. */
  readonly storedBefore: number;
  /** Ids of the run in the table at the end; undefined when the table did not answer or nobody asked it. */
  readonly stored: number | undefined;
  /**
   * Ids that must be in the table at the end: those before, or those accepted, whichever are more. Less than there
   * should be only where a longer run of the same seed was interrupted before.
   */
  readonly expected: number;
  /** From the first message to the last answer. */
  readonly publishSeconds: number;
  /** From the first message to the moment when everything expected was visible; undefined when it never was. */
  readonly visibleSeconds: number | undefined;
  readonly interrupted: boolean;
  /** What became of each message; undefined when the run was interrupted. */
  readonly reconciliation: Reconciliation | undefined;
}

/**
 * Publishes people, waits until they are visible in the table, and accounts for every message. What is refused, lost or
 * missing is in the result. Throws SeederError for bad options, and when the table can not be read before anything is sent.
 */
export async function seedRecords(options: SeedOptions): Promise<SeedResult> {
  const stallMs = checkWait(options.waitSeconds ?? DEFAULT_WAIT_SECONDS) * 1_000;
  if (options.rate !== undefined) checkRate(options.rate);
  const run = await openRun(options);
  const { ledger, before } = run;
  if (options.differencesFile !== undefined) await (await openDifferences(options.differencesFile)).close();
  const lettersBefore = await seeWhatWasThere(run, options);

  const start = systemTicker.now();
  const published = await publishPlan(run, options);
  const publishSeconds = secondsSince(start);
  const reconciled = await reconcile({
    run,
    options,
    lettersBefore,
    stallMs,
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
    // Streams are prefix-stable: the shorter of two runs of a seed is contained in the longer one.
    expected: Math.max(before.ids, ledger.toCome().ids),
    publishSeconds,
    visibleSeconds: visibleAt === undefined ? undefined : (visibleAt - start) / 1_000,
    interrupted: options.signal?.aborted ?? false,
    reconciliation: reconciled?.reconciliation,
  };
}

/** Rows and dead letters that the same run left before. Returns the number of letters. */
async function seeWhatWasThere(
  { ledger, before, bigquery, plan, facts }: OpenRun,
  options: SeedOptions,
): Promise<number> {
  const { deadLetterSubscription: subscription, table } = facts;
  let letters = 0;
  try {
    if (before.rows > 0) {
      for await (const row of tableRows(bigquery, table, plan.people.run, before.rows)) ledger.rowBefore(row);
    }
    if (plan.mix.poison > 0 && subscription !== undefined) {
      const { target, signal } = options;
      const onLetter = (row: Parameters<typeof ledger.letterBefore>[0]) => {
        if (ledger.letterBefore(row)) letters += 1;
        return false;
      };
      await lookAtDeadLetters({ target, subscription, quietMs: 0, ticker: systemTicker, signal, onLetter });
    }
  } catch (error) {
    throw new SeederError(
      `what an earlier run left can not be read, so nothing was sent: ${reasonOf(error)}`,
      {
        wayOut: 'to count dead letters you need to subscribe to them (roles/pubsub.subscriber)',
        cause: error,
      },
    );
  }
  return letters;
}

async function publishPlan({ plan, ledger }: OpenRun, options: SeedOptions): Promise<Published> {
  const {
    target,
    count,
    rate,
    signal,
    publishRetryMs: retryMs,
    publishGraceMs: graceMs,
    otlpEndpoint,
  } = options;
  const identity = target.publisher && identityOf(target.publisher);
  // Without one, nothing that follows would do.
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
