import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudError, foreignRefusal, readBody, type TracedCall } from '@records/local-cloud';
import type { ShownSpan, ShownTrace } from './console/trace-state.ts';

/** Traces that are kept, the last ones. */
const MAX_TRACES = 20;
/** Spans of each. */
const MAX_SPANS = 200;
/** Of one export: a queue of the API, 2,048 spans, has less. */
const MAX_BYTES = 4 * 1024 * 1024;
/** `STATUS_CODE_ERROR` of OTLP. */
const FAILED = 2;

/** The parts of an export that are read. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
interface Exported {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly ExportedSpan[] }[];
  }[];
}

interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Attribute[];
  readonly status?: { readonly code?: number };
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Kept {
  readonly spans: ShownSpan[];
  dropped: number;
}

/** Receives the spans of programs on this machine by OTLP/HTTP in JSON, and keeps those of the last traces. */
export class Traces {
  readonly #server: Server;
  /** By the id of the trace; the one that was added to last is the last. */
  readonly #kept = new Map<string, Kept>();
  #version = 0;

  private constructor() {
    // Exporters send every 5 s, which is when Node closes an idle connection: spans would meet the close.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#receive(request, response).catch((error: unknown) => {
        const isTooLarge = error instanceof CloudError;
        response.writeHead(isTooLarge ? 413 : 400, { connection: 'close' }).end(String(error));
      });
    });
  }

  static async listen(): Promise<Traces> {
    const traces = new Traces();
    await once(traces.#server.listen(0, '127.0.0.1'), 'listening');
    return traces;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Grows with each span. */
  get version(): number {
    return this.#version;
  }

  /** The newest first. */
  get last(): readonly ShownTrace[] {
    return [...this.#kept]
      .map(([id, { spans, dropped }]) => ({
        ...{ id, dropped, spans: spans.toSorted((a, b) => a.began - b.began) },
      }))
      .reverse();
  }

  /** A request that the local BigQuery answered. */
  addCall({ traceId, parentSpanId, method, began, ended, status, ...job }: TracedCall): void {
    this.#add(traceId, {
      ...{ id: `${parentSpanId}-bigquery`, parentId: parentSpanId, service: 'BigQuery', name: method },
      ...{ began, ended, hasFailed: status >= 500 },
      attributes: {
        status: String(status),
        ...(job.jobId !== undefined && { job: job.jobId }),
        ...(job.bytesBilled !== undefined && { 'bytes billed': job.bytesBilled }),
      },
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = foreignRefusal(request);
    if (refusal !== undefined) return void response.writeHead(403).end(`Refused: ${refusal}.`);
    if (request.method !== 'POST' || request.url !== '/v1/traces')
      return void response.writeHead(404).end('POST spans to /v1/traces\n');
    if (!request.headers['content-type']?.startsWith('application/json'))
      return void response.writeHead(415).end('send OTLP as application/json\n');
    const { resourceSpans = [] } = JSON.parse((await readBody(request, MAX_BYTES)).toString()) as Exported;
    for (const { resource, scopeSpans = [] } of resourceSpans) {
      const service = textsOf(resource?.attributes)['service.name'] ?? '?';
      for (const { spans = [] } of scopeSpans)
        for (const span of spans) this.#add(span.traceId, shownSpan(span, service));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  #add(traceId: string, span: ShownSpan): void {
    const kept = this.#kept.get(traceId) ?? { spans: [], dropped: 0 };
    if (kept.spans.length < MAX_SPANS) kept.spans.push(span);
    else kept.dropped += 1;
    this.#kept.delete(traceId);
    this.#kept.set(traceId, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_TRACES && oldest !== undefined) this.#kept.delete(oldest);
    this.#version += 1;
  }
}

function shownSpan(span: ExportedSpan, service: string): ShownSpan {
  return {
    ...{ id: span.spanId, parentId: span.parentSpanId ?? '', service, name: span.name },
    began: Number(span.startTimeUnixNano) / 1e6,
    ended: Number(span.endTimeUnixNano) / 1e6,
    hasFailed: span.status?.code === FAILED,
    attributes: textsOf(span.attributes),
  };
}

function textsOf(attributes: readonly Attribute[] = []): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
}
