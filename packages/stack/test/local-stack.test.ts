import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describedStack, localStack, removeStackFile, runningStack, writeStackFile } from '@records/stack';
import { withFolder } from './support/folder.ts';

const outputs = {
  project: 'records-local',
  region: 'southamerica-west1',
  apiUrl: 'http://127.0.0.1:8080',
  topic: 'projects/records-local/topics/records',
  table: 'records-local.records.records',
  deadLetterSubscription: 'projects/records-local/subscriptions/records-dead-letter',
  apiKeysSecret: 'projects/records-local/secrets/records-api-keys',
};

let server: Server;
let closedPort: number;
let environment: Record<string, string>;

beforeAll(async () => {
  server = await listening();
  const other = await listening();
  closedPort = (other.address() as AddressInfo).port;
  other.close();
  await once(other, 'close');
  const { port } = server.address() as AddressInfo;
  environment = {
    PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`,
    BIGQUERY_EMULATOR_HOST: `http://127.0.0.1:${port}/bigquery/v2`,
  };
});

afterAll(() => {
  server.close();
});

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function withFile<T>(stack: unknown, use: (file: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const file = join(folder, 'stack.json');
    await writeFile(file, typeof stack === 'string' ? stack : JSON.stringify(stack));
    return await use(file);
  });
}

const find = (stack: unknown) => withFile(stack, localStack);

async function pidOfEndedProcess(): Promise<number | undefined> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid;
}

describe('the running local stack', () => {
  it('has the target of its description', async () => {
    expect(await find({ pid: process.pid, outputs, environment })).toEqual({
      projectId: 'records-local',
      topic: outputs.topic,
      table: outputs.table,
      deadLetterSubscription: outputs.deadLetterSubscription,
      apiKeysSecret: outputs.apiKeysSecret,
      environment,
    });
  });

  it('names the account that publishes', async () => {
    const publisher = { member: 'serviceAccount:s@p.iam.gserviceaccount.com', metadataHost: '127.0.0.1:1' };
    expect(await find({ pid: process.pid, outputs, environment, publisher })).toMatchObject({ publisher });
  });

  it('is missing without a description', async () => {
    await expect(localStack('/nowhere/stack.json')).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringContaining('no local stack is running'),
        hint: 'start one with `pnpm dev` in another terminal, or name a deployed one: --stack dev',
      }),
    );
  });

  it('is missing when its process has ended', async () => {
    const pid = await pidOfEndedProcess();
    await expect(find({ pid, outputs, environment })).rejects.toThrow(`left over from process ${pid}`);
  });

  it('is read back as it was written', async () => {
    const stack = { pid: process.pid, outputs, environment, metrics: {} };
    await withFolder(async (folder) => {
      const file = join(folder, 'new', 'stack.json');
      await writeStackFile(stack, file);
      expect(await describedStack(file)).toEqual(stack);
      await removeStackFile(file);
      expect(await runningStack(file)).toBeUndefined();
    });
  });

  it('is described to other processes until its process ends, even by an outdated description', async () => {
    const stack = { pid: process.pid, outputs, environment, metrics: { api: 'http://127.0.0.1:9/metrics' } };
    expect(await withFile(stack, runningStack)).toEqual(stack);
    expect(await withFile({ pid: await pidOfEndedProcess(), outputs: {} }, runningStack)).toBeUndefined();
    expect(await runningStack('/nowhere/stack.json')).toBeUndefined();
  });

  it('is over when its process id belongs to another process, and none of its services answers', async () => {
    const gone = {
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${closedPort}`,
      BIGQUERY_EMULATOR_HOST: `http://127.0.0.1:${closedPort}/bigquery/v2`,
    };
    const stack = { pid: process.pid, outputs, environment: gone };
    expect(await withFile(stack, runningStack)).toBeUndefined();
  });

  it.each(['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST'])(
    'is refused when %s does not answer',
    async (name) => {
      const address = `http://127.0.0.1:${closedPort}`;
      const stack = { pid: process.pid, outputs, environment: { ...environment, [name]: address } };
      await expect(find(stack)).rejects.toThrow(
        new RegExp(`does not answer on 127.0.0.1:${closedPort} \\(${name}\\): .*ECONNREFUSED`),
      );
    },
  );
});

describe('a description of a local stack', () => {
  const whole = () => ({ pid: process.pid, outputs, environment });

  it.each<[string, () => unknown, string]>([
    ['is cut off', () => '{"pid": 12', 'does not describe a local stack'],
    ['is empty', () => '', 'does not describe a local stack'],
    ['is a list', () => [], 'it is not a JSON object'],
    ['has a newer format', () => ({ ...whole(), format: 2 }), 'its format is 2, and this version reads 1'],
    [
      'was copied from another checkout',
      () => ({ ...whole(), folder: '/other/.local' }),
      'stack.json is a copy: it describes the stack of /other/.local',
    ],
    ['has a text for pid', () => ({ ...whole(), pid: '12' }), '"pid" is not a process id'],
    [
      'has pid 0, which is every process of the group',
      () => ({ ...whole(), pid: 0 }),
      '"pid" is not a process id',
    ],
    ['has no environment', () => ({ pid: process.pid, outputs }), '"environment" does not hold texts'],
    ['has a number in its environment', () => ({ ...whole(), environment: { A: 1 } }), 'does not hold texts'],
    ['has no address of Pub/Sub', () => ({ ...whole(), environment: {} }), 'PUBSUB_EMULATOR_HOST is ""'],
    ['has a publisher without an address', () => ({ ...whole(), publisher: { member: 'a' } }), '"publisher"'],
    [
      'has no topic',
      () => ({ ...whole(), outputs: { ...outputs, topic: undefined } }),
      'stack output "topic"',
    ],
    [
      'has an empty table',
      () => ({ ...whole(), outputs: { ...outputs, table: '' } }),
      'stack output "table"',
    ],
    ['has a short topic', () => ({ ...whole(), outputs: { ...outputs, topic: 'records' } }), '"topic" of'],
    [
      'has SQL for table',
      () => ({ ...whole(), outputs: { ...outputs, table: 'a.b.c` --' } }),
      'it must read PROJECT.DATASET.TABLE',
    ],
  ])('that %s is refused', async (_, stack, message) => {
    await expect(find(stack())).rejects.toThrow(
      expect.objectContaining({ name: 'UserError', message: expect.stringContaining(message) }),
    );
  });
});
