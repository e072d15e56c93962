import { SpanKind } from '@opentelemetry/api';
import type { Google } from '@records/runtime';
import { AnswerError, Api, expectStatus } from './api.ts';
import type { ProbeConfig } from './config.ts';
import { publishRecord } from './publish-record.ts';
import { madeUpRecord } from './record.ts';
import { Spans } from './spans.ts';
import { RecordTable } from './table.ts';
import { type Waits, waitFor } from './waits.ts';

/** Stored probes are counted, one is published, one more is counted, and the API is ready. */
type Stage = 'count' | 'publish' | 'arrive' | 'ready';

export interface ProbeResult {
  readonly outcome: 'passed' | 'failed';
  /** The first stage that failed, and why. */
  readonly stage?: Stage;
  readonly reason?: string;
  /** How long each stage took that was tried. */
  readonly seconds: Readonly<Partial<Record<Stage, number>>>;
  /** 32 hexadecimal digits; undefined without a trace. */
  readonly traceId?: string;
}

export interface ProbeOptions {
  readonly config: Omit<ProbeConfig, 'otlpEndpoint'>;
  readonly google: Google;
  readonly spans?: Spans;
  /** `waitMs` is the longest wait for all stages together. */
  readonly waits: Waits;
}

/**
 * Publishes a made-up record to the prober's own topic, waits until its own table has one row more, and until the API is ready, which it is
 * while it can read the records. Scans nothing, deletes nothing and changes no record. Never throws: the result says what went wrong.
 */
export async function probe({
  config,
  google,
  spans = new Spans(),
  waits,
}: ProbeOptions): Promise<ProbeResult> {
  const { api: url, isApiPrivate, job: service, topic } = config;
  const table = new RecordTable({ ...config, google, spans, service });
  const api = new Api(url, isApiPrivate ? () => google.idTokenHeader(url) : undefined);
  const startedAt = waits.now();
  /** Waits no longer than what is left of the time for all stages. */
  const until = (look: () => Promise<true | undefined>, otherwise: () => string) =>
    waitFor(look, { ...waits, waitMs: Math.max(0, startedAt + waits.waitMs - waits.now()) }, otherwise);
  const seconds: Partial<Record<Stage, number>> = {};
  let failure: { readonly stage: Stage; readonly reason: string } | undefined;
  const run = async (stage: Stage, act: () => Promise<unknown>) => {
    const start = waits.now();
    try {
      await act();
    } catch (error) {
      failure ??= { stage, reason: error instanceof Error ? error.message : String(error) };
    }
    seconds[stage] = Math.round(waits.now() - start) / 1000;
  };
  return spans.run('probe', SpanKind.INTERNAL, {}, async ({ traceparent }) => {
    let before = 0;
    await run('count', async () => {
      before = await table.rows();
    });
    if (!failure) {
      await run('publish', () => publishRecord({ topic, google, spans }, madeUpRecord('probe-', startedAt)));
    }
    if (!failure) {
      const arrived = async () => (await table.rows()) > before || undefined;
      await run('arrive', () => until(arrived, () => 'the published record is not in the table of probes'));
    }
    await run('ready', async () => {
      let said = '';
      const isReady = async () => {
        try {
          expectStatus(await readiness(api, spans), 200);
          return true;
        } catch (error) {
          if (!(error instanceof AnswerError)) throw error;
          said = error.message;
          return undefined;
        }
      };
      await until(isReady, () => `the API is not ready: ${said}`);
    });
    const [, traceId] = traceparent?.split('-') ?? [];
    return {
      outcome: failure ? 'failed' : 'passed',
      ...failure,
      seconds,
      ...(traceId !== undefined && { traceId }),
    };
  });
}

function readiness(api: Api, spans: Spans) {
  const path = '/health/ready';
  const route = { 'http.request.method': 'GET', 'http.route': path };
  return spans.run(`GET ${path}`, SpanKind.CLIENT, route, async (header, note) => {
    const answer = await api.get(path, header);
    note({ 'http.response.status_code': answer.status });
    return answer;
  });
}
