import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addKey,
  type KeyEntry,
  type KeyList,
  parseKeyList,
  revokeKey,
  stateOf,
  textOf,
} from '@records/api-keys';
import { type CommandRun, runHere } from '@records/cli/testing';
import { OAuth2Client } from 'google-auth-library';
import { SecretStore } from '../src/api-keys/stores.ts';
import { ops as program } from '../src/program.ts';
import { ops } from './support/ops.ts';

// Whole processes, on a machine that may be busy.
const SECRET = 'projects/p/secrets/keys';
const NOW = new Date('2026-11-24T06:00:00Z');
const entryOf = (name: string, digit: string): KeyEntry => ({
  name,
  sha256: digit.repeat(64),
  requestsPerMinute: 60,
  createdAt: NOW.toISOString(),
});

describe('pnpm ops api-keys', () => {
  let folder: string;
  const services = createServer();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-keys-'));
    services.listen(0, '127.0.0.1');
    await once(services, 'listening');
    await mkdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets', 'keys'), '{"keys":[]}');
    const address = `127.0.0.1:${(services.address() as AddressInfo).port}`;
    const description = {
      pid: process.pid,
      outputs: {
        project: 'p',
        region: 'EU',
        apiUrl: 'http://127.0.0.1:1',
        topic: 'projects/p/topics/t',
        table: 'p.d.t',
        deadLetterSubscription: 'projects/p/subscriptions/s',
        apiKeysSecret: SECRET,
      },
      environment: {
        PUBSUB_EMULATOR_HOST: address,
        BIGQUERY_EMULATOR_HOST: `http://${address}`,
        LOCAL_SECRETS_FOLDER: join(folder, 'secrets'),
      },
    };
    await writeFile(join(folder, 'stack.json'), JSON.stringify(description));
  });
  afterAll(async () => {
    services.close();
    await rm(folder, { recursive: true });
  });

  function command(verb: string, ...args: string[]): Promise<CommandRun> {
    return ops('api-keys', verb, ...args, '--stack-file', join(folder, 'stack.json'));
  }

  /** In this process: a refusal reaches no stack. */
  function here(...args: string[]): Promise<CommandRun> {
    return runHere(program, ['api-keys', ...args, '--stack-file', join(folder, 'stack.json')]);
  }

  it('prints a key once and stores its hash alone, lists it, and revokes it by id', async () => {
    const created = await command('create', 'crm', '--limit', '120', '--expires', '30');
    expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^rec_[0-9a-f]{40}\n$/) });
    const stored = await readFile(join(folder, 'secrets', 'keys'), 'utf8');
    expect(stored).not.toContain(created.stdout.slice(4, 20));
    expect(parseKeyList(stored).keys).toMatchObject([{ name: 'crm', requestsPerMinute: 120 }]);

    const listed = await command('list');
    expect(listed.stdout).toMatch(
      /^ID +NAME +PER MINUTE +CREATED +EXPIRES +STATE\n[0-9a-f]{12} +crm +120 +\S+ +\d{4}-\S+ +active\n$/,
    );
    expect(listed.stdout).not.toContain(created.stdout.slice(4, 20));
    const id = listed.stdout.split('\n')[1]?.slice(0, 12) ?? '';
    expect((await command('revoke', id)).stdout).toContain(`key ${id} of crm is revoked`);
    expect(JSON.parse((await command('list', '--json')).stdout)).toMatchObject([{ id, state: 'revoked' }]);
    const again = await command('revoke', id);
    expect(again).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('no active API key'),
    });
  });

  it('makes a missing list, and never replaces one', async () => {
    const list = join(folder, 'secrets', 'keys');
    const before = await readFile(list, 'utf8');
    expect((await command('init')).stdout).toContain('the list exists already');
    expect(await readFile(list, 'utf8')).toBe(before);
    await rm(list);
    expect((await command('init')).stdout).toContain('made an empty list');
    expect(parseKeyList(await readFile(list, 'utf8'))).toEqual({ keys: [] });
  });

  it('refuses a wrong limit or name with the rule', async () => {
    const limit = await here('create', 'crm', '--limit', '0');
    expect(limit).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('integer from 1 to 1000000'),
    });
    expect((await here('create', 'a b')).stderr).toContain('"a b" must be 1 to 63 letters');
  });
});

