import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { LOG_METRICS, SYSTEM } from '@records/monitoring';
import { readProbeConfig } from '../src/probe/config.ts';
import { Google } from '../src/probe/google.ts';
import { lineOf } from '../src/probe/line.ts';
import { probe } from '../src/probe/probe.ts';
import { differenceOf, idAt, markedRecord } from '../src/probe/record.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { ApiProcess } from './support/process.ts';

const PROBER = fileURLToPath(new URL('../src/probe/main.ts', import.meta.url));

const environment = {
  GOOGLE_CLOUD_PROJECT: 'shop-project',
  BIGQUERY_LOCATION: 'southamerica-west1',
  RECORDS_TABLE: 'shop-project.records.records',
  RECORDS_TOPIC: 'projects/shop-project/topics/records',
  API_URL: 'http://127.0.0.1:1',
  METADATA_SERVER_DETECTION: 'none',
};

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterAll(() => new Promise((resolve) => server.close(resolve)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the prober', () => {
  it('does not start with an environment that is wrong, and lists every mistake', async () => {
    const { API_URL: _, ...rest } = environment;
    const prober = new ApiProcess({ ...rest, RECORDS_TOPIC: 'records' }, [PROBER]);
    expect(await prober.exited()).toBe(1);
    expect(prober.stderr).toBe(`The environment has 2 mistakes:
  RECORDS_TOPIC is "records": it must be a topic in full: projects/PROJECT/topics/TOPIC (the topic to publish to, for example RECORDS_TOPIC=projects/my-project/topics/records).
  API_URL is not set: it must be a URL that starts with http:// or https:// (the API that must serve the record, for example API_URL=https://records.example.com).
`);
  });

  it('asks a private API with an ID token for it, and Google with an access token, as the account of the job', async () => {
    const asked: [string, IncomingHttpHeaders['authorization']][] = [];
    const metadata = await listen((request, response) => {
      response.setHeader('Metadata-Flavor', 'Google');
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://metadata');
      if (pathname.endsWith('/identity')) response.end(idTokenFor(searchParams.get('audience') ?? ''));
      else if (pathname.endsWith('/token'))
        response.end(
          JSON.stringify({ access_token: 'an-access-token', expires_in: 3600, token_type: 'Bearer' }),
        );
      else response.end('googleapis.com');
    });
    let record: Record<string, string> = {};
    const google = await listen(async (request, response) => {
      const body = await text(request);
      asked.push([`${request.method} ${request.url}`, request.headers.authorization]);
      response.setHeader('content-type', 'application/json');
      if (request.url?.endsWith(':publish')) {
        record = JSON.parse(Buffer.from(JSON.parse(body).messages[0].data, 'base64').toString());
        response.end('{"messageIds":["1"]}');
      } else if (request.method === 'GET') response.end(JSON.stringify(record));
      else if (body.includes('DELETE')) response.end('{"jobComplete":true,"numDmlAffectedRows":"1"}');
      else response.end('{"jobComplete":true,"rows":[{"f":[{"v":"0"}]}]}');
    });
    const prober = new ApiProcess(
      {
        ...environment,
        API_URL: `http://${google}`,
        API_PRIVATE: 'true',
        CLOUD_RUN_JOB: 'records-probe',
        GCE_METADATA_HOST: metadata,
        PUBSUB_EMULATOR_HOST: google,
        BIGQUERY_EMULATOR_HOST: `http://${google}/bigquery/v2`,
      },
      [PROBER],
    );
    expect([await prober.exited(), prober.stderr]).toEqual([0, '']);
    const access = 'Bearer an-access-token';
    expect(asked).toEqual([
      ['POST /v1/projects/shop-project/topics/records:publish', access],
      [`GET /records/${record.id}`, `Bearer ${idTokenFor(`http://${google}`)}`],
      ['POST /bigquery/v2/projects/shop-project/queries', access],
      ['POST /bigquery/v2/projects/shop-project/queries', access],
    ]);
    const [line] = prober.lines();
    expect(line).toMatchObject({ severity: 'INFO', probe: { outcome: 'passed' } });
    expect(JSON.stringify(line)).not.toMatch(/Prueba|Ñandú|Perú|probe-[0-9a-z]{8}-/);
  });
});

describe('a probe', () => {
  it('fails at "visible" when the API never serves the record, and deletes it all the same', async () => {
    const asked: string[] = [];
    const google = await listen(async (request, response) => {
      const body = await text(request);
      asked.push(`${request.method} ${body.includes('DELETE') ? 'DELETE' : request.url}`);
      if (request.method === 'GET') response.statusCode = 404;
      response.setHeader('content-type', 'application/json');
      response.end('{"jobComplete":true,"numDmlAffectedRows":"1","rows":[{"f":[{"v":"0"}]}]}');
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
    expect(result).toMatchObject({ outcome: 'failed', stage: 'visible', seconds: { visible: 3 } });
    expect(result.reason).toMatch(
      /^the API does not serve the record 3 s after it was published, and answers 404 /,
    );
    expect(asked.filter((call) => call.startsWith('GET'))).toHaveLength(4);
    expect(asked).toContain('POST DELETE');
  });
});

/** A token that is for this audience and good for an hour, as far as a client looks at it. */
function idTokenFor(audience: string): string {
  const claims = { aud: audience, exp: 4_102_444_800 };
  return ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

describe('the line of a probe', () => {
  const seconds = { publish: 0.1, visible: 2, delete: 1 };
  const passed = lineOf({ outcome: 'passed', seconds, swept: 0 }, 'p');
  const failed = lineOf({ outcome: 'failed', stage: 'visible', reason: 'why', seconds, swept: 0 }, 'p');

  it('is counted by the log-based metric when the probe passed, and only then', () => {
    const metric = LOG_METRICS.find(({ name }) => name === SYSTEM.probeMetric);
    const [, path = '', wanted] = / AND jsonPayload\.([\w.]+)="(\w+)"$/.exec(metric?.filter ?? '') ?? [];
    const valueIn = (fields: object) =>
      path.split('.').reduce<unknown>((value, key) => Reflect.get(Object(value), key), fields);
    expect([valueIn(passed.fields), valueIn(failed.fields)]).toEqual([wanted, 'failed']);
    expect(metric?.filter).toContain('resource.labels.job_name="records-probe"');
  });

  it('names the stage that failed, how long each took, and the trace', () => {
    expect(failed).toMatchObject({ level: 'error', message: 'probe failed at visible: why' });
    const traced = lineOf({ outcome: 'passed', seconds, swept: 0, traceId: 'abc' }, 'p');
    expect(traced.fields).toEqual({
      probe: { outcome: 'passed', seconds, swept: 0 },
      'logging.googleapis.com/trace': 'projects/p/traces/abc',
    });
    expect(traced.message).toBe('probe passed in 3.1 s');
  });
});

describe('a marked record', () => {
  it('has an id of its time, so that those of one mark are ordered by it', () => {
    const times = [0, 1_700_000_000_000, 1_800_000_000_000, 2_800_000_000_000];
    const ids = times.map((time) => markedRecord('probe-', time).id);
    expect([...ids].reverse().sort()).toEqual(ids);
    expect(ids[1]?.startsWith(idAt('probe-', times[1] ?? 0))).toBe(true);
  });

  it('is compared column by column with what is served', () => {
    const record = markedRecord('e2e-', 1);
    const { pais: _, ...without } = record;
    expect(differenceOf(record, { ...record })).toBeUndefined();
    expect(differenceOf(record, without)).toBe('the API drops the column pais');
    expect(differenceOf(record, { ...record, nombre: 'x' })).toBe('the API changes nombre: "x"');
    expect(differenceOf(record, { ...record, edad: 1 })).toBe('the API serves more than the record: edad');
    expect(differenceOf(record, null)).toBe('the API serves null');
  });
});

it('the configuration of the prober takes what its resource declares', () => {
  expect(readProbeConfig({ ...environment, API_PRIVATE: 'true' })).toMatchObject({
    isApiPrivate: true,
    job: 'records-probe',
    table: { projectId: 'shop-project', datasetId: 'records', tableId: 'records' },
  });
});
