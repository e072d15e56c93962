import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hasBrowser, TestConsole } from './support/console.ts';

// It starts a stack and a browser, perhaps on a busy machine.
jest.setTimeout(240_000);

const inBrowser = hasBrowser ? it : it.skip;

let opened: TestConsole;

beforeAll(async () => {
  opened = await TestConsole.start();
  await opened.publish(
    Array.from({ length: 60 }, (_, index) => ({
      ...{ id: `r-${String(index).padStart(2, '0')}`, nombre: 'Zoé', apellido: 'Núñez' },
      pais: index < 40 ? 'Perú' : 'Chile',
    })),
  );
});
afterAll(() => opened?.[Symbol.asyncDispose]());

describe('Records', () => {
  inBrowser('pages through one list by its links, and filters it by country', () =>
    opened.withPage('/records', async (page) => {
      await page.waitForSelector('text=1–25 of 60 records');
      await page.click('text=Next');
      await page.waitForSelector('text=26–50 of 60 records');
      await page.click('text=Last');
      await page.waitForSelector('text=51–60 of 60 records');
      await page.click('.facets >> text=Chile');
      await page.waitForSelector('text=1–20 of 20 records');
      expect(await page.locator('tbody tr').first().textContent()).toBe('r-40ZoéNúñezChile');
      expect(await page.textContent('pre')).toMatch(
        /^curl -i 'http:\/\/127\.0\.0\.1:\d+\/records\?limit=25&pais=Chile'$/,
      );
      const csv = await page.getAttribute('a:text("CSV")', 'href');
      expect((await (await fetch(csv ?? '')).text()).trimEnd().split('\r\n')).toHaveLength(21);
      // Its address leads back to it.
      await page.reload();
      await page.waitForSelector('text=1–20 of 20 records');
    }),
  );

  inBrowser('shows the detail of what the API refuses', () =>
    opened.withPage(`/records?pais=${'x'.repeat(2_000)}`, async (page) => {
      await page.waitForSelector('[role=alert] >> text=The API answered 400');
    }),
  );
});
