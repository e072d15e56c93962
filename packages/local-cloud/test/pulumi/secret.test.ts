import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { LocalCloud } from '../../src/local-cloud.ts';
import {
  type Declaration,
  type Declarations,
  deploy,
  openCloud,
  problemsOf,
  RUN_TIMEOUT_MS,
} from './test-cloud.ts';

jest.setTimeout(RUN_TIMEOUT_MS);

const cwd = fileURLToPath(new URL('../cloud-run', import.meta.url));
let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await openCloud({ images: { shop: { command: process.execPath, args: ['container.mjs'], cwd } } });
});
afterAll(() => cloud.close());

const account: Declaration = { type: 'serviceaccount.Account', inputs: { accountId: 'shop-api' } };
const secret: Declaration = {
  type: 'secretmanager.Secret',
  inputs: { secretId: 'keys', replication: { auto: {} } },
};
const version: Declaration = {
  type: 'secretmanager.SecretVersion',
  inputs: { secret: '<secret.id>', secretData: 'first' },
};
const reader: Declaration = {
  type: 'secretmanager.SecretIamMember',
  inputs: {
    secretId: '<secret.secretId>',
    role: 'roles/secretmanager.secretAccessor',
    member: '<account.member>',
  },
};

function service(variable: string, dependsOn: readonly string[]): Declaration {
  return {
    type: 'cloudrunv2.Service',
    inputs: {
      name: 'shop-api',
      location: 'southamerica-west1',
      deletionProtection: false,
      template: {
        serviceAccount: '<account.email>',
        volumes: [
          {
            name: 'keys',
            secret: { secret: '<secret.secretId>', items: [{ version: 'latest', path: 'k.json' }] },
          },
        ],
        containers: [
          {
            image: 'localhost/shop:1',
            envs: [{ name: 'KEYS_FILE', value: variable }],
            volumeMounts: [{ name: 'keys', mountPath: '/keys' }],
            startupProbe: { httpGet: { path: '/health' }, periodSeconds: 1, failureThreshold: 60 },
          },
        ],
      },
    },
    dependsOn,
  };
}

it('a mounted secret reaches a service as a file, whose newest version it reads without a restart', async () => {
  const program: Declarations = {
    account,
    secret,
    version,
    reader,
    service: service('/keys/k.json', ['version', 'reader']),
  };
  const { resources } = await deploy(cloud, program);
  const { uri } = resources.find(({ type }) => type.endsWith(':Service'))?.outputs ?? {};
  const { environment } = (await (await fetch(String(uri))).json()) as { environment: { KEYS_FILE: string } };
  expect(await readFile(environment.KEYS_FILE, 'utf8')).toBe('first');
  expect(environment.KEYS_FILE).toBe(`${cloud.environment.LOCAL_SECRETS_FOLDER}/keys`);
  await deploy(cloud, { account });
  await expect(readFile(environment.KEYS_FILE)).rejects.toThrow('ENOENT');
});

it('a service that mounts a secret without a version is refused, and runs once there is one', async () => {
  const program = { account, secret, reader, service: service('/keys/k.json', ['reader']) };
  const problems = (await problemsOf(deploy(cloud, program))).join('\n');
  expect(problems).toContain('/secrets/keys/versions/latest was not found');
  cloud.secrets.addVersion('keys', 'by hand');
  await deploy(cloud, program);
  expect(await readFile(`${cloud.environment.LOCAL_SECRETS_FOLDER}/keys`, 'utf8')).toBe('by hand');
  await deploy(cloud, { account });
});

it('a service whose account may not read what it mounts, or that would not find the file, is refused', async () => {
  const denied = await problemsOf(
    deploy(cloud, { account, secret, version, service: service('/keys/k.json', ['version']) }),
  );
  expect(denied.join('\n')).toContain('roles/secretmanager.secretAccessor');
  const lost = { account, secret, version, reader, service: service('/elsewhere', ['version', 'reader']) };
  expect((await problemsOf(deploy(cloud, lost))).join('\n')).toContain('can not mount /keys/k.json');
});
