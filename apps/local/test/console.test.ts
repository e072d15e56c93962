import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FakeClock } from '@records/local-cloud';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Activity } from '../src/activity.ts';
import { ConsoleServer } from '../src/console/server.ts';
import { viewOf } from '../src/console/stack-view.ts';
import { LocalStack } from '../src/local-stack.ts';

// It starts a stack and a browser, perhaps on a busy machine.
jest.setTimeout(120_000);

/** Debian's. Without it, the tests of the page are skipped. */
const CHROMIUM = '/usr/bin/chromium';
const inBrowser = existsSync(CHROMIUM) ? it : it.skip;

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const activity = new Activity();
const bugs: unknown[] = [];
let stack: LocalStack;
let server: ConsoleServer;
let browser: Browser;

beforeAll(async () => {
  stack = await LocalStack.create({ onEvent: (event) => activity.record(event) });
  server = await ConsoleServer.listen({
    view: viewOf(stack, activity),
    port: 0,
    onError: (error) => bugs.push(error),
  });
  if (!existsSync(CHROMIUM)) return;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await stack?.close();
  expect(bugs).toEqual([]);
});

/** A page whose errors and requests to other hosts fail the test. */
async function withPage(
  path: string,
  use: (page: Page) => Promise<void>,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (sent) => sent.url().startsWith(server.url) || complaints.push(sent.url()));
  await page.goto(`${server.url}${path}`);
  await page.waitForSelector('.pipeline');
  await use(page);
  await context.close();
  expect(complaints).toEqual([]);
}

/** Sends a request with any headers, which fetch does not allow. */
function statusOf(path: string, headers: Record<string, string>, body?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(`${server.url}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end(body);
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
  return stack.cloud.pubsub.measurements().topics.find(({ id }) => stack.outputs.topic.endsWith(`/${id}`))
    ?.published;
}

it('measures nothing while no page listens', async () => {
  const clock = new FakeClock();
  const view = viewOf(stack, activity);
  const measures = jest.spyOn(view, 'state');
  const other = await ConsoleServer.listen({ view, port: 0, clock, onError: (error) => bugs.push(error) });
  const leaving = new AbortController();
  await fetch(`${other.url}/live?view=requests`, { signal: leaving.signal });
  expect(measures).toHaveBeenCalledTimes(1);
  leaving.abort();
  while (other.pages > 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(10_000);
  expect(measures).toHaveBeenCalledTimes(1);
  await other.close();
});

it('names the field that the topic refuses', async () => {
  const leaving = new AbortController();
  const stream = await fetch(`${server.url}/live?view=follow`, { signal: leaving.signal });
  const sent = await fetch(`${server.url}/api/follow/publish`, {
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
    withPage('/follow', async (page) => {
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
    withPage('/follow', async (page) => {
      await page.waitForFunction(() => document.querySelector('input')?.value !== '');
      await page.click('text=Without apellido');
      await page.waitForSelector('.timeline .bad');
      expect(await page.textContent('.timeline .bad')).toMatch(/refused.*field "apellido" is missing/s);
    }),
  );

  inBrowser('shows five attempts of a poison message with their reason, and a trouble within 2 s', () =>
    withPage('/follow', async (page) => {
      await page.waitForFunction(() => document.querySelector('input')?.value !== '');
      await page.click('text=Extra field');
      await page.waitForSelector('.timeline >> text=dead letter');
      const failed = await page.locator('.follow').first().locator('.bad').allTextContents();
      expect(failed.filter((text) => text.includes('"extra"')).length).toBe(5);
      await page.waitForSelector('.troubles >> text=1 dead letter waits', { timeout: 2_000 });
      const { deadLetterSubscription: subscription } = stack.outputs;
      await stack.cloud.pubsub.seek({ subscription, time: { seconds: Math.ceil(Date.now() / 1_000) + 60 } });
      await page.waitForSelector('.troubles .trouble', { state: 'detached' });
    }),
  );

  inBrowser('shows a save that failed, with its lines, until one is applied', () =>
    withPage('/requests', async (page) => {
      activity.failed('api', 'The API does not start; save again to retry', new Error('main.ts:3 no'));
      await page.waitForSelector('.pipeline .bad >> text=API');
      expect(await page.textContent('.troubles')).toMatch(/does not start:\s+main.ts:3 no\s+save again/);
      activity.applied('api', 'The API restarted');
      await page.waitForSelector('.troubles .trouble', { state: 'detached' });
      await page.waitForSelector('.events >> text=The API restarted');
    }),
  );

  inBrowser.each(['es-MX', 'en-GB'])('has no barrier in light and dark, at 1280 and 390 px: %s', (locale) =>
    withPage(
      '/follow',
      async (page) => {
        await page.waitForFunction(() => document.querySelector('input')?.value !== '');
        for (const view of ['follow', 'requests']) {
          await page.click(`nav a[href="/${view}"]`);
          await page.waitForSelector(view === 'follow' ? '.follow' : '.events li');
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            for (const width of [1280, 390]) {
              await page.setViewportSize({ width, height: 800 });
              await expectNoBarrier(page);
            }
          }
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(overflow).toBeLessThanOrEqual(0);
        }
      },
      { locale },
    ),
  );
});

/** By axe, which needs no script of the page's own server. */
async function expectNoBarrier(page: Page): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as Axe).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
  expect(found).toEqual([]);
}

interface Axe {
  readonly axe: {
    run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
  };
}
