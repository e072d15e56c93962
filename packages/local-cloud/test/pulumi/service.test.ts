import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import type { Deployment } from '../../src/pulumi/engine.ts';
import { changed } from './declarations.ts';
import {
  type Declaration,
  deploy,
  openCloud,
  planOf,
  problemsOf,
  RUN_TIMEOUT_MS,
  stepsOf,
} from './test-cloud.ts';

jest.setTimeout(RUN_TIMEOUT_MS);

const cwd = fileURLToPath(new URL('../cloud-run', import.meta.url));
const images = { shop: { command: process.execPath, args: ['container.mjs'], cwd } };

function service(environment: Record<string, string>, template: Record<string, unknown> = {}): Declaration {
  return {
    type: 'cloudrunv2.Service',
    inputs: {
      name: 'shop-api',
      location: 'southamerica-west1',
      deletionProtection: false,
      template: {
        serviceAccount: '<account.email>',
        containers: [
          {
            image: 'southamerica-west1-docker.pkg.dev/test-project/shop/shop@sha256:abc',
            envs: Object.entries(environment).map(([name, value]) => ({ name, value })),
            startupProbe: { httpGet: { path: '/health' }, periodSeconds: 1, failureThreshold: 60 },
          },
        ],
        ...template,
      },
    },
  };
}

const account: Declaration = { type: 'serviceaccount.Account', inputs: { accountId: 'shop-api' } };
const invoker: Declaration = {
  type: 'cloudrunv2.ServiceIamMember',
  inputs: { name: '<service.name>', role: 'roles/run.invoker', member: 'allUsers' },
};

let folder: string;
let cloud: LocalCloud;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-'));
  cloud = await openCloud({ images, dataDir: folder });
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly pid: number;
  readonly environment: Record<string, string>;
}

async function ask(deployment: Deployment): Promise<Answer> {
  const { uri } = serviceOutputs(deployment);
  return (await (await fetch(String(uri))).json()) as Answer;
}

function serviceOutputs({ resources }: Deployment): Readonly<Record<string, unknown>> {
  return resources.find(({ type }) => type === 'gcp:cloudrunv2/service:Service')?.outputs ?? {};
}

describe('a Cloud Run service of a program', () => {
  const program = { account, service: service({ GREETING: 'hola' }), invoker };
  let first: Answer;

  it('runs when it is deployed, with what it declares and how to reach the cloud', async () => {
    const deployment = await deploy(cloud, program);
    expect(serviceOutputs(deployment)).toMatchObject({
      id: 'projects/test-project/locations/southamerica-west1/services/shop-api',
      uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      latestReadyRevision: expect.stringMatching(
        /\/services\/shop-api\/revisions\/shop-api-00001-[0-9a-f]{3}$/,
      ),
    });
    first = await ask(deployment);
    const { GOOGLE_CLOUD_PROJECT: _, LOCAL_SECRETS_FOLDER: _folder, ...endpoints } = cloud.environment;
    expect(first.environment).toEqual({
      ...endpoints,
      GREETING: 'hola',
      GCE_METADATA_HOST: expect.any(String),
      PATH: process.env.PATH,
      PORT: expect.any(String),
      K_SERVICE: 'shop-api',
      K_REVISION: expect.stringMatching(/^shop-api-00001-/),
      K_CONFIGURATION: 'shop-api',
    });
    expect(cloud.iam.allows('user:anybody', 'run.routes.invoke', String(serviceOutputs(deployment).id))).toBe(
      true,
    );
  });

  it('is not disturbed by what does not concern its process', async () => {
    const labelled = { ...program, service: changed(program.service, { labels: { team: 'shop' } }) };
    const deployment = await deploy(cloud, labelled);
    expect(stepsOf(deployment)).toEqual(['same account', 'same invoker', 'update service']);
    expect((await ask(deployment)).pid).toBe(first.pid);
  });

  it('gets a new revision at the same address when its environment changes', async () => {
    const deployment = await deploy(cloud, { ...program, service: service({ GREETING: 'adiós' }) });
    const answer = await ask(deployment);
    expect(answer.environment).toMatchObject({
      GREETING: 'adiós',
      K_REVISION: expect.stringMatching(/^shop-api-00002-/),
      PORT: first.environment.PORT,
    });
  });

  it('fails the deployment when its process ends, with what the process said', async () => {
    const problems = await problemsOf(
      deploy(cloud, { ...program, service: service({ BEHAVIOUR: 'exits' }) }),
    );
    expect(problems[0]).toMatch(
      /^gcp:cloudrunv2\/service:Service "service": Revision 'shop-api-00003-\w+' is not ready and cannot serve traffic: the process ended \(exit code 3\)\. Its last lines:$/,
    );
    expect(problems).toContain('GREETING is not set');
  });

  it('runs again after that, and in the next process, without a change of the program', async () => {
    const back = { ...program, service: service({ GREETING: 'adiós' }) };
    expect(stepsOf(await deploy(cloud, back))).toContain('same service');
    await cloud.close();
    cloud = await openCloud({ images, dataDir: folder });
    const deployment = await deploy(cloud, back);
    expect(stepsOf(deployment)).toContain('same service');
    expect((await ask(deployment)).environment).toMatchObject({
      GREETING: 'adiós',
      K_REVISION: expect.stringMatching(/^shop-api-00002-/),
    });
  });

  it('is refused with an image that nobody runs, and with an account by its plain address', async () => {
    const containers = [{ image: 'host/unknown:1' }];
    const serviceAccount = 'shop-api@test-project.iam.gserviceaccount.com';
    const other = changed(service({}, { containers }), { name: 'other' });
    const plain = changed(service({}, { serviceAccount }), { name: 'plain' });
    expect(await problemsOf(deploy(cloud, { ...program, other }))).toEqual([
      `gcp:cloudrunv2/service:Service "other": Image 'host/unknown:1' not found. (the local cloud runs a command in place of an image, and none is given for "unknown" (option images of LocalCloud.create; known: shop))`,
    ]);
    expect(await problemsOf(planOf({ ...program, plain }))).toEqual([
      expect.stringContaining(
        '"plain", property "template.serviceAccount": projects/test-project/serviceAccounts/',
      ),
    ]);
  });

  it('stops when the program no longer declares it', async () => {
    expect(stepsOf(await deploy(cloud, { account }))).toEqual([
      'delete invoker',
      'delete service',
      'same account',
    ]);
    expect(cloud.cloudRun.services()).toEqual([]);
  });
});
