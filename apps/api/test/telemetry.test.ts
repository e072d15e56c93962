import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { noTelemetry, startTelemetry } from '../src/telemetry/telemetry.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront, googleError } from './support/bigquery-front.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { oneRow } from './support/replies.ts';
import { openTestTable } from './support/table.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const caller = '00f067aa0ba902b7';
const options = { service: 'records-api', revision: undefined };

interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
}

/** An OTLP/HTTP receiver that stores spans. */
async function receiver(): Promise<{ server: Server; spans: ExportedSpan[]; url: string }> {
  const spans: ExportedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as {
      resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
    };
    spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterAll(() => new Promise((resolve) => server.close(resolve)));
  return { server, spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('a trace', () => {
  it('continues from a sampled request into the call to BigQuery, and does not begin otherwise', async () => {
    const { spans, url } = await receiver();
    const front = await BigQueryFront.listen();
    front.fault = () => oneRow;
    const telemetry = await startTelemetry({
      ...options,
      metricsPort: undefined,
      otlpEndpoint: url,
      log: { info() {}, error() {} },
    });
    const { app } = await buildTestApi({ bigQueryUrl: front.url, telemetry });
    const get = (id: string, flags: string) =>
      app.inject({ url: `/records/${id}`, headers: { traceparent: `00-${trace}-${caller}-${flags}` } });
    expect((await get('a', '01')).statusCode).toBe(200);
    expect(front.headers[0]?.traceparent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    await get('b', '00');
    expect(front.headers[1]?.traceparent).toBeUndefined();
    await telemetry.close();

    const [request, ...others] = spans.filter(({ name }) => name === 'GET /records/:id');
    const call = spans.find(({ name }) => name === 'bigquery.jobs.query');
    expect([request?.traceId, request?.parentSpanId, others]).toEqual([trace, caller, []]);
    expect([call?.traceId, call?.parentSpanId]).toEqual([trace, request?.spanId]);
    expect(front.headers[0]?.traceparent).toContain(String(call?.spanId));
    expect(JSON.stringify(spans)).not.toContain('/records/a');
  });
});

describe('the age of the snapshot', () => {
  it('belongs to the list that was served last, grows while BigQuery fails, and resets without traffic', async () => {
    const { front, append } = await openTestTable();
    await append([{ id: 'a', nombre: 'Ana', apellido: 'Paz', pais: 'Chile' }]);
    const said: string[] = [];
    const telemetry = await startTelemetry({
      ...options,
      metricsPort: 0,
      otlpEndpoint: undefined,
      log: { info: (message) => said.push(message), error() {} },
    });
    const timing = new FakeTiming();
    const { app } = await buildTestApi({ bigQueryUrl: front.url, telemetry, timing, freshnessSeconds: 60 });
    const age = async () => {
      const text = await (await fetch(String(said[0]?.replace('Metrics at ', '')))).text();
      return /^records_snapshot_age (.+)$/m.exec(text)?.[1];
    };
    expect(await age()).toBe('0');
    expect((await app.inject({ url: '/records' })).statusCode).toBe(200);
    expect(await age()).toBe('0');
    front.fault = () => googleError(503, 'backendError');
    timing.advance(700_000);
    expect((await app.inject({ url: '/records' })).statusCode).toBe(200);
    expect(Number(await age())).toBeGreaterThan(600);
    timing.advance(300_000);
    expect(await age()).toBe('0');
    await telemetry.close();
  });
});

describe('the metrics', () => {
  it('count requests by route and status, calls to BigQuery and billed bytes, without the id of a record', async () => {
    const front = await BigQueryFront.listen();
    front.fault = () => oneRow;
    const said: string[] = [];
    const telemetry = await startTelemetry({
      ...options,
      metricsPort: 0,
      otlpEndpoint: undefined,
      log: { info: (message) => said.push(message), error() {} },
    });
    const { app } = await buildTestApi({ bigQueryUrl: front.url, telemetry });
    await app.inject({ url: '/records/a' });
    await app.inject({ url: '/records/a' });
    await app.inject({ url: '/records/a?x=1' });
    await app.inject({ url: '/nothing' });
    const url = String(said[0]?.replace('Metrics at ', ''));
    const text = await (await fetch(url)).text();
    const count = 'http_server_request_duration_count';
    expect(text).toContain(`${count}{http_route="/records/:id",http_response_status_code="200"} 2`);
    expect(text).toContain(`${count}{http_route="/records/:id",http_response_status_code="400"} 1`);
    expect(text).toContain(`${count}{http_route="(no route)",http_response_status_code="404"} 1`);
    expect(text).toContain('records_warehouse_call_duration_count{method="jobs.query",outcome="ok"} 1');
    expect(text).toContain('records_warehouse_billed_total{query="records"} 10485760');
    expect(text).toContain('records_cache_requests_total{cache="lookups",result="miss"} 1');
    expect(text).toContain('records_cache_requests_total{cache="lookups",result="hit"} 1');
    expect(text).toContain('records_warehouse_breaker 0');
    expect(text).toContain('http_server_active_requests 0');
    expect(text).not.toMatch(/nothing|records\/a/);
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  });

  it('count hits and misses of the caches of blocks and filters', async () => {
    const table = await openTestTable();
    await table.append(['a', 'b'].map((id) => ({ id, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' })));
    const asked: string[] = [];
    const metrics = {
      ...noTelemetry.metrics,
      cacheAsked: (cache: string, hit: boolean) => asked.push(`${cache} ${hit}`),
    };
    const { app } = await buildTestApi({
      bigQueryUrl: table.front.url,
      telemetry: { ...noTelemetry, metrics },
    });
    for (const url of ['/records', '/records?pais=Chile', '/records?nombre=Ana']) await app.inject({ url });
    expect(asked).toEqual(['blocks true', 'filters false', 'filters true']);
  });
});
