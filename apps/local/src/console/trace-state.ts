// Types only: the page imports them, too.

/** One piece of work of a program, in a trace. */
export interface ShownSpan {
  readonly id: string;
  /** The span that asked for it, perhaps one of a caller that sent none here. */
  readonly parentId: string;
  /** `records-api` */
  readonly service: string;
  /** `GET /records/:id` */
  readonly name: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly began: number;
  readonly ended: number;
  readonly hasFailed: boolean;
  /** `http.response.status_code`: `200` */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ShownTrace {
  readonly id: string;
  /** In the order of their begin. */
  readonly spans: readonly ShownSpan[];
  /** Spans that are not kept. */
  readonly dropped: number;
}

/** The answer to a request that the page had traced. */
export interface TracedRequest {
  readonly traceId: string;
  readonly status: number;
  /** Until its body was read, as its caller sees it. */
  readonly milliseconds: number;
}
