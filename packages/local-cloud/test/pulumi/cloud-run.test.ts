import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import type { Deployment } from '../../src/pulumi/engine.ts';
import { changed } from './declarations.ts';
import {
  type Declaration,
  type Declarations,
  deploy,
  openCloud,
  PROJECT,
  problemsOf,
  stepsOf,
} from './test-cloud.ts';

const REGION = 'southamerica-west1';
const images = {
  shop: {
    command: process.execPath,
    args: ['container.mjs'],
    entryPoints: { 'job.js': ['job.mjs'] },
    cwd: fileURLToPath(new URL('../cloud-run', import.meta.url)),
  },
};

const variables = (environment: Record<string, string>) =>
  Object.entries(environment).map(([name, value]) => ({ name, value }));

function service(
  name: string,
  environment: Record<string, string>,
  template: Record<string, unknown> = {},
): Declaration {
  return {
    type: 'cloudrunv2.Service',
    inputs: {
      name,
      location: REGION,
      deletionProtection: false,
      template: {
        serviceAccount: '<account.email>',
        containers: [
          {
            image: `${REGION}-docker.pkg.dev/test-project/shop/shop@sha256:abc`,
            envs: variables(environment),
            startupProbe: { httpGet: { path: '/health' }, periodSeconds: 1, failureThreshold: 60 },
          },
        ],
        ...template,
      },
    },
  };
}

/** Mounts `secret` as /keys/k.json. `path` is the value of KEYS_FILE. */
function mounting(
  name: string,
  secret: string,
  environment: Record<string, string>,
  dependsOn: readonly string[],
  path = '/keys/k.json',
): Declaration {
  const plain = service(name, { ...environment, KEYS_FILE: path });
  const template = plain.inputs.template as { containers: object[] };
  const items = [{ version: 'latest', path: 'k.json' }];
  return {
    ...changed(plain, {
      template: {
        ...template,
        volumes: [{ name: 'keys', secret: { secret: `<${secret}.secretId>`, items } }],
        containers: template.containers.map((container) => ({
          ...container,
          volumeMounts: [{ name: 'keys', mountPath: '/keys' }],
        })),
      },
    }),
    dependsOn,
  };
}

const shop = (environment: Record<string, string>) =>
  mounting('shop-api', 'secret', environment, ['version', 'reader']);

function job(
  environment: Record<string, string>,
  container: object = {},
  template: object = {},
  name = 'shop-job',
): Declaration {
  const envs = variables(environment);
  return {
    type: 'cloudrunv2.Job',
    inputs: {
      name,
      location: REGION,
      deletionProtection: false,
      template: {
        template: {
          serviceAccount: '<jobAccount.email>',
          maxRetries: 0,
          containers: [{ image: 'localhost/shop:1', args: ['job.js'], envs, ...container }],
          ...template,
        },
      },
    },
  };
}

const secretNamed = (secretId: string): Declaration => ({
  type: 'secretmanager.Secret',
  inputs: { secretId, replication: { auto: {} } },
});

const readerOf = (secret: string): Declaration => ({
  type: 'secretmanager.SecretIamMember',
  inputs: {
    secretId: `<${secret}.secretId>`,
    role: 'roles/secretmanager.secretAccessor',
    member: '<account.member>',
  },
});

const account: Declaration = { type: 'serviceaccount.Account', inputs: { accountId: 'shop-api' } };
const program = {
  account,
  jobAccount: { type: 'serviceaccount.Account', inputs: { accountId: 'shop-job' } },
  secret: secretNamed('keys'),
  version: {
    type: 'secretmanager.SecretVersion',
    inputs: { secret: '<secret.id>', secretData: 'first' },
  },
  reader: readerOf('secret'),
  service: shop({ GREETING: 'hola' }),
  invoker: {
    type: 'cloudrunv2.ServiceIamMember',
    inputs: { name: '<service.name>', role: 'roles/run.invoker', member: 'allUsers' },
  },
  job: job({ GREETING: 'hola' }),
  runner: {
    type: 'cloudrunv2.JobIamMember',
    inputs: { name: '<job.name>', role: 'roles/run.invoker', member: '<jobAccount.member>' },
  },
} satisfies Declarations;

/** `program` with another greeting, as later tests deploy it. */
const settled = { ...program, service: shop({ GREETING: 'adiós' }), job: job({ GREETING: 'adiós' }) };

/** A secret without a version, and a service that mounts it. */
const versionless = {
  empty: secretNamed('empty'),
  emptyReader: readerOf('empty'),
  waiting: mounting('waiting', 'empty', {}, ['emptyReader']),
} satisfies Declarations;

let folder: string;
let cloud: LocalCloud;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloud-run-'));
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

