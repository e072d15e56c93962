import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, type KeyEntry, mintKey } from '@records/api-keys';
import { ApiKeys } from '../src/keys/api-keys.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { closeAfterAll } from './support/cleanup.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { oneRow } from './support/replies.ts';

let front: BigQueryFront;
let folder: string;
const now = 0;

beforeAll(async () => {
  front = await BigQueryFront.listen();
  front.fault = () => oneRow;
  folder = await mkdtemp(join(tmpdir(), 'api-keys-'));
  closeAfterAll(() => rm(folder, { recursive: true }));
});

const CREATED = '2026-11-24T06:00:00Z';
const REVOKED = { revokedAt: CREATED };

function entryOf(key: string, more: Partial<KeyEntry> = {}): KeyEntry {
  return { name: 'crm', sha256: hashOf(key), requestsPerMinute: 3, createdAt: CREATED, ...more };
}

async function store(name: string, ...keys: KeyEntry[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(`${file}.new`, JSON.stringify({ keys }));
  await rename(`${file}.new`, file);
  return file;
}

async function apiWith(file: string, options: { lookMs?: number } = {}) {
  const api = await buildTestApi({
    bigQueryUrl: front.url,
    now: () => now,
    variables: { ANONYMOUS_REQUESTS_PER_MINUTE: '2', API_KEYS_FILE: file },
    ...options,
  });
  const get = (key?: string, url = '/records/a', remoteAddress = '192.0.2.1') =>
    api.app.inject({ url, remoteAddress, headers: key === undefined ? {} : { 'x-api-key': key } });
  return { ...api, get };
}

describe('a key', () => {
  it('has a limit of its own, independent of addresses and other keys', async () => {
    const [crm, bank] = [mintKey(), mintKey()];
    const file = await store('limits', entryOf(crm), entryOf(bank, { name: 'bank', requestsPerMinute: 60 }));
    const { get } = await apiWith(file);
    expect([(await get()).statusCode, (await get()).statusCode, (await get()).statusCode]).toEqual([
      200, 200, 429,
    ]);
    const first = await get(crm);
    expect([first.statusCode, first.headers.ratelimit]).toEqual([200, '"key";r=2;t=20']);
    expect(first.headers['ratelimit-policy']).toBe('"key";q=3;w=60');
    await get(crm, undefined, '192.0.2.2');
    await get(crm, undefined, '192.0.2.3');
    const refused = await get(crm, undefined, '192.0.2.4');
    expectProblem(refused, 'rate-limited');
    expect(refused.headers['retry-after']).toBe('20');
    expect((await get(bank)).headers.ratelimit).toBe('"key";r=59;t=1');
  });

  it('is refused with a hint when it is wrong, revoked or expired, and too many wrong ones are rate-limited', async () => {
    const [good, revoked, over] = [mintKey(), mintKey(), mintKey()];
    const file = await store(
      'wrong',
      entryOf(good, { requestsPerMinute: 100 }),
      entryOf(revoked, REVOKED),
      entryOf(over, { expiresAt: CREATED }),
    );
    const { get } = await apiWith(file);
    for (const key of [mintKey(), revoked, over, good.slice(0, -1), '', 'x', `${good}, ${good}`]) {
      const refused = await get(key);
      expect(expectProblem(refused, 'invalid-key').detail).toContain('Without the header');
      expect(refused.headers['www-authenticate']).toMatch(/^ApiKey realm=/);
    }
    for (let more = 0; more < 3; more++) expect((await get('x')).statusCode).toBe(401);
    const refused = await get('x');
    expectProblem(refused, 'rate-limited');
    expect(refused.headers).toMatchObject({ ratelimit: '"wrong-keys";r=0;t=60', 'retry-after': '6' });
    expect((await get('x', undefined, '192.0.2.9')).statusCode).toBe(401);
    expect((await get(good)).statusCode).toBe(200);
    expect((await get('x', '/health/live')).statusCode).toBe(200);
  });

  it('stops working soon after it is revoked, and a new one starts working, without a restart', async () => {
    const [old, fresh] = [mintKey(), mintKey()];
    const many = { requestsPerMinute: 1_000_000 };
    const file = await store('revocation', entryOf(old, many));
    const { get, lines } = await apiWith(file, { lookMs: 1 });
    expect((await get(old)).statusCode).toBe(200);
    await store('revocation', entryOf(old, { ...many, ...REVOKED }), entryOf(fresh, many));
    while (!lines.some(({ message }) => message === 'API keys: 1 active of 2')) await turn();
    expect([(await get(fresh)).statusCode, (await get(old)).statusCode]).toEqual([200, 401]);
  });

  it('never appears in the log, whatever the outcome of the request', async () => {
    const [good, wrong] = [mintKey(), mintKey()];
    const { get, lines } = await apiWith(await store('logged', entryOf(good)));
    for (const key of [good, wrong]) {
      for (const url of ['/records/a', '/records?limit=0', '/nothing', '/records/%zz', '/openapi.json'])
        await get(key, url);
    }
    expect(lines.length).toBeGreaterThanOrEqual(10);
    const log = JSON.stringify(lines);
    for (const key of [good, wrong]) expect(log).not.toContain(key.slice(4, 12));
    for (const key of [good, wrong]) expect(log).not.toContain(hashOf(key).slice(0, 12));
  });
});

describe('an unreadable list of keys', () => {
  const noLog = { info() {}, error() {} };

  it('keeps its last keys valid for ten minutes, and then refuses every key', async () => {
    const key = mintKey();
    const file = await store('unreadable', entryOf(key));
    const timing = new FakeTiming();
    const keys = new ApiKeys({ file, log: noLog, timing });
    expect(keys.find(key)).toBe('unavailable');
    await keys.refresh();
    expect(keys.find(key)).toMatchObject({ name: 'crm' });
    await writeFile(file, '{"keys":[{');
    timing.advance(600_000);
    await keys.refresh();
    expect(keys.find(key)).toMatchObject({ name: 'crm' });
    timing.advance(1);
    expect([keys.find(key), keys.find('x')]).toEqual(['unavailable', 'unknown']);
    await store('unreadable', entryOf(key));
    await keys.refresh();
    expect(keys.find(key)).toMatchObject({ name: 'crm' });
  });

  it('refuses requests with a key as unavailable and answers those without one', async () => {
    const { get, lines } = await apiWith(join(folder, 'absent'));
    expect((await get()).statusCode).toBe(200);
    const refused = await get(mintKey());
    expectProblem(refused, 'keys-unavailable');
    expect(refused.headers['retry-after']).toBe('5');
    expect(lines).toContainEqual(
      expect.objectContaining({ severity: 'ERROR', message: expect.stringContaining('API keys') }),
    );
  });
});
