import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import {
  type Declaration,
  deploy,
  openCloud,
  PROJECT,
  problemsOf,
  RUN_TIMEOUT_MS,
  stepsOf,
} from './test-cloud.ts';

jest.setTimeout(RUN_TIMEOUT_MS);

const cwd = fileURLToPath(new URL('../cloud-run', import.meta.url));
const images = { shop: { command: process.execPath, args: [], entryPoints: { 'job.js': ['job.mjs'] }, cwd } };

function job(
  environment: Record<string, string>,
  container: object = {},
  template: object = {},
): Declaration {
  return {
    type: 'cloudrunv2.Job',
    inputs: {
      name: 'shop-job',
      location: 'southamerica-west1',
      deletionProtection: false,
      template: {
        template: {
          serviceAccount: '<account.email>',
          maxRetries: 0,
          containers: [
            {
              image: 'localhost/shop:1',
              args: ['job.js'],
              envs: Object.entries(environment).map(([name, value]) => ({ name, value })),
              ...container,
            },
          ],
          ...template,
        },
      },
    },
  };
}

const account: Declaration = { type: 'serviceaccount.Account', inputs: { accountId: 'shop-job' } };
const runner: Declaration = {
  type: 'cloudrunv2.JobIamMember',
  inputs: { name: '<job.name>', role: 'roles/run.invoker', member: '<account.member>' },
};

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await openCloud({ images });
});
afterAll(() => cloud.close());

describe('a job of Cloud Run', () => {
  it('runs when it is asked for, as its account and with what the program declares at that time', async () => {
    expect(stepsOf(await deploy(cloud, { account, job: job({ GREETING: 'hola' }), runner }))).toEqual([
      'create account',
      'create job',
      'create runner',
    ]);
    expect(cloud.iam.grants()).toMatchObject([
      {
        resource: `projects/${PROJECT}/locations/southamerica-west1/jobs/shop-job`,
        role: 'roles/run.invoker',
      },
    ]);
    const run = async () => JSON.parse((await cloud.cloudRun.runJob('shop-job')).lines.at(-1) ?? '');
    expect(await run()).toMatchObject({
      environment: { GREETING: 'hola', CLOUD_RUN_JOB: 'shop-job' },
      email: `shop-job@${PROJECT}.iam.gserviceaccount.com`,
    });
    await deploy(cloud, { account, job: job({ GREETING: 'adiós' }), runner });
    expect((await run()).environment.GREETING).toBe('adiós');
    await deploy(cloud, { account });
    await expect(cloud.cloudRun.runJob('shop-job')).rejects.toThrow("Job 'shop-job' does not exist.");
  });

  it.each([
    [
      'the names that Cloud Run sets',
      job({ CLOUD_RUN_JOB: 'x' }),
      'a name that Cloud Run does not set itself',
    ],
    ['volumes', job({}, {}, { volumes: [{ name: 'v' }] }), 'a secret reaches no job here'],
    [
      'arguments that nobody said how to run',
      job({}, { args: ['other.js'] }),
      "has no entry point 'other.js'",
    ],
  ])('is refused with %s', async (_, declared, reason) => {
    expect((await problemsOf(deploy(cloud, { account, job: declared }))).join('\n')).toContain(reason);
  });
});