const secretFile = (name: string) => `${cloud.environment.LOCAL_SECRETS_FOLDER}/${name}`;

async function runJob(): Promise<Record<string, unknown>> {
  return JSON.parse((await cloud.cloudRun.runJob('shop-job')).lines.at(-1) ?? '');
}

describe('a program with a service, a job and a secret of Cloud Run', () => {
  let deployment: Deployment;
  let first: Answer;
  beforeAll(async () => {
    deployment = await deploy(cloud, program);
    first = await ask(deployment);
  });

  it('creates all of them', () => {
    expect(stepsOf(deployment)).toEqual(
      Object.keys(program)
        .map((name) => `create ${name}`)
        .sort(),
    );
  });

  it('runs the service with its variables and those that lead to the cloud', () => {
    expect(serviceOutputs(deployment)).toMatchObject({
      id: `projects/test-project/locations/${REGION}/services/shop-api`,
      uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      latestReadyRevision: expect.stringMatching(
        /\/services\/shop-api\/revisions\/shop-api-00001-[0-9a-f]{3}$/,
      ),
    });
    const { GOOGLE_CLOUD_PROJECT: _, LOCAL_SECRETS_FOLDER: _folder, ...endpoints } = cloud.environment;
    expect(first.environment).toEqual({
      ...endpoints,
      GREETING: 'hola',
      KEYS_FILE: secretFile('keys'),
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

  it('gives the service its secret as a file, whose newest version it reads without a restart', async () => {
    expect(await readFile(secretFile('keys'), 'utf8')).toBe('first');
    cloud.secrets.addVersion('keys', 'second');
    expect(await readFile(secretFile('keys'), 'utf8')).toBe('second');
    expect((await ask(deployment)).pid).toBe(first.pid);
  });

  it('runs the job on request, as its account and with what the program declares', async () => {
    expect(cloud.iam.grants()).toContainEqual(
      expect.objectContaining({
        resource: `projects/${PROJECT}/locations/${REGION}/jobs/shop-job`,
        role: 'roles/run.invoker',
      }),
    );
    expect(await runJob()).toMatchObject({
      environment: { GREETING: 'hola', CLOUD_RUN_JOB: 'shop-job' },
      email: `shop-job@${PROJECT}.iam.gserviceaccount.com`,
    });
  });

  it('leaves the process of a service alone when only a label changes, and updates the job', async () => {
    const labelled = changed(program.service, { labels: { team: 'shop' } });
    const next = await deploy(cloud, { ...program, service: labelled, job: settled.job });
    expect(stepsOf(next)).toEqual([
      'same account',
      'same invoker',
      'same jobAccount',
      'same reader',
      'same runner',
      'same secret',
      'same version',
      'update job',
      'update service',
    ]);
    expect((await ask(next)).pid).toBe(first.pid);
    expect(await runJob()).toMatchObject({ environment: { GREETING: 'adiós' } });
  });

  it('starts a new revision at the same address when the environment changes', async () => {
    const answer = await ask(await deploy(cloud, settled));
    expect(answer.environment).toMatchObject({
      GREETING: 'adiós',
      K_REVISION: expect.stringMatching(/^shop-api-00002-/),
      PORT: first.environment.PORT,
    });
  });
});

describe('a deployment fails', () => {
  let problems: string[];
  beforeAll(async () => {
    const containers = [{ image: 'host/unknown:1' }];
    // Mistakes in the program keep it from being applied, so what the cloud refuses shows without them.
    const mistaken = await problemsOf(
      deploy(cloud, {
        ...settled,
        lost: mounting('lost', 'secret', {}, ['version', 'reader'], '/elsewhere'),
        reserved: job({ CLOUD_RUN_JOB: 'x' }, {}, {}, 'reserved'),
        volumes: job({}, {}, { volumes: [{ name: 'v' }] }, 'volumes'),
      }),
    );
    const refused = await problemsOf(
      deploy(cloud, {
        ...settled,
        ...versionless,
        service: shop({ BEHAVIOUR: 'exits' }),
        unknown: service('unknown', {}, { containers }),
        stranger: job({}, { args: ['other.js'] }, {}, 'stranger'),
      }),
    );
    problems = [...mistaken, ...refused];
  });

  it('when the process of a service ends, with the last lines of the process', () => {
    expect(problems).toContainEqual(
      expect.stringMatching(
        /^gcp:cloudrunv2\/service:Service "service": Revision 'shop-api-00003-\w+' is not ready and cannot serve traffic: the process ended \(exit code 3\)\. Its last lines:$/,
      ),
    );
    expect(problems).toContain('GREETING is not set');
  });

  it('when an image has no command', () => {
    expect(problems).toContain(
      `gcp:cloudrunv2/service:Service "unknown": Image 'host/unknown:1' not found. (the local cloud runs a command in place of an image, and none is given for "unknown" (option images of LocalCloud.create; known: shop))`,
    );
  });

  it.each([
    [
      'a service mounts a secret without a version',
      'waiting',
      '/secrets/empty/versions/latest was not found',
    ],
    ['no variable of a service has the path of its secret', 'lost', 'cannot mount /keys/k.json'],
    ['a job sets a variable of Cloud Run', 'reserved', 'a name that Cloud Run does not set itself'],
    ['a job has volumes', 'volumes', 'a job gets no secret here'],
    ['the arguments of a job have no entry point', 'stranger', "has no entry point 'other.js'"],
  ])('when %s', (_, name, reason) => {
    expect(problems).toContainEqual(
      expect.stringMatching(new RegExp(`^gcp:cloudrunv2/\\w+:\\w+ "${name}".*${reason}`)),
    );
  });
});

describe('after a failed deployment', () => {
  it('the service runs again, and the one that lacked a version starts, without a change of the program', async () => {
    cloud.secrets.addVersion('empty', 'by hand');
    const steps = stepsOf(await deploy(cloud, { ...settled, ...versionless }));
    expect(steps).toEqual(expect.arrayContaining(['same service', 'create waiting']));
    expect(await readFile(secretFile('empty'), 'utf8')).toBe('by hand');
  });

  it('the service runs in the next process, too', async () => {
    await cloud.close();
    cloud = await openCloud({ images, dataDir: folder });
    const deployment = await deploy(cloud, settled);
    expect(stepsOf(deployment)).toContain('same service');
    expect((await ask(deployment)).environment).toMatchObject({
      GREETING: 'adiós',
      K_REVISION: expect.stringMatching(/^shop-api-00002-/),
    });
  });

  it('what the program no longer declares stops', async () => {
    expect(stepsOf(await deploy(cloud, { account }))).toEqual([
      'delete invoker',
      'delete job',
      'delete jobAccount',
      'delete reader',
      'delete runner',
      'delete secret',
      'delete service',
      'delete version',
      'same account',
    ]);
    expect(cloud.cloudRun.services()).toEqual([]);
    await expect(cloud.cloudRun.runJob('shop-job')).rejects.toThrow("Job 'shop-job' does not exist.");
    await expect(readFile(secretFile('keys'))).rejects.toThrow('ENOENT');
  });
});

describe('the callers of a service', () => {
  const INVOKER = 'shop-job@test-project.iam.gserviceaccount.com';
  const STRANGER = 'stranger@test-project.iam.gserviceaccount.com';
  const open = {
    ...service('open', {}),
    inputs: { ...service('open', {}).inputs, invokerIamDisabled: true },
  };
  const grant = (member: string): Declaration => ({
    type: 'cloudrunv2.ServiceIamMember',
    inputs: { name: '<called.name>', role: 'roles/run.invoker', member },
  });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  let own: LocalCloud;

  beforeAll(async () => {
    own = await openCloud({ images });
  });
  afterAll(() => own.close());

  /** The status for nobody, a service account, another one, a wrong token, and the developer with a token of Google's. */
  async function statuses(declarations: Declarations): Promise<number[]> {
    const deployment = await deploy(own, { account, ...declarations });
    const uri = String(serviceOutputs(deployment).uri);
    const headers = [
      {},
      bearer(own.accessTokenFor(INVOKER)),
      bearer(own.accessTokenFor(STRANGER)),
      bearer(`${own.accessTokenFor(INVOKER)}x`),
      bearer('ya29.of-google'),
    ];
    const answers = await Promise.all(headers.map((fields) => fetch(uri, { headers: fields })));
    return answers.map(({ status }) => status);
  }

  it('are its invokers alone, as long as it checks them', async () => {
    const called = service('called', {});
    const invoker = grant(`serviceAccount:${INVOKER}`);
    expect(await statuses({ called })).toEqual([403, 403, 403, 401, 200]);
    expect(await statuses({ called, invoker })).toEqual([403, 200, 403, 401, 200]);
    expect(await statuses({ called, everybody: grant('allUsers') })).toEqual([200, 200, 200, 401, 200]);
  });

  it('are all, without a grant, when the check is disabled, and its revision stays', async () => {
    const before = await deploy(own, { account, called: service('open', {}) });
    expect(await statuses({ called: open })).toEqual([200, 200, 200, 200, 200]);
    const after = await deploy(own, { account, called: open });
    expect(serviceOutputs(after).latestReadyRevision).toBe(serviceOutputs(before).latestReadyRevision);
    expect(serviceOutputs(after).uri).toBe(serviceOutputs(before).uri);
  });
});
