import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FakeClock } from '@records/local-cloud';
import { Changes } from '../src/changes.ts';
import { ConsoleServer } from '../src/console/server.ts';
import { Terminal } from '../src/terminal.ts';
import { hasBrowser, TestConsole } from './support/console.ts';

// It starts a stack and a browser, perhaps on a busy machine.
jest.setTimeout(240_000);

const inBrowser = hasBrowser ? it : it.skip;

let opened: TestConsole;
let folder: string;
/** A part of the API's code that a test may change. */
let part: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-'));
  part = join(folder, 'part.mjs');
  await writeFile(part, '');
  opened = await TestConsole.start({ apiPreload: pathToFileURL(part).href });
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Sends a request with any headers, which fetch does not allow. */
function statusOf(path: string, headers: Record<string, string>, body?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(`${opened.server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end(body);
  });
}

/** Makes the table's subscription take records with fields that the table lacks. */
async function mendSubscription(): Promise<void> {
  const { cloud, outputs } = opened.stack;
  const { subscriptions } = await cloud.pubsub.listSubscriptions({ project: `projects/${outputs.project}` });
  const writer = subscriptions.find(({ bigqueryConfig }) =>
    bigqueryConfig?.table?.includes('.records.records'),
  );
  const bigqueryConfig = { ...writer?.bigqueryConfig, dropUnknownFields: true };
  await cloud.pubsub.updateSubscription({
    subscription: { name: writer?.name ?? '', bigqueryConfig },
    updateMask: { paths: ['bigquery_config'] },
  });
}

const record = { id: 'foreign-1', nombre: 'Ana', apellido: 'Pérez', pais: 'Chile' };

describe('the console refuses', () => {
  it('a request for another host', async () => {
    expect(await statusOf('/', { host: 'attacker.example' })).toBe(421);
  });

  it.each([
    ['of another site', { origin: 'https://attacker.example', 'sec-fetch-site': 'cross-site' }],
    ['of another server of this machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
    ['with a form', { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' }],
  ])('the POST of a page %s, and stores nothing', async (_, headers) => {
    const before = published();
    const body = JSON.stringify({ record, variant: 'whole' });
    expect(
      await statusOf('/api/follow/publish', { 'content-type': 'application/json', ...headers }, body),
    ).toBe(403);
    expect(published()).toBe(before);
  });

  it('a path that leaves its folders', async () => {
    expect(await statusOf('/page/..%2fserver.ts', {})).toBe(404);
    expect(await statusOf('/page/tsconfig.json', {})).toBe(404);
  });
});

function published(): number | undefined {
  const { cloud, outputs } = opened.stack;
  return cloud.pubsub.measurements().topics.find(({ id }) => outputs.topic.endsWith(`/${id}`))?.published;
}

it('measures nothing while no page listens', async () => {
  const clock = new FakeClock();
  const { view, bugs } = opened;
  const measures = jest.spyOn(view, 'state');
  const other = await ConsoleServer.listen({ view, port: 0, clock, onError: (error) => bugs.push(error) });
  const leaving = new AbortController();
  await fetch(`${other.url}/live?view=requests`, { signal: leaving.signal });
  expect(measures).toHaveBeenCalledTimes(1);
  leaving.abort();
  while (other.pages > 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(10_000);
  expect(measures).toHaveBeenCalledTimes(1);
  measures.mockRestore();
  await other.close();
});

it('stops a seed that a page began when it closes', async () => {
  const { view, bugs } = opened;
  const other = await ConsoleServer.listen({ view, port: 0, onError: (error) => bugs.push(error) });
  const before = published() ?? 0;
  const seed = fetch(`${other.url}/api/trouble/seed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ count: 10_000 }),
  }).then(
    () => 'answered',
    () => 'cut',
  );
  while (published() === before) await new Promise((resolve) => setImmediate(resolve));
  await other.close();
  expect(await seed).toBe('cut');
  expect((published() ?? 0) - before).toBeLessThan(10_000);
});

