import type { IncomingMessage } from 'node:http';

/** One answered request of a sampled trace. Difference: BigQuery makes no spans that its callers could see. */
export interface TracedCall {
  readonly traceId: string;
  /** The span that sent it. */
  readonly parentSpanId: string;
  /** `jobs.query` */
  readonly method: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly began: number;
  readonly ended: number;
  readonly status: number;
  /** The job that it began or asked for, where the answer names one. */
  readonly jobId: string | undefined;
  /** Of a query. */
  readonly bytesBilled: string | undefined;
}

export type OnTracedCall = (call: TracedCall) => void;

/** https://www.w3.org/TR/trace-context/#traceparent-header, sampled */
const SAMPLED = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]$/;

interface Answer {
  readonly jobReference?: { readonly jobId?: string };
  readonly totalBytesBilled?: string;
}

/** A request of a sampled trace that is not answered yet. */
export class Traced {
  readonly #traceId: string;
  readonly #parentSpanId: string;
  readonly #began = now();

  private constructor(traceId: string, parentSpanId: string) {
    this.#traceId = traceId;
    this.#parentSpanId = parentSpanId;
  }

  static of({ headers }: IncomingMessage): Traced | undefined {
    const [, trace, parent] = SAMPLED.exec(String(headers.traceparent)) ?? [];
    return trace === undefined || parent === undefined ? undefined : new Traced(trace, parent);
  }

  ended(method: string, status: number, answer: object | undefined): TracedCall {
    const { jobReference, totalBytesBilled } = (answer ?? {}) as Answer;
    return {
      traceId: this.#traceId,
      parentSpanId: this.#parentSpanId,
      ...{ method, began: this.#began, ended: now(), status },
      ...{ jobId: jobReference?.jobId, bytesBilled: totalBytesBilled },
    };
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
