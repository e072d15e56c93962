import { SpanKind } from '@opentelemetry/api';
import type { Google } from '@records/runtime';
import { Api } from './api.ts';
import { RecordCheck } from './check.ts';
import type { ProbeConfig } from './config.ts';
import { Spans } from './spans.ts';
import { RecordTable } from './table.ts';
import type { Waits } from './waits.ts';

/** Published to the topic, served by the API, deleted from the table. */
type Stage = 'publish' | 'visible' | 'delete';

export interface ProbeResult {
  readonly outcome: 'passed' | 'failed';
  /** The first stage that failed, and why. */
  readonly stage?: Stage;
  readonly reason?: string;
  /** How long each stage took that was tried. */
  readonly seconds: Readonly<Partial<Record<Stage, number>>>;
  /** Rows of earlier probes that were deleted with this one's. */
  readonly swept: number;
  /** 32 hexadecimal digits; undefined without a trace. */
  readonly traceId?: string;
}

export interface ProbeOptions {
  readonly config: Omit<ProbeConfig, 'otlpEndpoint'>;
  readonly google: Google;
  readonly spans?: Spans;
  readonly waits: Waits;
}

/** Age from which a row of a probe counts as left behind, in milliseconds: longer than a run, so no run deletes another's row. */
const LEFT_AFTER_MS = 15 * 60_000;

/**
 * The size up to which each run deletes its row, in bytes: BigQuery bills a DELETE like the whole table, and 10 MiB at least. In a
 * larger table, the first run of a day (UTC) deletes the rows of all runs before it.
 */
const SMALL_BYTES = 10 * 1024 ** 2;

/** The time between two runs, in milliseconds: the schedule in infra/src/components/prober.ts. */
const EVERY_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Publishes a marked record, waits until the API serves exactly it, and deletes it, or what a day has left. Never throws: the result says what went wrong. */
export async function probe({
  config,
  google,
  spans = new Spans(),
  waits,
}: ProbeOptions): Promise<ProbeResult> {
  const { api: url, isApiPrivate, job: service, topic } = config;
  const table = new RecordTable({ ...config, google, spans, service });
  const check = new RecordCheck({
    ...{ mark: 'probe-', topic, google, spans, waits, table },
    api: new Api(url, isApiPrivate ? () => google.idTokenHeader(url) : undefined),
  });
  const startedAt = waits.now();
  const seconds: Partial<Record<Stage, number>> = {};
  let failure: { readonly stage: Stage; readonly reason: string } | undefined;
  let swept = 0;
  const run = async (stage: Stage, act: () => Promise<void>) => {
    const start = waits.now();
    try {
      await act();
    } catch (error) {
      failure ??= { stage, reason: error instanceof Error ? error.message : String(error) };
    }
    seconds[stage] = Math.round(waits.now() - start) / 1000;
  };
  return spans.run('probe', SpanKind.INTERNAL, {}, async ({ traceparent }) => {
    await run('publish', () => check.publish());
    if (!failure) await run('visible', () => check.readById('the API does not serve the published record'));
    // A publish that failed may have arrived all the same.
    await run('delete', async () => {
      if ((await table.bytes()) > SMALL_BYTES) {
        if (isFirstOfDay(startedAt)) swept = await table.sweep('probe-', startedAt - LEFT_AFTER_MS);
        return;
      }
      const removed = await check.remove(LEFT_AFTER_MS);
      if (failure) return;
      if (removed === 0)
        throw new Error(
          'the API serves the record, and the table has no row of it: the API reads another table',
        );
      swept = removed - 1;
    });
    const [, traceId] = traceparent?.split('-') ?? [];
    return {
      outcome: failure ? 'failed' : 'passed',
      ...failure,
      ...{ seconds, swept },
      ...(traceId !== undefined && { traceId }),
    };
  });
}

/** Whether no run of the schedule was earlier that day. */
function isFirstOfDay(now: number): boolean {
  return now % DAY_MS < EVERY_MS;
}