it('names the field that the topic refuses', async () => {
  const leaving = new AbortController();
  const stream = await fetch(`${opened.server.url}/live?view=follow`, { signal: leaving.signal });
  const sent = await fetch(`${opened.server.url}/api/follow/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ record, variant: 'without' }),
  });
  expect(sent.status).toBe(200);
  let told = '';
  for await (const chunk of stream.body ?? []) {
    told += Buffer.from(chunk).toString();
    if (told.includes('"step":"refused"')) break;
  }
  leaving.abort();
  expect(told).toMatch(/"step":"refused","detail":"[^\n]*apellido[^\n]* is missing/);
});

describe('the page', () => {
  inBrowser('follows a record to the API, by keyboard alone', () =>
    opened.withPage('/follow', async (page) => {
      await page.waitForFunction(() => document.querySelector('input')?.value !== '');
      await page.focus('input[name=nombre]');
      await page.keyboard.press('Control+A');
      await page.keyboard.type('Zoé');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.timeline >> text=served by the API');
      expect(await page.textContent('.follow')).not.toContain('Following');
      const served = await page.textContent('.timeline li:last-child .detail');
      expect(JSON.parse(served ?? '')).toMatchObject({ nombre: 'Zoé' });
    }),
  );

  inBrowser('names the field of a record that the topic refuses', () =>
    opened.withPage('/follow', async (page) => {
      await page.waitForFunction(() => document.querySelector('input')?.value !== '');
      await page.click('text=Without apellido');
      await page.waitForSelector('.timeline .bad');
      expect(await page.textContent('.timeline .bad')).toMatch(/refused.*field "apellido" is missing/s);
    }),
  );

  inBrowser(
    'shows five attempts of a poison message, a trouble within 2 s, and its end once it is replayed',
    () =>
      opened.withPage('/follow', async (page) => {
        await page.waitForFunction(() => document.querySelector('input')?.value !== '');
        const id = await page.inputValue('input[name=id]');
        await page.click('text=Extra field');
        await page.waitForSelector('.timeline >> text=dead letter');
        const readings = jest.spyOn(opened.view, 'state');
        const failed = await page.locator('.follow').first().locator('.bad').allTextContents();
        expect(failed.filter((text) => text.includes('"extra"')).length).toBe(5);
        await page.waitForSelector('.troubles >> text=1 dead letter waits');
        // Two a second, so that a slow machine does not count.
        expect(readings.mock.calls.length).toBeLessThanOrEqual(4);
        readings.mockRestore();
        await page.click('.troubles >> text=See why, and replay them');
        await page.waitForSelector('.group >> text=1 × Unknown field "extra"');
        await mendSubscription();
        await page.click('text=Replay…');
        await page.click('text=Replay (1)');
        await page.waitForSelector('text=1 published again and removed.');
        await page.waitForSelector('text=There are no dead letters');
        await page.waitForSelector('.troubles .trouble', { state: 'detached' });
        const url = `${opened.stack.outputs.apiUrl}/records/${id}`;
        while (!(await fetch(url)).ok) await new Promise((resolve) => setImmediate(resolve));
      }),
  );

  inBrowser('turns red with file and line when a save breaks the API, and green when it is mended', () =>
    opened.withPage('/requests', async (page) => {
      const { stack, activity } = opened;
      const changes = new Changes(stack, {
        ...{ terminal: new Terminal(false, () => {}), activity, onDeployed: async () => {} },
        interrupted: new AbortController().signal,
      });
      await writeFile(part, '\n\nconst broken = ;\n');
      await changes.restartApi();
      await page.waitForSelector('.pipeline .bad >> text=API');
      // Its counts are unknown while it is down, and not 0.
      stack.killApi();
      const api = page.locator('.pipeline > li').last();
      await api.locator('.rate >> text=/^– requests/').waitFor();
      await api.locator('text=/^– failed/').waitFor();
      expect(await page.textContent('.troubles')).toMatch(
        /The API does not start.*part\.mjs:3\n\s*const broken = ;.*save again to retry/s,
      );
      await writeFile(part, '');
      await changes.restartApi();
      await page.waitForSelector('.troubles .trouble', { state: 'detached' });
      await page.waitForSelector('.pipeline .bad', { state: 'detached' });
      await page.waitForSelector('.events >> text=The API restarted');
    }),
  );
});
