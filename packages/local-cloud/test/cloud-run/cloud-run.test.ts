import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../src/clock.ts';
import { CloudRun } from '../../src/cloud-run/cloud-run.ts';
import { CloudError } from '../../src/errors.ts';
import { freePort } from '../../src/ports.ts';
import type { ContainerSpec, ProbeSpec } from '../../src/pulumi/cloud.ts';
import { Events } from './events.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const HEALTH: ProbeSpec = {
  path: '/health',
  headers: {},
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  failureThreshold: 3,
};

const PROJECT = { projectId: 'shop-local', projectNumber: '1234', location: 'southamerica-west1' };

const tokenFor = (email: string) => `token-of-${email}`;

let clock: FakeClock;
let events: Events;
let cloudRun: CloudRun;

function open(port?: number, ports: Record<string, number> = {}, args = ['container.mjs']): CloudRun {
  const run = { command: process.execPath, args, cwd: HERE };
  const image = { ...run, ports, ...(port ? { port } : {}) };
  return new CloudRun({
    ...PROJECT,
    images: { shop: image },
    environment: { ENDPOINT: 'here' },
    tokenFor,
    refusalOf: () => undefined,
    clock,
    onEvent: events.push,
  });
}

beforeEach(() => {
  clock = new FakeClock();
  events = new Events();
  cloudRun = open();
});
afterEach(() => cloudRun.close());

function spec(overrides: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    service: 'shop-api',
    image: 'southamerica-west1-docker.pkg.dev/p/repository/shop:1.2',
    environment: {},
    startupProbe: HEALTH,
    livenessProbe: undefined,
    serviceAccount: undefined,
    ...overrides,
  };
}

const behaving = (behaviour: string, overrides: Partial<ContainerSpec> = {}) =>
  spec({ environment: { BEHAVIOUR: behaviour }, ...overrides });

interface Answer {
  readonly pid: number;
  readonly environment: Record<string, string>;
}

async function ask(uri: string, path = '/'): Promise<Answer> {
  return (await (await fetch(`${uri}${path}`)).json()) as Answer;
}

