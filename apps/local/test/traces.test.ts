import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Traces } from '../src/traces.ts';

let traces: Traces;

beforeAll(async () => {
  traces = await Traces.listen();
});
afterAll(() => traces.close());

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = `${traces.endpoint}/v1/traces`;
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

function exported(traceId: string, count: number): string {
  const spans = Array.from({ length: count }, (_, index) => ({
    ...{ traceId, spanId: `${traceId}-${index}`, name: 'work' },
    ...{ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000001500000' },
    attributes: [{ key: 'answer', value: { intValue: 42 } }],
    status: { code: 2 },
  }));
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'tests' } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
}

it('keeps spans of OTLP/HTTP in JSON with their program, times, attributes and failure', async () => {
  expect((await post(exported('a', 1))).status).toBe(200);
  expect(traces.last).toEqual([
    {
      id: 'a',
      dropped: 0,
      spans: [
        {
          ...{ id: 'a-0', parentId: '', service: 'tests', name: 'work', hasFailed: true },
          ...{ began: 1_700_000_000_000, ended: 1_700_000_000_001.5, attributes: { answer: '42' } },
        },
      ],
    },
  ]);
});

it('keeps the last 20 traces and 200 spans of each, and counts the rest', async () => {
  for (let trace = 0; trace < 30; trace += 1) await post(exported(`t${trace}`, trace === 29 ? 250 : 1));
  expect(traces.last.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `t${29 - index}`));
  expect(traces.last[0]).toMatchObject({ dropped: 50, spans: { length: 200 } });
});

it.each([
  [
    'a page of another site',
    { 'sec-fetch-site': 'cross-site', origin: 'https://attacker.example' },
    '{}',
    403,
  ],
  ['another encoding', { 'content-type': 'application/x-protobuf' }, '{}', 415],
  ['what is not JSON', {}, '{', 400],
  ['more than 4 MiB', {}, ' '.repeat(5 * 1024 * 1024), 413],
])('refuses %s', async (_, headers, body, status) => {
  const before = traces.version;
  expect((await post(body, headers)).status).toBe(status);
  expect(traces.version).toBe(before);
});
