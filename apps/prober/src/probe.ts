import { SpanKind } from '@opentelemetry/api';
import { encodeRecord } from '@records/records-schema';
import { TRACE_ATTRIBUTE } from '@records/telemetry';
import type { ProbeConfig } from './config.ts';
import type { Google } from './google.ts';
import { differenceOf, markedRecord } from './record.ts';
import { Spans } from './spans.ts';
import { ProbeTable } from './table.ts';
import { until, type Waits } from './until.ts';

/** In their order: published to the topic, served by the API, deleted from the table. */
export const STAGES = ['publish', 'visible', 'delete'] as const;
export type Stage = (typeof STAGES)[number];

export interface ProbeResult {
  readonly outcome: 'passed' | 'failed';
  /** The first stage that failed, and why. */
  readonly stage?: Stage;
  readonly reason?: string;
  /** How long each stage took that was tried. */
  readonly seconds: Readonly<Partial<Record<Stage, number>>>;
  /** Rows of earlier probes that were removed with this one's. */
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

/** The longest that publishing, and deleting with its check, may take together with retries. Milliseconds. */
const PUBLISH_MS = 30_000;
const DELETE_MS = 60_000;
/** Of one question to the API. Milliseconds. */
const ANSWER_MS = 10_000;

/** Publishes a marked record, waits until the API serves exactly it, and deletes it. Never throws: what goes wrong is the result. */
export async function probe(options: ProbeOptions): Promise<ProbeResult> {
  const spans = options.spans ?? new Spans();
  return spans.run('probe', SpanKind.INTERNAL, {}, async (traceparent) => {
    const result = await new Run(options, spans).all();
    return traceparent === undefined ? result : { ...result, traceId: traceparent.split('-')[1] ?? '' };
  });
}

class Run {
  readonly #options: ProbeOptions;
  readonly #spans: Spans;
  readonly #table: ProbeTable;
  readonly #record;
  readonly #seconds: Partial<Record<Stage, number>> = {};
  #failure: { readonly stage: Stage; readonly reason: string } | undefined;
  #swept = 0;

  constructor(options: ProbeOptions, spans: Spans) {
    this.#options = options;
    this.#spans = spans;
    this.#table = new ProbeTable({ ...options.config, google: options.google, spans });
    this.#record = markedRecord('probe-', options.waits.now());
  }

  async all(): Promise<ProbeResult> {
    await this.#stage('publish', () => this.#publish());
    if (!this.#failure) await this.#stage('visible', () => this.#becomeVisible());
    // A request that failed may have arrived all the same.
    await this.#stage('delete', () => this.#remove());
    return {
      outcome: this.#failure ? 'failed' : 'passed',
      ...this.#failure,
      seconds: this.#seconds,
      swept: this.#swept,
    };
  }

  async #stage(stage: Stage, act: () => Promise<void>): Promise<void> {
    const { now } = this.#options.waits;
    const start = now();
    try {
      await act();
    } catch (error) {
      this.#failure ??= { stage, reason: reasonOf(error) };
    }
    this.#seconds[stage] = Math.round(now() - start) / 1000;
  }

  /** https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish */
  #publish(): Promise<void> {
    const { google, config } = this.#options;
    const { topic } = config;
    const data = Buffer.from(encodeRecord(this.#record)).toString('base64');
    const attributes = { 'messaging.system': 'gcp_pubsub', 'messaging.operation': 'publish' };
    return this.#spans.run('records send', SpanKind.PRODUCER, attributes, async (traceparent) => {
      const message =
        traceparent === undefined ? { data } : { data, attributes: { [TRACE_ATTRIBUTE]: traceparent } };
      const signal = AbortSignal.timeout(PUBLISH_MS);
      await google.post(`${google.pubsub}/${topic}:publish`, { messages: [message] }, {}, signal);
    });
  }

  async #becomeVisible(): Promise<void> {
    const { waits } = this.#options;
    let answer = 'nothing';
    const isServed = await until(async () => {
      const { body, text } = await this.#ask();
      answer = text;
      if (body === undefined) return false;
      const difference = differenceOf(this.#record, body);
      if (difference !== undefined) throw new Error(difference);
      return true;
    }, waits);
    if (isServed) return;
    throw new Error(
      `the API does not serve the record ${waits.waitMs / 1000} s after it was published, and answers ${answer}`,
    );
  }

  /** What the API says now: its body when it is 200. */
  async #ask(): Promise<{ body?: unknown; text: string }> {
    const { google, config } = this.#options;
    const { api, isApiPrivate } = config;
    const route = { 'http.request.method': 'GET', 'http.route': '/records/:id' };
    try {
      return await this.#spans.call('GET /records/:id', route, async (headers, note) => {
        const token = isApiPrivate ? await google.idTokenFor(api) : {};
        const response = await fetch(new URL(`/records/${this.#record.id}`, api), {
          headers: { ...token, ...headers },
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        note({ 'http.response.status_code': response.status });
        const text = await response.text();
        const short = `${response.status} ${text.slice(0, 200)}`;
        return response.ok ? { body: JSON.parse(text), text: short } : { text: short };
      });
    } catch (error) {
      return { text: `nothing: ${reasonOf(error)}` };
    }
  }

  async #remove(): Promise<void> {
    const signal = AbortSignal.timeout(DELETE_MS);
    const removed = await this.#table.remove(this.#record, this.#options.waits.now(), signal);
    const left = await this.#table.count(this.#record, signal);
    if (left > 0) throw new Error(`${left} rows of the record are still in the table`);
    if (this.#failure) return;
    this.#swept = Math.max(0, removed - 1);
    if (removed === 0)
      throw new Error('the API serves the record, and the table has no row of it: it is another table');
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
