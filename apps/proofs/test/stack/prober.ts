import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Grant } from '@records/local-cloud';
import { type ProbeResult, probe } from '@records/prober';
import { type CheckResult, EndToEndSuite } from '@records/prober/e2e';
import { Google } from '@records/runtime';
import { bigquery, pubsub, stack } from './shared.ts';

const PROBER = 'serviceAccount:records-probe@records-local.iam.gserviceaccount.com';

const fronts: Server[] = [];

afterAll(() => {
  for (const front of fronts) {
    front.closeAllConnections();
    front.close();
  }
});

/** Time passes only by waiting, so a wait ends after a number of looks. */
function waits(start: number, waitMs: number) {
  let time = start;
  const pause = async (ms: number) => {
    time += ms;
    await setImmediate();
  };
  return { waitMs, pauseMs: 1_000, now: () => time, pause };
}

/** Runs the declared job, as its account. Answers its exit and its one line. */
async function runJob(): Promise<{ succeeded: boolean; line: { message: string; probe: ProbeResult } }> {
  const { succeeded, lines } = await stack.runProbe();
  expect(lines).toHaveLength(1);
  return { succeeded, line: JSON.parse(lines[0] ?? '') };
}

/** Runs the same program in this process. */
function runHere(api = stack.outputs.apiUrl): Promise<ProbeResult> {
  const { probeTopic: topic = '', probeTable = '' } = stack.outputs;
  const [projectId = '', datasetId = '', tableId = ''] = probeTable.split('.');
  return probe({
    config: {
      ...{ api, topic, table: { projectId, datasetId, tableId } },
      ...{ project: projectId, location: stack.outputs.region, isApiPrivate: false, job: 'records-probe' },
    },
    google: new Google(stack.environment),
    waits: waits(Date.now(), 120_000),
  });
}

function runSuite(
  api = stack.outputs.apiUrl,
  { environment = stack.environment, isGoogle = false, waitMs = 200_000 } = {},
): Promise<readonly CheckResult[]> {
  const { topic } = stack.outputs;
  return new EndToEndSuite({ api, topic, environment, isGoogle }, waits(0, waitMs)).run();
}

async function listen(server: Server): Promise<string> {
  fronts.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The API, with what it answers to a look-up changed on the way. */
function front(change: (body: Record<string, unknown>) => object | undefined): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url ?? '/', stack.outputs.apiUrl));
    const body = answer.ok ? change((await answer.json()) as Record<string, unknown>) : undefined;
    response.statusCode = body === undefined ? 404 : answer.status;
    response.end(JSON.stringify(body ?? { title: 'Record not found' }));
  });
  return listen(server);
}

const failures = (checks: readonly CheckResult[]) =>
  checks.filter(({ outcome }) => outcome === 'failed').map(({ detail }) => detail);

/** Ids of made-up records in the table of records. */
async function madeUp(): Promise<string[]> {
  const [found] = await bigquery.query(
    `SELECT id FROM \`${stack.outputs.table}\` WHERE STARTS_WITH(id, 'probe-') OR STARTS_WITH(id, 'e2e-') ORDER BY id`,
  );
  return found.map(({ id }: { id: string }) => id);
}

/** Runs the job without a role of its account. */
async function runJobWithout(role: string) {
  const { iam } = stack.cloud;
  const held = iam.grants().find((grant): grant is Grant => grant.member === PROBER && grant.role === role);
  if (!held) throw new Error(`the program does not grant ${role} to the prober`);
  iam.revoke(held);
  try {
    return await runJob();
  } finally {
    iam.grant(held);
  }
}

describe('the prober', () => {
  it('passes on a system that works, as the account that the program grants', async () => {
    const { succeeded, line } = await runJob();
    const [count, publish, arrive, ready] = Array(4).fill(expect.any(Number));
    expect({ succeeded, line }).toMatchObject({
      succeeded: true,
      line: {
        severity: 'INFO',
        message: expect.stringMatching(/^probe passed in \d+\.\d s$/),
        probe: { outcome: 'passed', seconds: { count, publish, arrive, ready } },
      },
    });
  }, 60_000);

  it('bills nothing, and leaves the records, their table and their lists as they are', async () => {
    const { publish } = await import('./requests.ts');
    await publish(pubsub, stack.outputs.topic, {
      id: '0000-first',
      nombre: 'Ana',
      apellido: 'Pérez',
      pais: 'Chile',
    });
    const list = async () => {
      const response = await fetch(`${stack.outputs.apiUrl}/records?limit=1000`);
      return { body: await response.text(), tag: response.headers.get('etag') };
    };
    while (!(await list()).body.includes('0000-first')) await setImmediate();
    const [, datasetId = '', tableId = ''] = stack.outputs.table.split('.');
    const state = async () => {
      const { numRows, lastModifiedTime } = await stack.cloud.bigquery.getTable(datasetId, tableId);
      return { numRows, lastModifiedTime, billed: stack.cloud.bigquery.usage().bytesBilled };
    };
    const [listed, before] = [await list(), await state()];
    for (let run = 0; run < 3; run++) expect(await runHere()).toMatchObject({ outcome: 'passed' });
    expect(await state()).toEqual(before);
    expect(await list()).toEqual(listed);
    expect(await madeUp()).toEqual([]);
  }, 60_000);

  it('fails at "ready" when nothing answers at the address of the API', async () => {
    expect(await runHere('http://127.0.0.1:2')).toMatchObject({
      outcome: 'failed',
      stage: 'ready',
      reason: expect.stringMatching(
        /^the API is not ready: \/health\/ready does not answer: .* \(waited 1\d\d s\)$/,
      ),
    });
  }, 60_000);

  it('fails at "count" without the grant on its table, with a non-zero exit', async () => {
    expect(await runJobWithout('roles/bigquery.dataViewer')).toMatchObject({
      succeeded: false,
      line: {
        severity: 'ERROR',
        message: expect.stringMatching(
          /^probe failed at count: Access Denied: Table records-local:records\.probes: /,
        ),
        probe: { outcome: 'failed', stage: 'count' },
      },
    });
  }, 60_000);

  it('fails at "publish" without the grant on the topic', async () => {
    const { succeeded, line } = await runJobWithout('roles/pubsub.publisher');
    expect({ succeeded, stage: line.probe.stage }).toEqual({ succeeded: false, stage: 'publish' });
    expect(line.message).toContain('User not authorized');
    expect(line.probe.seconds).not.toHaveProperty('arrive');
  }, 60_000);

  it('fails at "arrive" when Pub/Sub may not write, and leaves no message that a later probe could take for its own', async () => {
    const { iam } = stack.cloud;
    const held = iam
      .grants()
      .find(
        ({ role, resource }) => role === 'roles/bigquery.dataEditor' && resource.endsWith('/tables/probes'),
      );
    if (!held) throw new Error('the program does not let Pub/Sub write probes');
    iam.revoke(held);
    try {
      expect(await runHere()).toMatchObject({ outcome: 'failed', stage: 'arrive' });
    } finally {
      iam.grant(held);
    }
    const [{ messageRetentionDuration }] = await pubsub
      .subscription('records-probe-to-bigquery')
      .getMetadata();
    expect(Number(messageRetentionDuration?.seconds)).toBe(600);
  }, 60_000);
});

