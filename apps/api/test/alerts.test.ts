import { describe, expect, it } from '@jest/globals';
import { LOG_METRICS, prometheusRules, ROUTES } from '@records/monitoring';
import { startTelemetry } from '../src/telemetry/telemetry.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront, googleError } from './support/bigquery-front.ts';
import { openTestTable } from './support/table.ts';

/** The metrics of the API in the Prometheus rules, with the labels that select them. */
function readByRules(): Map<string, Set<string>> {
  const read = new Map<string, Set<string>>();
  for (const { expr } of prometheusRules()) {
    for (const [, name = '', labels = ''] of expr.matchAll(/\b((?:http|records)_\w+)(?:\{([^}]*)\})?/g)) {
      const known = read.get(name) ?? new Set<string>();
      for (const [, label = ''] of labels.matchAll(/(\w+)(?:=|!)/g)) known.add(label);
      read.set(name, known);
    }
  }
  return read;
}

describe('the data that alerts read', () => {
  it('includes every metric of the Prometheus rules, with its labels and buckets', async () => {
    const { front } = await openTestTable();
    const said: string[] = [];
    const telemetry = await startTelemetry({
      service: 'records-api',
      revision: undefined,
      metricsPort: 0,
      otlpEndpoint: undefined,
      log: { info: (message) => said.push(message) },
    });
    const { app } = await buildTestApi({ bigQueryUrl: front.url, telemetry });
    await app.inject({ url: '/records/a' });
    await app.inject({ url: '/records' });
    const text = await (await fetch(String(said[0]?.replace('Metrics at ', '')))).text();
    const read = readByRules();
    expect([...read.keys()].sort()).toEqual([
      'http_server_request_duration_bucket',
      'http_server_request_duration_count',
      'records_snapshot_age',
      'records_warehouse_billed_total',
    ]);
    for (const [name, labels] of read) {
      const line = new RegExp(`^${name}[{ ].*$`, 'm').exec(text);
      expect({ name, found: line !== null }).toEqual({ name, found: true });
      for (const label of labels) expect(line?.[0]).toContain(`${label}="`);
    }
    for (const le of ['0.5', '2.5']) expect(text).toContain(`le="${le}"`);
    for (const route of Object.values(ROUTES)) expect(text).toContain(`http_route="${route}"`);
  });

  it('includes every log field of the log-based metrics', async () => {
    const front = await BigQueryFront.listen();
    front.fault = () => googleError(403, 'accessDenied');
    const { app, lines } = await buildTestApi({ bigQueryUrl: front.url });
    await app.inject({ url: '/records?limit=0' });
    await app.inject({ url: '/records/a' });
    const [latency, warnings] = LOG_METRICS;
    const requests = lines.filter((line) => line.httpRequest !== undefined);
    expect(requests.map(({ httpRequest }) => httpRequest)).toEqual(
      Object.values(ROUTES).map((requestUrl) =>
        expect.objectContaining({
          requestUrl,
          latency: expect.stringMatching(/^\d+\.\d+s$/),
          status: expect.any(Number),
        }),
      ),
    );
    for (const field of ['httpRequest.requestUrl', 'httpRequest.status']) {
      expect(latency?.filter).toContain(field);
    }
    expect(latency?.distribution?.value).toBe('EXTRACT(httpRequest.latency)');
    expect(warnings?.filter).toContain('severity=WARNING AND jsonPayload.reason:*');
  });
});