async function refusalOf(promise: Promise<unknown>): Promise<CloudError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CloudError)) throw new Error(`expected a CloudError, got ${error}`);
  return error;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a Cloud Run service', () => {
  it('gets its own variables, those of Cloud Run, how to reach the cloud, PATH, and nothing else', async () => {
    const { uri } = await cloudRun.deploy(spec({ environment: { GREETING: 'hola' } }), 'shop-api-00001-abc');
    const { environment } = await ask(uri);
    expect(environment).toEqual({
      GREETING: 'hola',
      ENDPOINT: 'here',
      GCE_METADATA_HOST: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      PATH: process.env.PATH,
      PORT: new URL(uri).port,
      K_SERVICE: 'shop-api',
      K_REVISION: 'shop-api-00001-abc',
      K_CONFIGURATION: 'shop-api',
    });
  });

  it('gets the same local port in every revision for a port that it declares in a variable', async () => {
    const other = open(undefined, { ADMIN_PORT: 0, NOT_DECLARED: 0 });
    const declared = spec({ environment: { ADMIN_PORT: '9000' } });
    const { uri } = await other.deploy(declared, 'r1');
    const [running] = other.services();
    const given = Number((await ask(uri)).environment.ADMIN_PORT);
    expect(given).not.toBe(9000);
    expect(running?.ports).toEqual({ ADMIN_PORT: given });
    await other.deploy(declared, 'r2');
    expect(other.services()[0]?.ports).toEqual({ ADMIN_PORT: given });
    await other.close();
  });

  it("acts as its declared account in Google's clients, which ask the metadata server", async () => {
    const serviceAccount = 'shop-api@shop-local.iam.gserviceaccount.com';
    const { uri } = await cloudRun.deploy(spec({ serviceAccount }), 'r1');
    const identity = await (await fetch(`${uri}/identity`)).json();
    expect(identity).toMatchObject({
      project: 'shop-local',
      client_email: serviceAccount,
      token: tokenFor(serviceAccount),
    });
  });

  it('is deployed when its startup probe passes', async () => {
    const probe = { ...HEALTH, path: '/header', headers: { 'x-probe': 'yes' } };
    const { uri } = await cloudRun.deploy(spec({ startupProbe: probe }), 'r1');
    expect(cloudRun.services()).toEqual([
      { service: 'shop-api', revision: 'r1', uri, pid: (await ask(uri)).pid, environment: {}, ports: {} },
    ]);
    expect(events.states()).toEqual([`starting: revision r1 on port ${new URL(uri).port}`, `ready: ${uri}`]);
  });

  it('is deployed when its port accepts connections, if it declares no probe', async () => {
    const { uri } = await cloudRun.deploy(behaving('is never ready', { startupProbe: undefined }), 'r1');
    expect((await fetch(`${uri}/health`)).status).toBe(503);
  });

  it('fails to deploy with the last lines of a process that ends', async () => {
    const error = await refusalOf(cloudRun.deploy(behaving('exits'), 'r1'));
    expect(error.code).toBe('FAILED_PRECONDITION');
    expect(error.message).toContain(
      "Revision 'r1' is not ready and cannot serve traffic: the process ended (exit code 3). Its last lines:",
    );
    expect(error.message).toContain('GREETING is not set');
    expect(cloudRun.has('shop-api')).toBe(false);
  });

  it('fails to deploy when its probe does not pass in the time that it declares', async () => {
    const deployed = refusalOf(cloudRun.deploy(behaving('is never ready'), 'r1'));
    await events.next((event) => event.type === 'log' && event.message === 'listening');
    await clock.advance(30_000);
    const error = await deployed;
    expect(error.message).toContain('its startup probe did not pass within 30 s (GET /health answered 503)');
    expect(cloudRun.services()).toEqual([]);
  });

  it('fails to deploy when its image has no command, or the command does not exist', async () => {
    const unknown = await refusalOf(cloudRun.deploy(spec({ image: 'host/other@sha256:abc' }), 'r1'));
    expect(unknown.message).toBe("Image 'host/other@sha256:abc' not found.");
    expect(unknown.hint).toContain(
      'none is given for "other" (option images of LocalCloud.create; known: shop)',
    );
    const images = { shop: { command: 'no-such-command', args: [], cwd: HERE } };
    const other = new CloudRun({
      ...PROJECT,
      images,
      environment: {},
      tokenFor,
      refusalOf: () => undefined,
      clock,
      onEvent: events.push,
    });
    expect((await refusalOf(other.deploy(spec(), 'r1'))).message).toContain('spawn no-such-command ENOENT');
    await other.close();
  });

  it('fails to deploy on a port in use, instead of probing the process that listens there', async () => {
    const port = await freePort();
    const stranger = createServer((_, response) => response.end()).listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    const other = open(port);
    const error = await refusalOf(other.deploy(spec(), 'r1'));
    expect(error.message).toBe(`Port ${port} of service shop-api is in use.`);
    await other.close();
    stranger.close();
  });

  it('keeps its address over revisions, and stops the old one first', async () => {
    const first = await cloudRun.deploy(spec(), 'r1');
    const { pid } = await ask(first.uri);
    const second = await cloudRun.deploy(spec({ environment: { GREETING: 'hola' } }), 'r2');
    expect(second.uri).toBe(first.uri);
    expect((await ask(second.uri)).environment).toMatchObject({ K_REVISION: 'r2', GREETING: 'hola' });
    expect(isAlive(pid)).toBe(false);
    expect(events.states().map((state) => state.split(':')[0])).toEqual([
      'starting',
      'ready',
      'stopped',
      'starting',
      'ready',
    ]);
  });

  it('passes on the lines that its process writes, and marks those from before it is ready', async () => {
    await cloudRun.deploy(spec(), 'r1');
    const starting = { type: 'log', source: 'shop-api', severity: 'info', isStarting: true };
    const logged = events.all.filter(({ type }) => type === 'log');
    expect(logged).toEqual([
      { ...starting, message: '{"severity":"INFO","message":"starting"}' },
      { ...starting, message: 'listening' },
    ]);
  });

  it('keeps the revision that serves when a new one does not start', async () => {
    const { uri } = await cloudRun.deploy(spec(), 'r1');
    const [running] = cloudRun.services();
    const { pid } = await ask(uri);
    const error = await refusalOf(cloudRun.deploy(behaving('exits'), 'r2'));
    expect(error.message).toContain('GREETING is not set');
    expect((await ask(uri)).pid).toBe(pid);
    expect(cloudRun.services()).toEqual([running]);
    expect(events.states().map((state) => state.split(':')[0])).toEqual(['starting', 'ready']);
  });
});

