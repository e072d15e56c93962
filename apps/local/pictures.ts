// Renews docs/pictures from the console of a new stack, by Debian's Chromium: `pnpm --filter @records/local pictures`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@records/stack';
import { chromium, type Page } from 'playwright-core';
import { Activity } from './src/activity.ts';
import { openConsole } from './src/console/open-console.ts';
import { LocalStack } from './src/local-stack.ts';

const FOLDER = join(REPOSITORY, 'docs', 'pictures');
const SIZE = { width: 1200, height: 720 };
/** Of WebP, in percent: a tenth of the bytes of PNG. */
const QUALITY = 60;
/** States of the pipeline, two a second, before a picture is taken: its lines show something. */
const STATES = 6;

/** Prepares each view for its picture. */
const VIEWS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  follow: async (page) => {
    await page.waitForFunction(() => document.querySelector('input')?.value !== '');
    await page.press('input', 'Enter');
    await page.waitForSelector('text=served by the API');
    await page.click('text=Without apellido');
    await page.waitForSelector('.timeline .bad');
  },
  records: (page) => page.waitForSelector('tbody tr'),
  sql: async (page) => {
    await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
    await page.press('textarea', 'Control+Enter');
    await page.waitForSelector('.answer tbody tr');
  },
  requests: async (page) => {
    await page.fill('input[name=path]', '/records/nobody');
    await page.press('input[name=path]', 'Enter');
    await page.waitForSelector('.traces details[open] >> text=GET /records/:id');
    // The waterfall is below the pipeline: both fit, without what is above it.
    await page.locator('.traces').evaluate((list) => list.scrollIntoView({ block: 'center' }));
  },
  infrastructure: (page) => page.click('.identity >> text=records-api'),
  trouble: async (page) => {
    await page.click('text=Run the probe');
    await page.waitForSelector('.said pre');
  },
  'dead-letters': async (page) => {
    await page.waitForSelector('.group');
    await page.click('text=Replay…');
    await page.waitForSelector('.group [role=alert]');
  },
};

mkdirSync(FOLDER, { recursive: true });
const activity = new Activity();
await using stack = await LocalStack.create({ onEvent: (event) => activity.record(event) });
const { seedRecords } = await import('@records/seeder');
await seedRecords({ count: 1_000, seed: 42, target: stack.seedTarget });
await using console = await openConsole(stack, activity, { port: 0, isChosen: true }, (error) => {
  throw error;
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [view, prepare] of Object.entries(VIEWS)) {
  if (view === 'dead-letters') await poison();
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ locale: 'en-GB', viewport: SIZE, colorScheme });
    const page = await context.newPage();
    await page.goto(`${console.url}/${view}`);
    await prepare(page);
    await page.waitForFunction(
      (states) => (document.querySelector('polyline')?.points.numberOfItems ?? 0) >= states,
      STATES,
    );
    const session = await context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
    writeFileSync(join(FOLDER, `${view}-${colorScheme}.webp`), Buffer.from(data, 'base64'));
    await context.close();
  }
}
await browser.close();

/** Publishes records with a field that the table does not have. */
async function poison(): Promise<void> {
  const records = Array.from({ length: 3 }, (_, index) => ({
    ...{ id: `with-edad-${index}`, nombre: 'Ana', apellido: 'Pérez', pais: 'Chile', edad: '30' },
  }));
  const messages = records.map((record) => ({ data: Buffer.from(JSON.stringify(record)) }));
  await stack.cloud.pubsub.publish({ topic: stack.outputs.topic, messages });
}
