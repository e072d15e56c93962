import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../src/clock.ts';
import { CloudRun } from '../../src/cloud-run/cloud-run.ts';
import type { JobSpec } from '../../src/pulumi/cloud.ts';
import { Events } from './events.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

let clock: FakeClock;
let events: Events;
let cloudRun: CloudRun;

beforeEach(() => {
  clock = new FakeClock();
  events = new Events();
  cloudRun = new CloudRun({
    projectId: 'shop-local',
    projectNumber: '1234',
    location: 'southamerica-west1',
    images: {
      shop: {
        command: process.execPath,
        args: ['container.mjs'],
        entryPoints: { 'job.js once': ['job.mjs'] },
        environment: { IMAGE: 'shop', GREETING: 'hello' },
        cwd: HERE,
      },
    },
    environment: { ENDPOINT: 'here' },
    tokenFor: (email) => `token-of-${email}`,
    refusalOf: () => undefined,
    clock,
    onEvent: events.push,
  });
});
afterEach(() => cloudRun.close());

function put(overrides: Partial<JobSpec> = {}): void {
  cloudRun.putJob({
    job: 'shop-job',
    image: 'southamerica-west1-docker.pkg.dev/p/repository/shop:1.2',
    args: ['job.js', 'once'],
    environment: {},
    serviceAccount: 'shop-job@shop-local.iam.gserviceaccount.com',
    timeoutSeconds: 60,
    maxRetries: 0,
    ...overrides,
  });
}

describe('an execution of a job', () => {
  it("runs to its end with the declared environment and account, the image's environment, the endpoints of this cloud, and nothing else", async () => {
    put({ environment: { GREETING: 'hola' } });
    const execution = await cloudRun.runJob('shop-job');
    expect(execution).toMatchObject({ succeeded: true, how: 'exit code 0', attempts: 1 });
    const { environment, email, token } = JSON.parse(execution.lines.at(-1) ?? '');
    expect(environment).toEqual({
      PATH: process.env.PATH,
      IMAGE: 'shop',
      ENDPOINT: 'here',
      GREETING: 'hola',
      GCE_METADATA_HOST: expect.any(String),
      CLOUD_RUN_JOB: 'shop-job',
      CLOUD_RUN_EXECUTION: execution.name,
      CLOUD_RUN_TASK_INDEX: '0',
      CLOUD_RUN_TASK_ATTEMPT: '0',
      CLOUD_RUN_TASK_COUNT: '1',
    });
    expect([email, token]).toEqual([
      'shop-job@shop-local.iam.gserviceaccount.com',
      'token-of-shop-job@shop-local.iam.gserviceaccount.com',
    ]);
  });

  it('is retried as often as declared, and then fails', async () => {
    put({ environment: { BEHAVIOUR: 'exits' }, maxRetries: 2 });
    expect(await cloudRun.runJob('shop-job')).toMatchObject({
      succeeded: false,
      how: 'exit code 3',
      attempts: 3,
      lines: ['attempt 0 fails', 'attempt 1 fails', 'attempt 2 fails'],
    });
  });

  it('ends at its timeout', async () => {
    put({ environment: { BEHAVIOUR: 'never ends' } });
    const running = cloudRun.runJob('shop-job');
    await events.next((event) => event.type === 'log' && event.message === 'waiting');
    await clock.advance(60_000);
    expect(await running).toMatchObject({ succeeded: false, how: 'timeout after 60 s' });
  });

  it('ends when the job is deleted, which cannot run again', async () => {
    put({ environment: { BEHAVIOUR: 'never ends' } });
    const running = cloudRun.runJob('shop-job');
    await events.next((event) => event.type === 'log' && event.message === 'waiting');
    await cloudRun.deleteJob('shop-job');
    expect(await running).toMatchObject({ succeeded: false, how: 'cancelled' });
    await expect(cloudRun.runJob('shop-job')).rejects.toThrow("Job 'shop-job' does not exist.");
  });
});

it('arguments without an entry point are refused, with the known ones named', () => {
  expect(() => put({ args: ['other.js'] })).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND', hint: expect.stringContaining('known: job.js once') }),
  );
});
