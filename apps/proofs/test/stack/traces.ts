import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Subscription } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from '@records/stack';
import type { Span } from './otlp-receiver.ts';
import { pubsub, receiver, seedHere, stack } from './shared.ts';

let copies: Subscription;

/** The attributes of the next messages. */
function attributesOf(count: number): Promise<Record<string, string>[]> {
  const seen: Record<string, string>[] = [];
  return new Promise((resolve) => {
    copies.on('message', (message) => {
      seen.push(message.attributes);
      message.ack();
      if (seen.length < count) return;
      copies.removeAllListeners('message');
      resolve(seen);
    });
  });
}

/** The spans of a trace, once it has the named ones, each as `service: name`. */
async function spansOf(trace: string, names: readonly string[]): Promise<Span[]> {
  for (;;) {
    const spans = receiver.spans().filter(({ traceId }) => traceId === trace);
    const found = new Set(spans.map(({ service, name }) => `${service}: ${name}`));
    if (names.every((name) => found.has(name))) return spans;
    // The API exports its spans every two seconds; the test's timeout ends the wait.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('one trace', () => {
  /** A subscription of its own receives a copy of every message. */
  const copy = async (topic: string) => {
    [copies] = await pubsub.topic(topic).createSubscription(`copies-of-${topic.split('/').at(-1)}`);
  };
  beforeAll(() => copy(stack.outputs.topic));

  afterAll(() => copies?.close());

  it('leads from the message of the prober to the count of stored probes and to its request of the API', async () => {
    const records = copies;
    await copy(String(stack.outputs.probeTopic));
    const sent = attributesOf(1);
    const { succeeded, lines } = await stack.runProbe();
    expect(succeeded).toBe(true);
    const [attributes] = await sent;
    await copies.close();
    copies = records;
    expect(attributes).toHaveProperty('googclient_traceparent');
    const [, trace = '', publisher = ''] = attributes?.googclient_traceparent?.split('-') ?? [];
    const spans = await spansOf(trace, [
      'records-probe: probe',
      'records-probe: bigquery.jobs.query',
      'records-api: GET /health/ready',
    ]);

    const of = (service: string, name: string) =>
      spans.find((span) => span.service === service && span.name === name);
    const root = of('records-probe', 'probe');
    expect(of('records-probe', 'records send')).toMatchObject({
      spanId: publisher,
      parentSpanId: root?.spanId,
    });
    const asked = spans.filter(
      ({ service, name }) => service === 'records-probe' && name === 'GET /health/ready',
    );
    expect(asked.map(({ spanId }) => spanId)).toContain(of('records-api', 'GET /health/ready')?.parentSpanId);
    expect(JSON.parse(lines[0] ?? '')['logging.googleapis.com/trace']).toBe(
      `projects/records-local/traces/${trace}`,
    );
  }, 60_000);

  it('leads from a request of a caller to the call to BigQuery', async () => {
    const trace = 'a'.repeat(32);
    const caller = 'b'.repeat(16);
    const headers = { traceparent: `00-${trace}-${caller}-01` };
    expect((await fetch(`${stack.outputs.apiUrl}/records/nobody-at-all`, { headers })).status).toBe(404);
    const spans = await spansOf(trace, ['records-api: GET /records/:id', 'records-api: bigquery.jobs.query']);
    const of = (name: string) => spans.find((span) => span.name === name);
    expect(of('GET /records/:id')?.parentSpanId).toBe(caller);
    expect(of('bigquery.jobs.query')?.parentSpanId).toBe(of('GET /records/:id')?.spanId);
  }, 60_000);

  it("begins at each message of a small run of the seeder, in Google's client", async () => {
    const sent = attributesOf(5);
    const run = await seed(5, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const traces = (await sent).map(({ googclient_traceparent: value }) => value?.split('-')[1] ?? '');
    expect(new Set(traces).size).toBe(5);
    for (const trace of traces) {
      const [span] = await spansOf(trace, ['records-seeder: records create']);
      expect(span?.service).toBe('records-seeder');
    }
    expect(run).toContain('5 of 5');
  }, 60_000);

  it('exists for about a hundred messages of a large run, and for none without a receiver', async () => {
    const before = new Set(receiver.spans().map(({ traceId }) => traceId)).size;
    await seed(1_500, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const created = receiver.spans().filter(({ name }) => name === 'records create').length;
    expect(created).toBeGreaterThan(20);
    expect(created).toBeLessThan(250);
    const sent = attributesOf(1_501);
    await seedHere(1);
    expect((await sent).at(-1)).not.toHaveProperty('googclient_traceparent');
    expect(before).toBeGreaterThan(5);
  }, 60_000);

  it('contains no personal data: no id, no name, no country', async () => {
    const response = await fetch(`${stack.outputs.apiUrl}/records?limit=1000`);
    const people = (await response.json()) as Record<string, string>[];
    expect(people.length).toBeGreaterThan(900);
    const exported = receiver.bodies.join('\n');
    expect(people.map(({ id = '' }) => id).filter((id) => exported.includes(id))).toEqual([]);
    const values = new Set([...people.flatMap(Object.values), 'Prueba', 'De Extremo Ñandú']);
    expect([...values].filter((value) => exported.includes(`"${value}"`))).toEqual([]);
    expect(exported).not.toMatch(/probe-[0-9a-z]{8}-/);
  }, 60_000);
});

/** Runs `pnpm seed`. Answers its report. */
async function seed(count: number, env: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'traces-'));
  try {
    const file = join(folder, 'stack.json');
    const { outputs, environment } = stack;
    await writeFile(file, JSON.stringify({ pid: process.pid, outputs, environment }));
    const cli = join(REPOSITORY, 'apps', 'seeder', 'src', 'cli.ts');
    const args = [cli, '--stack-file', file, '--count', String(count)];
    return (await promisify(execFile)(process.execPath, args, { env })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