describe('a failing process', () => {
  it('restarts at once after a crash, then after longer and longer waits', async () => {
    const { uri } = await cloudRun.deploy(spec(), 'r1');
    const isReady = (event: { type: string; state?: string }) =>
      event.type === 'container' && event.state === 'ready';
    const isCrashed = (event: { type: string; state?: string }) =>
      event.type === 'container' && event.state === 'crashed';
    for (const wait of [0, 1_000, 2_000, 5_000]) {
      const from = events.all.length;
      cloudRun.kill('shop-api', 'SIGKILL');
      const crash = await events.next(isCrashed, from);
      const when = wait === 0 ? 'now' : `in ${wait / 1000} s`;
      expect(crash).toMatchObject({ message: `the process ended (SIGKILL); starts again ${when}` });
      if (wait > 0) await clock.advance(wait - 1);
      expect(cloudRun.services()[0]?.pid).toBeUndefined();
      await clock.advance(wait === 0 ? 0 : 1);
      await events.next(isReady, from);
    }
    // After a stable minute, the shortest wait applies again.
    await clock.advance(60_000);
    const from = events.all.length;
    cloudRun.kill('shop-api', 'SIGKILL');
    expect(await events.next(isCrashed, from)).toMatchObject({
      message: 'the process ended (SIGKILL); starts again now',
    });
    await clock.advance(0);
    await events.next(isReady, from);
    expect((await ask(uri)).pid).toBe(cloudRun.services()[0]?.pid);
  });

  it('is killed and restarted when its liveness probe fails as often as declared', async () => {
    const liveness = { ...HEALTH, failureThreshold: 2 };
    const { uri } = await cloudRun.deploy(spec({ livenessProbe: liveness }), 'r1');
    const { pid } = await ask(uri, '/sicken');
    const from = events.all.length;
    const unhealthy = (count: number) =>
      events.next((event) => event.type === 'container' && event.message.startsWith(`${count} of 2 `), from);
    await clock.advance(10_000);
    expect(await unhealthy(1)).toMatchObject({
      state: 'unhealthy',
      message: '1 of 2 liveness probes failed (GET /health answered 503)',
    });
    await clock.advance(10_000);
    expect(await unhealthy(2)).toMatchObject({
      message: '2 of 2 liveness probes failed (GET /health answered 503); the process is killed',
    });
    await events.next((event) => event.type === 'container' && event.state === 'crashed', from);
    await clock.advance(0);
    await events.next((event) => event.type === 'container' && event.state === 'ready', from);
    expect((await ask(uri)).pid).not.toBe(pid);
  });

  it('gets SIGKILL ten seconds after it ignores a SIGTERM', async () => {
    const { uri } = await cloudRun.deploy(behaving('ignores SIGTERM'), 'r1');
    const { pid } = await ask(uri);
    const deleted = cloudRun.delete('shop-api');
    await events.next((event) => event.type === 'log' && event.message === 'SIGTERM ignored');
    await clock.advance(9_999);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(1);
    await deleted;
    expect(isAlive(pid)).toBe(false);
  });

  it('takes its child processes with it', async () => {
    await cloudRun.deploy(behaving('has a child'), 'r1');
    await events.next((event) => event.type === 'log' && event.message === 'the child runs');
    // Waits for the end of the pipe, which a living child would keep open.
    await cloudRun.delete('shop-api');
    expect(events.states().at(-1)).toBe('stopped: SIGTERM');
  });
});