/** An answer of Secret Manager. */
type Answer = (request: IncomingMessage) => Promise<[status: number, answer: object]>;

/** Runs with a store whose Secret Manager answers so. */
async function withStore(answer: Answer, use: (store: SecretStore) => Promise<void>): Promise<void> {
  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const client = new OAuth2Client();
    client.setCredentials({ access_token: 'token' });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await use(new SecretStore(client, SECRET, url));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the list of keys in Secret Manager', () => {
  it('is made only in a secret without a version; a secret whose newest version was destroyed stays as it is', async () => {
    const added: string[] = [];
    let latest: [status: number, answer: object] = [
      404,
      { error: { code: 404, message: 'has no versions' } },
    ];
    const answer: Answer = async (request) => {
      if (request.url?.endsWith(':addVersion')) {
        const { payload } = (await json(request)) as { payload: { data: string } };
        added.push(Buffer.from(payload.data, 'base64').toString());
        latest = [200, { name: `${SECRET}/versions/1`, payload }];
        return [200, { name: `${SECRET}/versions/1` }];
      }
      return latest;
    };
    await withStore(answer, async (store) => {
      await expect(store.read()).rejects.toThrow(`there is no list of API keys in ${SECRET} yet`);
      expect(await store.init()).toBe(true);
      expect(await store.init()).toBe(false);
      expect(added.map(parseKeyList)).toEqual([{ keys: [] }]);
      latest = [400, { error: { code: 400, message: 'is in DESTROYED state' } }];
      await expect(store.init()).rejects.toThrow('is in DESTROYED state');
      expect(added).toHaveLength(1);
    });
  });

  it('keeps every change when two people make one at the same moment', async () => {
    const versions = [textOf({ keys: [entryOf('crm', 'a')] })];
    const add = (text: string) => `${SECRET}/versions/${versions.push(text)}`;
    const tokens = new Set<string | undefined>();
    let meanwhile: (() => void) | undefined;
    // The three calls of Secret Manager that are made, as its REST reference describes them.
    const answer: Answer = async (request) => {
      tokens.add(request.headers.authorization);
      const [, version] = /\/versions\/(\w+):access$/.exec(request.url ?? '') ?? [];
      if (version !== undefined) {
        const number = version === 'latest' ? versions.length : Number(version);
        const data = Buffer.from(versions[number - 1] ?? '').toString('base64');
        return [200, { name: `${SECRET}/versions/${number}`, payload: { data } }];
      }
      meanwhile?.();
      meanwhile = undefined;
      const { payload } = (await json(request)) as { payload: { data: string } };
      return [200, { name: add(Buffer.from(payload.data, 'base64').toString()) }];
    };
    await withStore(answer, async (store) => {
      await store.update((list) => addKey(list, entryOf('bank', 'b'), NOW));
      expect(versions.length).toBe(2);
      meanwhile = () => {
        const present = parseKeyList(versions.at(-1) ?? '');
        add(textOf(revokeKey(addKey(present, entryOf('shop', 'c'), NOW), 'crm', NOW)));
      };
      await store.update((list) => revokeKey(list, 'bank', NOW));
      expect(versions.length).toBe(5);
      const { keys }: KeyList = await store.read();
      expect(keys.map((key) => [key.name, stateOf(key, NOW)])).toEqual([
        ['crm', 'revoked'],
        ['bank', 'revoked'],
        ['shop', 'active'],
      ]);
      expect([...tokens]).toEqual(['Bearer token']);
    });
  });
});
