import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { decide, type Trace } from '../tools/canary/decision.ts';
import { MetricsError, observe } from '../tools/canary/metrics.ts';
import { canary } from '../tools/canary/run.ts';
import { recall } from '../tools/last-deployment.ts';
import { promote, verifyProvenance } from '../tools/promote.ts';
import { SettingsOnly } from './support/settings-only.ts';
import { TRACES } from './support/traces.ts';

const IMAGE = `southamerica-west1-docker.pkg.dev/example-prod/records/api@sha256:${'1'.repeat(64)}`;

describe('the decision about a canary', () => {
  it.each(TRACES)('is right for a trace that is %s', (_, trace, verdict, because) => {
    expect(decide(trace)).toEqual({ verdict, reason: expect.stringContaining(because) });
  });
});

describe('a canary', () => {
  const good: Trace = TRACES[0]?.[1] ?? { canary: [], stable: [], elapsed: 0 };
  const bad: Trace = { ...good, canary: [{ minute: 0, requests: 100, errors: 50, p95Ms: 80 }] };

  async function run(traces: (Trace | Error)[]) {
    const pulumi = new SettingsOnly();
    const shares: (string | undefined)[] = [];
    const lines: string[] = [];
    let time = 0;
    const outcome = await canary({
      ...{ stack: 'prod', image: IMAGE, pulumi },
      observe: async () => {
        shares.push(pulumi.settings.canaryPercent);
        const next = traces.shift() ?? good;
        if (next instanceof Error) throw next;
        return next;
      },
      now: () => time,
      nextMinute: async () => {
        time += 60_000;
      },
      log: (line) => lines.push(line),
    }).catch((error: unknown) => error);
    return { outcome, shares, lines, settings: pulumi.settings };
  }

  it('that is good takes a part, more, and then every request', async () => {
    const { outcome, shares, settings } = await run([{ ...good, canary: good.canary.slice(0, 2) }]);
    expect(outcome).toBe('promoted');
    expect(shares).toEqual(['5', '5', '25', '50']);
    expect(settings).toMatchObject({ image: IMAGE, canaryPercent: '100' });
  });

  it('that is bad gives every request back, and says why', async () => {
    const { outcome, shares, settings, lines } = await run([good, bad]);
    expect(outcome).toBe('returned');
    expect(shares).toEqual(['5', '25']);
    expect(settings).toMatchObject({ stableRevision: 'records-api-00001-abc', canaryPercent: '0' });
    expect(lines.at(-1)).toBe(
      'back to records-api-00001-abc: 50 of 100 answers failed: 50 %, and the limit is 1.44 %',
    );
  });

  it('that can not be watched gives every request back, and fails', async () => {
    const { outcome, settings } = await run([new MetricsError('Cloud Monitoring answered 503')]);
    expect(outcome).toEqual(new MetricsError('Cloud Monitoring answered 503'));
    expect(settings).toMatchObject({ stableRevision: 'records-api-00001-abc', canaryPercent: '0' });
  });
});

describe('the metrics of a canary', () => {
  it('are read from Cloud Monitoring, minute by minute', async () => {
    const point = (minute: number, value: object) => ({
      interval: { endTime: new Date(minute * 60_000).toISOString() },
      value,
    });
    const asked: URL[] = [];
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://monitoring');
      asked.push(url);
      const filter = url.searchParams.get('filter') ?? '';
      response.setHeader('content-type', 'application/json');
      if (filter.includes('gone')) {
        response.statusCode = 403;
        response.end(JSON.stringify({ error: { message: 'Permission monitoring.timeSeries.list denied' } }));
        return;
      }
      const timeSeries = filter.includes('request_latencies')
        ? [{ points: [point(2, { doubleValue: 81.5 }), point(1, { doubleValue: 80 })] }]
        : [
            {
              metric: { labels: { response_code_class: '2xx' } },
              points: [point(2, { int64Value: '40' }), point(1, { int64Value: '38' })],
            },
            { metric: { labels: { response_code_class: '5xx' } }, points: [point(2, { int64Value: '2' })] },
          ];
      response.end(JSON.stringify({ timeSeries }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const options = { project: 'p', service: 'records-api', token: async () => 'x', endpoint };
      const trace = await observe({ canary: 'new', stable: 'old' }, 0, 150_000, options);
      const minutes = [
        { minute: 0, requests: 38, errors: 0, p95Ms: 80 },
        { minute: 1, requests: 42, errors: 2, p95Ms: 81.5 },
      ];
      expect(trace).toEqual({ canary: minutes, stable: minutes, elapsed: 2 });
      expect(asked[0]?.pathname).toBe('/v3/projects/p/timeSeries');
      expect(asked[0]?.searchParams.get('filter')).toContain('revision_name = "new"');
      await expect(observe({ canary: 'gone', stable: 'old' }, 0, 1, options)).rejects.toThrow(
        'Cloud Monitoring answered 403 for request_count: Permission monitoring.timeSeries.list denied',
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('a promotion', () => {
  it('deploys an image by its digest, under the policies, and refuses a tag', async () => {
    const pulumi = new SettingsOnly();
    await expect(promote('dev', 'host/project/records/api:latest', pulumi)).rejects.toThrow('by its digest');
    expect(pulumi.ups).toEqual([]);
    await promote('dev', IMAGE, pulumi);
    expect(pulumi.settings.image).toBe(IMAGE);
    expect(pulumi.ups).toEqual([['--stack', 'dev', '--yes', '--policy-pack', 'policies']]);
  });

  it('fails when nobody vouches for the image', async () => {
    // A program that ends with 1, as gh does for an image without an attestation.
    await expect(verifyProvenance(IMAGE, 'owner/name', 'false')).rejects.toThrow('ended with exit code 1');
  });
});

describe('the last deployment', () => {
  it('says which image runs, and the failed one after it does not', async () => {
    const pulumi = new SettingsOnly();
    const ask = pulumi.ask.bind(pulumi);
    const update = (result: string, image: string) => ({
      ...{ kind: 'update', result },
      config: { 'records-platform:image': { value: image }, 'records-platform:logLevel': { value: 'debug' } },
    });
    pulumi.ask = async (args) =>
      args[1] === 'history' ? [update('failed', 'bad'), update('succeeded', IMAGE)] : ask(args);
    expect(await recall('prod', pulumi)).toEqual({ image: IMAGE });
    expect(pulumi.settings).toEqual({ image: IMAGE });
    pulumi.ask = async () => [];
    expect(await recall('new', pulumi)).toEqual({});
  });
});
