import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '@records/cli';
import { exitCodeOf, stopOnSignals } from '../src/canary/command.ts';
import { decide, type Trace } from '../src/canary/decision.ts';
import { MetricsError, observe } from '../src/canary/metrics.ts';
import { canary } from '../src/canary/run.ts';
import { TakenOverError } from '../src/canary/steps.ts';
import { rollout } from '../src/rollout.ts';
import { FakePulumi } from './support/fake-pulumi.ts';
import { type Answers, RIGHT, tagServer } from './support/tag-server.ts';
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

  interface Given {
    readonly access?: string;
    readonly idToken?: string;
    /** The answers at the tag's address, minute by minute; the last one repeats. */
    readonly answers?: readonly Answers[];
    /** The metrics, minute by minute; good after the last one. */
    readonly traces?: readonly (Trace | Error)[];
    /** Events by minute. */
    readonly inMinute?: Readonly<Record<number, (pulumi: FakePulumi, stop: AbortController) => unknown>>;
  }

  async function run({ access = 'public', idToken, answers = [RIGHT], traces = [], inMinute = {} }: Given) {
    const pulumi = new FakePulumi();
    pulumi.settings.access = access;
    const stop = new AbortController();
    const shares: (number | undefined)[] = [];
    const lines: string[] = [];
    let minute = 0;
    await using tag = await tagServer(() => answers[Math.min(minute, answers.length - 1)] ?? RIGHT);
    pulumi.canaryUrl = tag.url;
    const outcome = await canary({
      ...{ stack: 'prod', image: IMAGE, pulumi, idToken, signal: stop.signal },
      observe: async () => {
        const next = traces[shares.length] ?? good;
        shares.push(pulumi.deployed.rollout?.canaryPercent);
        if (next instanceof Error) throw next;
        return next;
      },
      now: () => minute * 60_000,
      nextMinute: async () => {
        minute++;
        await inMinute[minute]?.(pulumi, stop);
      },
      log: (line) => lines.push(line),
    }).catch((error: unknown) => error);
    return { outcome, shares, lines, asked: tag.asked, ups: pulumi.ups, deployed: pulumi.deployed };
  }

  const returned = { rollout: { stableRevision: 'records-api-00001-abc', canaryPercent: 0 } };

  it('that is good is checked at its tag, takes a part, and then every request', async () => {
    const trace = { ...good, canary: good.canary.slice(0, 2) };
    const { outcome, shares, deployed, asked, lines } = await run({ traces: [trace] });
    expect(outcome).toBe('promoted');
    expect(asked).toEqual([
      ...['/health/ready', '/records?limit=1'],
      expect.stringMatching(/^\/records\/canary-[0-9a-f-]{36}$/),
      '/records/a-1',
    ]);
    expect(shares).toEqual([10, 10]);
    expect(deployed).toMatchObject({ image: IMAGE, rollout: { canaryPercent: 100 } });
    expect(lines[1]).toContain('a record is the same in the list and by its id; an unknown id is a 404');
  });

  it.each<[string, Answers, string]>([
    ['is not ready', { ...RIGHT, '/health/ready': [503, 'starting'] }, '/health/ready answers 503, not 200'],
    ['cannot list', { ...RIGHT, '/records?limit=1': [500, {}] }, '/records?limit=1 answers 500'],
    ['lists no JSON', { ...RIGHT, '/records?limit=1': [200, '<html>'] }, 'is not JSON: <html>'],
    [
      'lists records without a column',
      { ...RIGHT, '/records?limit=1': [200, [{ id: 'a-1', nombre: 'Ana', apellido: 'Pérez' }]] },
      'is not a record: the API drops the column pais',
    ],
    [
      'lists more than records have',
      { ...RIGHT, '/records?limit=1': [200, [{ id: 'a', nombre: '', apellido: '', pais: '', edad: 1 }]] },
      'the API serves more than the record: edad',
    ],
    ['finds nothing by id', { ...RIGHT, '/records/a-1': [404, {}] }, '/records/a-1 answers 404, not 200'],
    [
      'finds another by id',
      { ...RIGHT, '/records/a-1': [200, { id: 'a-1', nombre: 'Eva', apellido: 'Pérez', pais: 'Chile' }] },
      '/records/a-1 differs from the record in the list',
    ],
  ])('that %s at its tag goes back before it takes a request', async (_, answers, because) => {
    const { outcome, shares, deployed, lines } = await run({ answers: [answers] });
    expect(lines.at(-1)).toContain(because);
    expect(outcome).toBe('returned');
    expect(shares).toEqual([]);
    expect(deployed).toMatchObject(returned);
  });

  it('that finds an unknown record goes back, too', async () => {
    const everything = new Proxy(RIGHT, { get: (_, path) => RIGHT[String(path)] ?? [200, {}] });
    const { outcome, lines } = await run({ answers: [everything] });
    expect(outcome).toBe('returned');
    expect(lines.at(-1)).toMatch(/\/records\/canary-\S+ answers 200, not 404/);
  });

  it('that needs a minute to be ready gets it, and one without records is promoted', async () => {
    const empty: Answers = { ...RIGHT, '/records?limit=1': [200, []] };
    const { outcome, lines } = await run({ answers: [{ '/health/ready': [503, ''] }, empty] });
    expect(outcome).toBe('promoted');
    expect(lines[2]).toContain('there is no record yet to look up');
  });

  it('of a private API is checked with a token, and does not start without one', async () => {
    const { asked, outcome } = await run({ access: 'private', idToken: 'x' });
    expect(outcome).toBe('promoted');
    expect(asked[0]).toBe('/health/ready Bearer x');
    const without = await run({ access: 'private' });
    expect(without.outcome).toMatchObject({ hint: expect.stringContaining('set API_ID_TOKEN') });
    expect(without.ups).toEqual([]);
  });

  it('behind a load balancer is not checked at its tag, and says so', async () => {
    const { asked, outcome, lines } = await run({ access: 'load-balancer' });
    expect(outcome).toBe('promoted');
    expect(asked).toEqual([]);
    expect(lines[1]).toContain('closed behind the load balancer and was not checked');
  });

  it('that is bad gives every request back, with the reason', async () => {
    const { outcome, shares, deployed, lines } = await run({ traces: [bad] });
    expect(outcome).toBe('returned');
    expect(shares).toEqual([10]);
    expect(deployed).toMatchObject(returned);
    expect(lines.at(-1)).toBe(
      'back to records-api-00001-abc: 50 of 100 answers failed: 50 %, and the limit is 1.44 %',
    );
  });

  const hiccup = new MetricsError('Cloud Monitoring answered 503', { mayPass: true });

  it('waits while its metrics are missing for a moment', async () => {
    const { outcome, lines } = await run({ traces: [hiccup, new UserError('gcloud ended'), good] });
    expect(outcome).toBe('promoted');
    expect(lines).toContain('10 %: hold, Cloud Monitoring answered 503');
    expect(lines).toContain('10 %: hold, gcloud ended');
  });

  it('goes back when its metrics are missing for too long', async () => {
    const { outcome, shares, deployed, lines } = await run({ traces: Array(60).fill(hiccup) });
    expect(outcome).toBe('returned');
    expect(shares).toHaveLength(30);
    expect(deployed).toMatchObject(returned);
    expect(lines.at(-1)).toContain('not proved after 30 minutes: Cloud Monitoring answered 503');
  });

  it('that cannot be watched at all gives every request back, and fails', async () => {
    const refused = new MetricsError('Cloud Monitoring answered 403', { mayPass: false });
    const { outcome, deployed } = await run({ traces: [refused] });
    expect(outcome).toBe(refused);
    expect(deployed).toMatchObject(returned);
  });

  it('that is told to stop gives every request back', async () => {
    const { outcome, deployed, lines } = await run({
      inMinute: { 1: (_, stop) => stop.abort('SIGTERM') },
    });
    expect(outcome).toBe('interrupted');
    expect(deployed).toMatchObject(returned);
    expect(lines.at(-1)).toBe('stopped (SIGTERM): every request goes back');
  });

  it('exits with the code of its outcome', () => {
    const from = new EventEmitter();
    const stop = stopOnSignals(from as unknown as NodeJS.Process);
    expect(stop.signal.aborted).toBe(false);
    from.emit('SIGINT');
    // A second signal neither ends the process nor counts.
    from.emit('SIGINT');
    from.emit('SIGTERM');
    expect(stop.signal.reason).toBe('SIGINT');
    const outcomes = ['promoted', 'returned', 'interrupted'] as const;
    expect(outcomes.map((outcome) => exitCodeOf(outcome, stop))).toEqual([0, 1, 130]);
  });

  it.each([false, true])('whose step fails gives every request back (outputs changed: %s)', async (after) => {
    const error = new UserError('"pulumi up" ended with exit code 255');
    const { outcome, deployed } = await run({
      traces: [good, good],
      inMinute: {
        1: (pulumi) => {
          pulumi.failure = { error, after };
        },
      },
    });
    expect(outcome).toBe(error);
    expect(deployed).toMatchObject(returned);
  });

  it('leaves the traffic to the deployment that came between', async () => {
    const rollBack = (pulumi: FakePulumi) =>
      rollout('prod', { kind: 'back', revision: 'records-api-00000-old' }, pulumi);
    for (const traces of [[], [bad]]) {
      const { outcome, deployed } = await run({ traces, inMinute: { 1: rollBack } });
      expect(outcome).toBeInstanceOf(TakenOverError);
      expect(outcome).toMatchObject({
        message: expect.stringContaining(
          'stableRevision is records-api-00000-old, not records-api-00001-abc',
        ),
      });
      expect(deployed.rollout).toEqual({ stableRevision: 'records-api-00000-old', canaryPercent: 0 });
    }
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
      if (filter.includes('ill')) {
        response.statusCode = 503;
        response.end('<html>');
        return;
      }
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
      const failureOf = (revision: string, at = endpoint) =>
        observe({ canary: revision, stable: 'old' }, 0, 1, { ...options, endpoint: at }).catch(
          (error: unknown) => error,
        );
      expect(await failureOf('gone')).toMatchObject({ mayPass: false });
      expect(await failureOf('ill')).toMatchObject({ mayPass: true });
      expect(await failureOf('x', 'http://127.0.0.1:1')).toMatchObject({
        mayPass: true,
        message: expect.stringContaining('did not answer'),
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