describe('the end-to-end suite', () => {
  it('passes on a system that works, and leaves nothing behind', async () => {
    const checks = await runSuite();
    expect(failures(checks)).toEqual([]);
    expect(checks.map(({ outcome }) => outcome)).toEqual(Array(5).fill('passed'));
    expect(checks[3]?.detail).toContain('sobra');
    expect(await madeUp()).toEqual([]);
  }, 120_000);

  it('fails when the API drops a column, and says which', async () => {
    const checks = await runSuite(await front(({ pais: _, ...rest }) => rest));
    expect(failures(checks)).toEqual(['the API drops the column pais']);
    expect(await madeUp()).toEqual([]);
  }, 120_000);

  it('reports a dead letter that Google may treat differently, and fails on it only on the local cloud', async () => {
    const pubsubUrl = `http://${stack.environment.PUBSUB_EMULATOR_HOST}`;
    // Refuses at publish what the local cloud accepts: a field that the topic's schema does not have.
    const strict = await listen(
      createServer(async (request, response) => {
        const body = request.method === 'POST' ? Buffer.concat(await Array.fromAsync(request)) : null;
        const data = JSON.parse(body?.toString() || '{}').messages?.[0]?.data ?? '';
        const isRefused = Buffer.from(data, 'base64').includes('sobra');
        const { method = '', headers } = request;
        const answer = isRefused
          ? undefined
          : await fetch(new URL(request.url ?? '/', pubsubUrl), {
              ...{ method, body },
              headers: { 'content-type': headers['content-type'] ?? 'application/json' },
            });
        response.statusCode = answer?.status ?? 400;
        response.end((await answer?.text()) ?? '{"error":{"code":400,"message":"Invalid data in message"}}');
      }),
    );
    const environment = { ...stack.environment, PUBSUB_EMULATOR_HOST: new URL(strict).host };
    // Enough looks for the list of an earlier suite to end.
    const options = { environment, waitMs: 5_000_000 };
    const atGoogle = await runSuite(stack.outputs.apiUrl, { ...options, isGoogle: true });
    expect(atGoogle.map(({ outcome }) => outcome)).toEqual([
      ...['passed', 'passed', 'passed', 'unconfirmed', 'passed'],
    ]);
    expect(atGoogle[3]?.detail).toMatch(
      /Invalid data in message.* \(Google does not document this: it fails nothing\)$/,
    );
    const here = await runSuite(stack.outputs.apiUrl, options);
    expect(here[3]?.outcome).toBe('failed');
    expect(await madeUp()).toEqual([]);
  }, 120_000);

  it('fails when nothing answers at the address of the API, and publishes nothing', async () => {
    const checks = await runSuite('http://127.0.0.1:2');
    expect(failures(checks)).toEqual([
      expect.stringMatching(/^\/health\/live does not answer: .*fetch failed/),
    ]);
    expect(checks.map(({ outcome }) => outcome)).toEqual([
      ...['passed', 'failed', 'not tried', 'not tried', 'passed'],
    ]);
  }, 120_000);

  it('fails when the API serves another table, and removes its record all the same', async () => {
    const checks = await runSuite(await front(() => undefined));
    expect(failures(checks)).toEqual([
      expect.stringMatching(/^the API does not serve e2e-.*: it answers 404/),
    ]);
    expect(checks.at(-1)).toMatchObject({ name: 'nothing of the run is left', outcome: 'passed' });
    expect(await madeUp()).toEqual([]);
  }, 120_000);
});

describe('without the subscription', () => {
  beforeAll(() => pubsub.subscription('records-to-bigquery').delete());

  it('the end-to-end suite fails before it publishes anything', async () => {
    const checks = await runSuite();
    expect(failures(checks)).toEqual([
      `the subscription is gone: ${stack.outputs.topic} has no subscription that writes into BigQuery`,
    ]);
    expect(checks.slice(1).map(({ outcome }) => outcome)).toEqual(Array(3).fill('not tried'));
  }, 120_000);
});
