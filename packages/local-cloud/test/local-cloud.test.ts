import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LocalCloud, PortTakenError } from '../src/local-cloud.ts';
import { freePort, isTaken } from '../src/ports.ts';
import { Events } from './cloud-run/events.ts';
import { deploy } from './pulumi/test-cloud.ts';

const options = { projectId: 'test-project', location: 'southamerica-west1' };

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe('LocalCloud', () => {
  it('gives the environment variables that point clients at it', async () => {
    const ports = { pubsub: await freePort(), bigquery: await freePort() };
    await using cloud = await LocalCloud.create({ ...options, ports });
    expect(cloud.environment).toEqual({
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${ports.pubsub}`,
      BIGQUERY_EMULATOR_HOST: `http://127.0.0.1:${ports.bigquery}/bigquery/v2`,
      GOOGLE_CLOUD_PROJECT: 'test-project',
      LOCAL_SECRETS_FOLDER: expect.any(String),
      METADATA_SERVER_DETECTION: 'none',
    });
  });

  it.each([
    ['pubsub', 'Pub/Sub'],
    ['bigquery', 'BigQuery'],
    ['metrics', 'metrics'],
  ] as const)(
    'names the busy port of %s and the option that changes it, and leaves nothing running',
    async (service, title) => {
      const blocker = createServer().listen(0, '127.0.0.1');
      await once(blocker, 'listening');
      const address = blocker.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const other = await freePort();
      const ports = { [service === 'pubsub' ? 'bigquery' : 'pubsub']: other, [service]: port };
      const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
      const error = await errorOf(LocalCloud.create({ ...options, ports, dataDir: folder }));
      expect(error).toBeInstanceOf(PortTakenError);
      expect(error).toMatchObject({ port, option: `ports.${service}` });
      expect(String(error)).toContain(
        `port ${port} for ${title} is in use: stop the process that listens on it, or set ports.${service} of LocalCloud.create to another port (0 picks a free one)`,
      );
      expect(await isTaken(other)).toBe(false);
      blocker.close();
      // The folder is free again, too.
      await (await LocalCloud.create({ ...options, dataDir: folder })).close();
      await rm(folder, { recursive: true });
    },
  );

  it('closes as fast with silent connections on every port as without', async () => {
    const closing = async (cloud: LocalCloud) => {
      const began = performance.now();
      await cloud.close();
      return performance.now() - began;
    };
    const alone = await closing(await LocalCloud.create(options));
    const cloud = await LocalCloud.create(options);
    const { PUBSUB_EMULATOR_HOST: pubsub, BIGQUERY_EMULATOR_HOST: bigquery = '' } = cloud.environment;
    const metadata = await cloud.cloudRun.metadataHostFor('a@test-project.iam.gserviceaccount.com');
    const half = 'GET / HTTP/1.1\r\nHost: a\r\n';
    const kinds = [
      '',
      half,
      `${half}\r\n`,
      `${half}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (const host of [pubsub, new URL(bigquery).host, new URL(cloud.metricsUrl).host, metadata]) {
      for (const bytes of Array.from({ length: 5 }, () => kinds).flat()) {
        const [hostname, port] = String(host).split(':');
        const socket = connect(Number(port), hostname).on('error', () => {});
        await once(socket, 'connect');
        if (bytes !== '') socket.write(bytes);
      }
    }
    // Half a second is half of what a close waits for answers in progress.
    expect(await closing(cloud)).toBeLessThan(alone + 500);
  });

  it('keeps two local clouds in one process apart', async () => {
    await using one = await LocalCloud.create(options);
    await using two = await LocalCloud.create(options);
    await one.pubsub.createTopic({ name: 'projects/test-project/topics/orders' });
    await expect(two.pubsub.getTopic({ topic: 'projects/test-project/topics/orders' })).rejects.toMatchObject(
      {
        code: 'NOT_FOUND',
      },
    );
  });

  it('lets an account read what the access list of a dataset or the policy of a table grants it over REST', async () => {
    await using cloud = await LocalCloud.create(options);
    const { bigquery, environment } = cloud;
    await bigquery.insertDataset({ datasetReference: { datasetId: 'd' } });
    const fields = [{ name: 'id', type: 'STRING' }];
    for (const tableId of ['a', 'b'])
      await bigquery.insertTable('d', { tableReference: { tableId }, schema: { fields } });
    const email = 'reader@test-project.iam.gserviceaccount.com';
    const url = `${environment.BIGQUERY_EMULATOR_HOST}/projects/test-project/datasets/d`;
    const send = async (method: string, path: string, body: object) =>
      expect((await fetch(`${url}${path}`, { method, body: JSON.stringify(body) })).status).toBe(200);
    const authorization = `Bearer ${cloud.accessTokenFor(email)}`;
    const statuses = () =>
      Promise.all(
        ['a', 'b'].map(
          async (id) => (await fetch(`${url}/tables/${id}`, { headers: { authorization } })).status,
        ),
      );
    expect(await statuses()).toEqual([403, 403]);
    const bindings = [{ role: 'roles/bigquery.dataViewer', members: [`serviceAccount:${email}`] }];
    await send('POST', '/tables/a:setIamPolicy', { policy: { bindings } });
    expect(await statuses()).toEqual([200, 403]);
    await send('PATCH', '', { access: [{ role: 'READER', userByEmail: email }] });
    expect(await statuses()).toEqual([200, 200]);
    await send('PATCH', '', { access: [] });
    await send('POST', '/tables/a:setIamPolicy', { policy: { bindings: [] } });
    expect(await statuses()).toEqual([403, 403]);
  });

  it('keeps grants, topics and tables in its folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
    const grant = { resource: 'projects/p', role: 'roles/bigquery.jobUser', member: 'user:a@b.c' };
    {
      await using cloud = await LocalCloud.create({ ...options, dataDir: folder });
      cloud.iam.grant(grant);
      await cloud.pubsub.createTopic({ name: 'projects/test-project/topics/orders' });
      await cloud.bigquery.insertDataset({ datasetReference: { datasetId: 'shop' } });
    }
    await using cloud = await LocalCloud.create({ ...options, dataDir: folder });
    expect(cloud.iam.grants()).toEqual([grant]);
    await cloud.pubsub.getTopic({ topic: 'projects/test-project/topics/orders' });
    await cloud.bigquery.getDataset('shop');
    cloud.iam.revoke(grant);
    expect(cloud.iam.grants()).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('refuses a folder that another local cloud uses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
    await using cloud = await LocalCloud.create({ ...options, dataDir: folder });
    expect(await errorOf(LocalCloud.create({ ...options, dataDir: folder }))).toMatchObject({
      name: 'CloudError',
      code: 'FAILED_PRECONDITION',
    });
    await cloud.close();
    await rm(folder, { recursive: true });
  });

  it('interrupts a deployment when it closes, even while a service starts, and accepts no further one', async () => {
    const events = new Events();
    const images = {
      shop: {
        command: process.execPath,
        args: ['container.mjs'],
        cwd: join(import.meta.dirname, 'cloud-run'),
      },
    };
    const cloud = await LocalCloud.create({ ...options, images, onEvent: events.push });
    const image = 'host/shop:1';
    const envs = [{ name: 'BEHAVIOUR', value: 'is never ready' }];
    const startupProbe = { httpGet: { path: '/health' } };
    const service = {
      type: 'cloudrunv2.Service',
      inputs: { name: 'shop', location: 'l', template: { containers: [{ image, envs, startupProbe }] } },
    };
    const deployed = errorOf(deploy(cloud, { service }));
    await events.next((event) => event.type === 'log' && event.message === 'listening');
    await cloud.close();
    const interrupted = { message: 'the deployment was interrupted: the local cloud is closed' };
    expect(await deployed).toMatchObject(interrupted);
    expect(await errorOf(deploy(cloud, { service }))).toMatchObject(interrupted);
    expect(cloud.cloudRun.services()).toEqual([]);
  });

  it('stops every part and reports each that failed to stop', async () => {
    const cloud = await LocalCloud.create(options);
    const port = Number(cloud.environment.PUBSUB_EMULATOR_HOST?.split(':')[1]);
    const fail = () => Promise.reject(new Error('stuck'));
    const { close } = cloud.cloudRun;
    cloud.cloudRun.close = fail;
    const error = await errorOf(cloud.close());
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual([new Error('stuck')]);
    expect(await isTaken(port)).toBe(false);
    await close.call(cloud.cloudRun);
  });
});
