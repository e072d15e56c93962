import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Activity } from '../../src/activity.ts';
import { ConsoleServer } from '../../src/console/server.ts';
import { type StackView, viewOf } from '../../src/console/stack-view.ts';
import { LocalStack, type LocalStackOptions } from '../../src/local-stack.ts';

/** Debian's. Without it, the tests of the page are skipped. */
const CHROMIUM = '/usr/bin/chromium';
export const hasBrowser = existsSync(CHROMIUM);

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** A stack with its console, and a browser where there is one. */
export class TestConsole implements AsyncDisposable {
  readonly activity: Activity;
  readonly bugs: unknown[];
  readonly stack: LocalStack;
  readonly view: StackView;
  readonly server: ConsoleServer;
  readonly #browser: Browser | undefined;

  private constructor(
    parts: Pick<TestConsole, 'activity' | 'bugs' | 'stack' | 'view' | 'server'>,
    browser: Browser | undefined,
  ) {
    this.activity = parts.activity;
    this.bugs = parts.bugs;
    this.stack = parts.stack;
    this.view = parts.view;
    this.server = parts.server;
    this.#browser = browser;
  }

  static async start(options: LocalStackOptions = {}): Promise<TestConsole> {
    const activity = new Activity();
    const bugs: unknown[] = [];
    const stack = await LocalStack.create({ ...options, onEvent: (event) => activity.record(event) });
    const onError = (error: unknown) => bugs.push(error);
    const view = viewOf(stack, activity);
    const server = await ConsoleServer.listen({ view, port: 0, onError });
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
    const browser = hasBrowser ? await chromium.launch({ executablePath: CHROMIUM, args }) : undefined;
    return new TestConsole({ activity, bugs, stack, view, server }, browser);
  }

  /** A page whose errors and requests to other hosts fail the test. */
  async withPage(
    path: string,
    use: (page: Page) => Promise<void>,
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<void> {
    if (!this.#browser) throw new Error('there is no browser');
    const context = await this.#browser.newContext({ locale: 'en-GB', ...options });
    // A busy machine is slow and not wrong.
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    // A refusal of the console's server is shown on the page, too.
    const isRefusal = (text: string) => text.includes('status of 400');
    page.on('console', (message) => {
      if (message.type() === 'error' && !isRefusal(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (sent) => sent.url().startsWith(this.server.url) || complaints.push(sent.url()));
    await page.goto(`${this.server.url}${path}`);
    await page.waitForSelector('.pipeline');
    await use(page);
    await context.close();
    expect(complaints).toEqual([]);
  }

  /** Publishes records, and waits until the table has them. */
  async publish(records: readonly object[]): Promise<void> {
    const { cloud, outputs } = this.stack;
    const messages = records.map((record) => ({ data: Buffer.from(JSON.stringify(record)) }));
    await cloud.pubsub.publish({ topic: outputs.topic, messages });
    const waiting = () =>
      cloud.pubsub.measurements().subscriptions.some((one) => isWriter(one) && one.backlog > 0);
    const isWriter = ({ id }: { readonly id: string }) => !outputs.deadLetterSubscription.endsWith(`/${id}`);
    while (waiting()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Removes every dead letter. */
  async bury(): Promise<void> {
    const { cloud, outputs } = this.stack;
    const seconds = Math.ceil(Date.now() / 1_000) + 60;
    await cloud.pubsub.seek({ subscription: outputs.deadLetterSubscription, time: { seconds } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.close();
    await this.server.close();
    await this.stack.close();
    expect(this.bugs).toEqual([]);
  }
}

/** No violation in light and dark, at 1280 and 390 px, and nothing wider than the page. */
export async function expectNoBarrier(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await violations(page)).toEqual([]);
    }
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
}

/** By axe, which needs no script of the page's own server. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as Axe).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

interface Axe {
  readonly axe: {
    run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
  };
}
