import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { LOG_METRICS, SYSTEM } from '@records/monitoring';
import { Google } from '@records/runtime';
import { readProbeConfig } from '../src/config.ts';
import { lineOf } from '../src/line.ts';
import { probe } from '../src/probe.ts';
import { faultOf, madeUpRecord } from '../src/record.ts';

const PROBER = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const environment = {
  GOOGLE_CLOUD_PROJECT: 'shop-project',
  BIGQUERY_LOCATION: 'southamerica-west1',
  PROBE_TABLE: 'shop-project.records.probes',
  PROBE_TOPIC: 'projects/shop-project/topics/records-probe',
  API_URL: 'http://127.0.0.1:1',
  METADATA_SERVER_DETECTION: 'none',
};

const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Runs the program of the job with these variables and no others. */
async function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [PROBER], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputs = [text(child.stdout), text(child.stderr)] as const;
  const [code] = await once(child, 'close');
  const [stdout, stderr] = await Promise.all(outputs);
  return { code, stdout, stderr };
}

describe('the prober', () => {
  it('does not start with a wrong environment, and lists every mistake', async () => {
    const { API_URL: _, ...rest } = environment;
    expect(await run({ ...rest, PROBE_TOPIC: 'records' })).toEqual({
      code: 1,
      stdout: '',
      stderr: `The environment has 2 mistakes:
  PROBE_TOPIC is "records": it must be a full topic name: projects/PROJECT/topics/TOPIC (the topic to publish to, for example PROBE_TOPIC=projects/my-project/topics/records-probe).
  API_URL is not set: it must be a URL that starts with http:// or https:// (the API that must be ready, for example API_URL=https://records.example.com).
`,
    });
  });

  it('asks a private API with an ID token for it, and Google with an access token, as the account of the job', async () => {
    const asked: [string, IncomingHttpHeaders['authorization']][] = [];
    const metadata = await listen((request, response) => {
      response.setHeader('Metadata-Flavor', 'Google');
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://metadata');
      const token = { access_token: 'an-access-token', expires_in: 3600, token_type: 'Bearer' };
      if (pathname.endsWith('/identity')) response.end(idTokenFor(searchParams.get('audience') ?? ''));
      else response.end(pathname.endsWith('/token') ? JSON.stringify(token) : 'googleapis.com');
    });
    let stored = 0;
    const google = await listen(async (request, response) => {
      await text(request);
      asked.push([`${request.method} ${request.url}`, request.headers.authorization]);
      response.setHeader('content-type', 'application/json');
      if (request.url?.endsWith(':publish')) stored += 1;
      response.end(countOf(stored));
    });
    const { code, stdout, stderr } = await run({
      ...environment,
      API_URL: `http://${google}`,
      API_PRIVATE: 'true',
      CLOUD_RUN_JOB: 'records-probe',
      GCE_METADATA_HOST: metadata,
      PUBSUB_EMULATOR_HOST: google,
      BIGQUERY_EMULATOR_HOST: `http://${google}/bigquery/v2`,
    });
    expect([code, stderr]).toEqual([0, '']);
    const access = 'Bearer an-access-token';
    expect(asked).toEqual([
      ['POST /bigquery/v2/projects/shop-project/queries', access],
      ['POST /v1/projects/shop-project/topics/records-probe:publish', access],
      ['POST /bigquery/v2/projects/shop-project/queries', access],
      ['GET /health/ready', `Bearer ${idTokenFor(`http://${google}`)}`],
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ severity: 'INFO', probe: { outcome: 'passed' } });
    expect(stdout).not.toMatch(/Prueba|Ñandú|Perú|probe-[0-9a-z]{8}-/);
  });
});

describe('a probe', () => {
  /** Runs a probe against stand-ins that store a message or not, and whose API answers this status. Time passes only by waiting. */
  async function probed({ stores, status }: { readonly stores: boolean; readonly status: number }) {
    const asked: string[] = [];
    let stored = 7;
    const google = await listen(async (request, response) => {
      const body = await text(request);
      asked.push(
        request.url?.endsWith('/queries') ? JSON.parse(body).query : `${request.method} ${request.url}`,
      );
      if (request.url?.endsWith(':publish') && stores) stored += 1;
      if (request.url === '/health/ready') response.statusCode = status;
      response.setHeader('content-type', 'application/json');
      response.end(countOf(stored));
    });
    let time = 1_700_000_000_000;
    const result = await probe({
      config: readProbeConfig({ ...environment, API_URL: `http://${google}` }),
      google: new Google({ PUBSUB_EMULATOR_HOST: google, BIGQUERY_EMULATOR_HOST: `http://${google}` }),
      waits: {
        ...{ waitMs: 3_000, pauseMs: 1_000, now: () => time },
        pause: async (ms) => {
          time += ms;
        },
      },
    });
    return { result, asked };
  }

  it('passes when one row more is stored and the API is ready, and asks for nothing that BigQuery bills', async () => {
    const { result, asked } = await probed({ stores: true, status: 200 });
    expect(result).toEqual({ outcome: 'passed', seconds: { count: 0, publish: 0, arrive: 0, ready: 0 } });
    const count = 'SELECT COUNT(*) AS n FROM `shop-project.records.probes`';
    expect(asked).toEqual([
      count,
      'POST /v1/projects/shop-project/topics/records-probe:publish',
      count,
      'GET /health/ready',
    ]);
  });

  it('fails at "arrive" when no row is stored, and asks the API all the same, within one time for all stages', async () => {
    const { result, asked } = await probed({ stores: false, status: 503 });
    expect(result).toMatchObject({
      outcome: 'failed',
      stage: 'arrive',
      reason: 'the published record is not in the table of probes (waited 3 s)',
      seconds: { arrive: 3, ready: 0 },
    });
    expect(asked.filter((call) => call === 'GET /health/ready')).toHaveLength(1);
  });

  it('fails at "ready" when the API stays unready, and quotes its answer', async () => {
    const { result, asked } = await probed({ stores: true, status: 503 });
    expect(result).toMatchObject({ outcome: 'failed', stage: 'ready', seconds: { ready: 3 } });
    expect(result.reason).toMatch(
      /^the API is not ready: \/health\/ready answers 503, not 200: .* \(waited 3 s\)$/,
    );
    expect(asked.filter((call) => call === 'GET /health/ready')).toHaveLength(4);
  });
});

/** BigQuery's answer to a count; enough for Pub/Sub and the API, too. */
function countOf(rows: number): string {
  return JSON.stringify({ jobComplete: true, rows: [{ f: [{ v: String(rows) }] }], messageIds: ['1'] });
}

/** A token for this audience that is valid for an hour, as far as a client looks. */
function idTokenFor(audience: string): string {
  const claims = { aud: audience, exp: 4_102_444_800 };
  return ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

describe('the line of a probe', () => {
  const seconds = { count: 0.1, publish: 1, arrive: 1.5, ready: 0.5 };
  const passed = lineOf({ outcome: 'passed', seconds }, 'p');
  const failed = lineOf({ outcome: 'failed', stage: 'arrive', reason: 'why', seconds }, 'p');

  it('is counted by the log-based metric when the probe passed, and only then', () => {
    const metric = LOG_METRICS.find(({ name }) => name === SYSTEM.probeMetric);
    const [, path = '', wanted] = / AND jsonPayload\.([\w.]+)="(\w+)"$/.exec(metric?.filter ?? '') ?? [];
    const valueIn = (fields: object) =>
      path.split('.').reduce<unknown>((value, key) => Reflect.get(Object(value), key), fields);
    expect([valueIn(passed), valueIn(failed)]).toEqual([wanted, 'failed']);
    expect(metric?.filter).toContain('resource.labels.job_name="records-probe"');
  });

  it('names the stage that failed, how long each took, and the trace', () => {
    expect(failed).toMatchObject({ severity: 'ERROR', message: 'probe failed at arrive: why' });
    expect(lineOf({ outcome: 'passed', seconds, traceId: 'abc' }, 'p')).toEqual({
      severity: 'INFO',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      probe: { outcome: 'passed', seconds },
      'logging.googleapis.com/trace': 'projects/p/traces/abc',
      message: 'probe passed in 3.1 s',
    });
  });
});

describe('a made-up record', () => {
  it('has an id that sorts by time among those of its mark', () => {
    const times = [0, 1_700_000_000_000, 1_800_000_000_000, 2_800_000_000_000];
    const ids = times.map((time) => madeUpRecord('probe-', time).id);
    expect([...ids].reverse().sort()).toEqual(ids);
  });

  it('is compared column by column with the served record', () => {
    const record = madeUpRecord('e2e-', 1);
    const { pais: _, ...without } = record;
    expect(faultOf({ ...record }, record)).toBeUndefined();
    expect(faultOf(without, record)).toBe('the API drops the column pais');
    expect(faultOf({ ...record, nombre: 'x' }, record)).toBe('the API serves "x" as nombre');
    expect(faultOf({ ...record, edad: 1 }, record)).toBe('the API serves more than the record: edad');
    expect(faultOf(null, record)).toBe('the API serves null');
  });
});

it('a served value is a record when it has strings in all columns and nothing else', () => {
  const record = { id: 'a', nombre: '', apellido: 'x'.repeat(999), pais: 'Narnia' };
  expect(faultOf(record)).toBeUndefined();
  expect(faultOf({ ...record, pais: 5 })).toBe('the API serves 5 as pais');
  expect(faultOf({ ...record, edad: 1 })).toBe('the API serves more than the record: edad');
});

it('the configuration of the prober takes what its resource declares', () => {
  expect(readProbeConfig({ ...environment, API_PRIVATE: 'true' })).toMatchObject({
    isApiPrivate: true,
    job: 'records-probe',
    table: { projectId: 'shop-project', datasetId: 'records', tableId: 'probes' },
  });
});