describe('restart', () => {
  it('restarts the process at once, without counting as a crash', async () => {
    const { uri } = await cloudRun.deploy(spec(), 'r1');
    const { pid } = await ask(uri);
    await cloudRun.restart('shop-api');
    expect((await ask(uri)).pid).not.toBe(pid);
    expect(events.states().some((state) => state.startsWith('crashed'))).toBe(false);
  });

  it('keeps the process that serves while its files do not start, and takes them once they do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'container-'));
    const file = join(folder, 'container.mjs');
    const whole = await readFile(join(HERE, 'container.mjs'), 'utf8');
    await writeFile(file, whole);
    const other = open(undefined, {}, [file]);
    const { uri } = await other.deploy(spec(), 'r1');
    const { pid } = await ask(uri);
    await writeFile(file, `const broken = ;\n${whole}`);
    expect((await refusalOf(other.restart('shop-api'))).message).toContain(`${file}:1\nconst broken = ;`);
    expect((await ask(uri)).pid).toBe(pid);
    await writeFile(file, whole);
    await other.restart('shop-api');
    expect((await ask(uri)).pid).toBe(other.services()[0]?.pid);
    expect((await ask(uri)).pid).not.toBe(pid);
    await other.close();
    await rm(folder, { recursive: true });
  });

  it('called during a restart replaces it: both resolve when the newest process is ready', async () => {
    const { uri } = await cloudRun.deploy(spec(), 'r1');
    await Promise.all([
      cloudRun.restart('shop-api'),
      cloudRun.restart('shop-api'),
      cloudRun.restart('shop-api'),
    ]);
    expect((await ask(uri)).pid).toBe(cloudRun.services()[0]?.pid);
  });

  it('of a missing service names the existing ones', async () => {
    await cloudRun.deploy(spec(), 'r1');
    const error = await refusalOf(cloudRun.restart('shop'));
    expect([error.code, error.hint]).toEqual(['NOT_FOUND', 'services of this cloud: shop-api']);
  });
});

describe('the end of the local cloud', () => {
  it('interrupts a start, which fails', async () => {
    const deployed = refusalOf(cloudRun.deploy(behaving('is never ready'), 'r1'));
    await events.next((event) => event.type === 'log' && event.message === 'listening');
    await cloudRun.close();
    expect((await deployed).code).toBe('CANCELLED');
  });

  it('ends the containers, even when its process is killed with -9', async () => {
    const { parent, uri } = await startParent();
    await killAndWaitForContainer(parent, uri);
  });

  (process.platform === 'win32' ? it.skip : it)(
    'ends the containers when the process that would end them is killed before',
    async () => {
      const { parent, uri } = await startParent();
      const [helper] = await untilHelpers(parent);
      process.kill(Number(helper), 'SIGKILL');
      await untilHelpers(parent, helper);
      await killAndWaitForContainer(parent, uri);
    },
    // Four starts of Node one after the other, beside other tests.
    90_000,
  );
});

/** A process whose local cloud runs a service. */
async function startParent() {
  const parent = spawn(process.execPath, ['parent.ts'], {
    cwd: HERE,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  return { parent, uri: String((await lines.next()).value) };
}

async function killAndWaitForContainer(parent: ChildProcess, uri: string): Promise<void> {
  const connection = get(`${uri}/hang`);
  await once(connection, 'socket').then(([socket]) => once(socket as Socket, 'connect'));
  const closed = once(connection, 'error');
  parent.kill('SIGKILL');
  await closed;
  // A dying process closes its sockets one after the other, so some may be accepted and reset.
  await untilRefused(uri);
}

/** The ids of the processes that would end its containers, when one other than `old` runs. */
async function untilHelpers(parent: ChildProcess, old?: string): Promise<string[]> {
  for (;;) {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
    const found = stdout.matchAll(/^ *(\d+) +(\d+) .*lifeline-process\.ts$/gm);
    const ours = [...found].flatMap(([, pid = '', ppid]) => (Number(ppid) === parent.pid ? [pid] : []));
    if (ours.some((pid) => pid !== old)) return ours;
    await new Promise(setImmediate);
  }
}

async function untilRefused(uri: string): Promise<void> {
  for (;;) {
    const error: Error = await fetch(uri).then(
      ({ status }) => {
        throw new Error(`${uri} answered ${status}`);
      },
      (cause) => cause,
    );
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED') return;
    await new Promise(setImmediate);
  }
}
