import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { expectNoBarrier, hasBrowser, TestConsole } from './support/console.ts';
import { InfraCopy } from './support/infra-copy.ts';

// It starts a stack and a browser, perhaps on a busy machine.
jest.setTimeout(240_000);

const inBrowser = hasBrowser ? it : it.skip;

let opened: TestConsole;
let infra: InfraCopy;

beforeAll(async () => {
  infra = new InfraCopy();
  opened = await TestConsole.start({ infraDir: infra.folder });
  await opened.publish(
    Array.from({ length: 60 }, (_, index) => ({
      ...{ id: `r-${String(index).padStart(2, '0')}`, nombre: 'Zoé', apellido: 'Núñez' },
      pais: index < 40 ? 'Perú' : 'Chile',
    })),
  );
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  infra.remove();
});

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

describe('SQL', () => {
  inBrowser('shows rows, bytes billed and their price at Google by Ctrl-Enter', () =>
    opened.withPage('/sql', async (page) => {
      await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
      await page.press('textarea', 'Control+Enter');
      await page.waitForSelector('.answer tbody tr');
      expect(await page.locator('.answer tbody tr').allTextContents()).toEqual(['Perú40', 'Chile20']);
      // 10 MiB of 2^20 MiB at 8.9375 USD.
      expect(await page.textContent('.answer p')).toMatch(
        /^2 rows · .* read · 10 MiB billed · USD 0\.000085 at Google in southamerica-west1$/,
      );
      await page.waitForSelector('.jobs >> text=COUNT(DISTINCT id)');
    }),
  );

  inBrowser('puts the cursor where the query is wrong', () =>
    opened.withPage('/sql', async (page) => {
      const wrong = 'SELECT\n  nope\nFROM `records-local.records.records`';
      await page.waitForFunction(() => document.querySelector('textarea')?.value !== '');
      await page.fill('textarea', wrong);
      await page.click('text=Run');
      await page.waitForSelector('.answer [role=alert]');
      expect(await page.textContent('.answer [role=alert]')).toMatch(/nope.* at \[2:3\]\s*nope\n {2}\^$/s);
      const cursor = await page
        .locator('textarea')
        .evaluate((area: HTMLTextAreaElement) => area.selectionStart);
      expect(cursor).toBe(wrong.indexOf('nope'));
    }),
  );

  inBrowser('shows that many requests cost one query, and whose', () =>
    opened.withPage('/sql', async (page) => {
      const { apiUrl } = opened.stack.outputs;
      for (let request = 0; request < 20; request += 1)
        await (await fetch(`${apiUrl}/records?limit=1`)).text();
      await page.waitForSelector('.jobs b:text("records-api")');
      const jobs = await page.locator('.jobs summary', { hasText: 'records-api' }).allTextContents();
      expect(jobs.length).toBeLessThan(10);
      expect(jobs.join()).toContain('MiB billed');
    }),
  );
});

describe('Requests and events', () => {
  inBrowser('shows the spans of a request that it traces, down to the local BigQuery, as a waterfall', () =>
    opened.withPage('/requests', async (page) => {
      await page.fill('input[name=path]', '/records/nobody-at-all');
      await page.press('input[name=path]', 'Enter');
      await page.waitForSelector('text=/^Answered 404, .* ms\\.$/');
      const spans = page.locator('.traces details[open] .waterfall li');
      await page.waitForSelector('.waterfall >> text=BigQuery');
      const texts = (await spans.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
      expect(texts[0]).toMatch(/^records-api GET \/records\/:id .* ms after 0 ms .*status_code 404/);
      const call = texts.findIndex((text) => text.startsWith('records-api bigquery.jobs.query'));
      expect(texts[call + 1]).toMatch(/^BigQuery jobs\.query .* status 200 .*bytes billed 10485760$/);
      expect(
        await spans
          .nth(call + 1)
          .locator('p')
          .getAttribute('data-depth'),
      ).toBe('2');
      const ends = await spans
        .locator('rect')
        .evaluateAll((bars) =>
          bars.map((bar) => Number(bar.getAttribute('x')) + Number(bar.getAttribute('width'))),
        );
      expect(Math.max(...ends)).toBeLessThanOrEqual(1_000);
    }),
  );
});

/** By view: what is there once it is drawn. */
const DRAWN: Readonly<Record<string, string>> = {
  follow: '.timeline li',
  records: 'tbody tr',
  sql: '.jobs li',
  'dead-letters': '.group',
  requests: '.events li',
  infrastructure: '.tree li',
  trouble: 'input[name=redeliver]',
};

describe('no view', () => {
  inBrowser.each(['es-MX', 'en-GB'])('has a barrier in light and dark, at 1280 and 390 px: %s', (locale) =>
    opened.withPage(
      '/follow',
      async (page) => {
        await page.waitForFunction(() => document.querySelector('input')?.value !== '');
        await page.press('input', 'Enter');
        await page.click(locale === 'es-MX' ? 'text=Campo de más' : 'text=Extra field');
        await page.waitForSelector('.troubles .trouble');
        for (const [view, drawn] of Object.entries(DRAWN)) {
          await page.click(`nav a[href="/${view}"]`);
          await page.waitForSelector(drawn);
          await expectNoBarrier(page);
        }
      },
      { locale },
    ),
  );
});

describe('Infrastructure', () => {
  inBrowser('takes a grant away, which refuses the publisher, and gives it back', () =>
    opened.withPage('/infrastructure', async (page) => {
      const publish = async () => {
        await page.click('nav a[href="/follow"]');
        await page.waitForFunction(() => document.querySelector('input')?.value !== '');
        const id = await page.inputValue('input[name=id]');
        await page.press('input', 'Enter');
        return page.locator('.follow', { hasText: id }).locator('li').first().textContent();
      };
      const grant = 'roles/pubsub.publisher projects/records-local/topics/records';
      const press = async (action: string) => {
        await page.click('nav a[href="/infrastructure"]');
        await page.click('.identity >> text=seeder@records-local');
        await page.click(`button[aria-label="${action} ${grant}"]`);
      };
      await press('Take away');
      await page.waitForSelector('.identity >> text=1 taken away');
      expect(await publish()).toMatch(/refused\s+User not authorized.*grant roles\/pubsub\.publisher on/);
      await press('Give back');
      await page.waitForSelector(`button[aria-label="Take away ${grant}"]`);
      expect(await publish()).toContain('accepted by the topic');
    }),
  );

  inBrowser('is short until a part is opened, and shows what a filter finds', () =>
    opened.withPage('/infrastructure', async (page) => {
      await page.waitForSelector('.tree li');
      const topic = page.locator('.tree >> text=projects/records-local/topics/records-dead-letters');
      const height = () => page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await topic.first().isVisible()).toBe(false);
      expect(await height()).toBeLessThan(4_000);
      await page.fill('.filter input', 'Dead-letters');
      await topic.first().waitFor();
      expect(await page.locator('.tree >> text=roles/run.invoker').count()).toBe(0);
      await page.fill('.filter input', 'nothing has this');
      await page.waitForSelector('text=Resources of the program (0)');
    }),
  );

  inBrowser('shows what an apply changed, old and new, and why one failed', () =>
    opened.withPage('/infrastructure', async (page) => {
      await page.waitForSelector('.applies li');
      const before = await page.locator('.applies > li').count();
      infra.edit('Pulumi.local.yaml', 'freshnessSeconds: "1"', 'freshnessSeconds: "2"');
      await opened.stack.redeploy();
      await page.waitForSelector(`.applies > li >> nth=${before}`);
      await page.click('.applies summary >> nth=0');
      expect(await page.textContent('.changes >> nth=0')).toMatch(/template\.containers\[0\].*"1" → "2"/);
      infra.edit('Pulumi.local.yaml', 'freshnessSeconds: "2"', 'freshnessSeconds: "often"');
      await expect(opened.stack.redeploy()).rejects.toThrow();
      await page.waitForSelector('.applies .bad >> text=failed');
      expect(await page.textContent('.applies .bad pre')).toContain('freshnessSeconds');
      infra.edit('Pulumi.local.yaml', 'freshnessSeconds: "often"', 'freshnessSeconds: "1"');
      await opened.stack.redeploy();
    }),
  );
});

describe('Dead letters', () => {
  beforeEach(() => opened.bury());

  const poison = (field: string, count: number) =>
    opened.publish(
      Array.from({ length: count }, (_, index) => ({
        ...{ id: `poison-${field}-${index}`, nombre: 'Zoé', apellido: 'Núñez', pais: 'Perú' },
        [field]: 'x',
      })),
    );
  const waiting = () =>
    opened.stack.cloud.pubsub
      .measurements()
      .subscriptions.find(({ id }) => opened.stack.outputs.deadLetterSubscription.endsWith(`/${id}`))
      ?.backlog;

  inBrowser('discards one group after a dry run, and leaves the other', () =>
    opened.withPage('/dead-letters', async (page) => {
      await poison('edad', 3);
      await poison('telefono', 1);
      await page.waitForSelector('.group >> text=1 × Unknown field "telefono"');
      const group = page.locator('.group', { hasText: '3 × Unknown field "edad"' });
      await group.locator('text=Discard…').click();
      await page.waitForSelector('text=3 would be removed for good.');
      expect(waiting()).toBe(4);
      await group.locator('text=Discard (3)').click();
      await page.waitForSelector('text=3 removed for good.');
      await page.waitForSelector('text=1 dead letter, by reason');
      expect(waiting()).toBe(1);
      await page.click('text=The first messages');
      expect(JSON.parse((await page.textContent('.group pre')) ?? '')).toMatchObject({ telefono: 'x' });
    }),
  );
});

describe('Trouble', () => {
  inBrowser('kills the API, which comes back', () =>
    opened.withPage('/trouble', async (page) => {
      const begun = opened.activity.after(0).at(-1)?.number ?? 0;
      const states = () =>
        opened.activity
          .after(begun)
          .flatMap(({ happening }) => (happening.type === 'container' ? [happening.state] : []));
      await page.click('text=Kill the API');
      await page.waitForSelector('text=The API was killed.');
      while (!states().includes('ready')) await new Promise((resolve) => setImmediate(resolve));
      expect(states()).toContain('crashed');
    }),
  );

  inBrowser('runs the probe, and shows what it wrote', () =>
    opened.withPage('/trouble', async (page) => {
      await page.click('text=Run the probe');
      await page.waitForSelector('text=The probe passed (exit code 0).');
      expect(await page.textContent('.said pre')).toContain('"message"');
    }),
  );

  inBrowser('sets faults, and ends them', () =>
    opened.withPage('/trouble', async (page) => {
      const { chaos } = opened.stack.cloud;
      await page.focus('input[name=redeliver]');
      await page.keyboard.press('End');
      await page.waitForSelector('text=100 %');
      expect(chaos.options).toMatchObject({ redeliver: 1, failWrites: 0 });
      await page.click('text=No faults');
      await page.waitForSelector('text=100 %', { state: 'detached' });
      expect(chaos.options.redeliver).toBe(0);
    }),
  );

  inBrowser('publishes people and says when all are visible, then removes everything on request', () =>
    opened.withPage('/trouble', async (page) => {
      await page.fill('input[type=number]', '50');
      await page.click('text=Publish made-up people');
      await page.waitForSelector('text=50 records accepted, 0 refused; visible after');
      await page.click('text=Reset…');
      await page.waitForSelector('text=/This removes [1-9]/');
      await page.click('text=Remove them');
      await page.waitForSelector('text=rows removed');
      await page.waitForSelector('.pipeline >> text=0 rows, copies included');
      const total = async () =>
        (await fetch(`${opened.stack.outputs.apiUrl}/records?limit=1`)).headers.get('x-total-count');
      while ((await total()) !== '0') await new Promise((resolve) => setImmediate(resolve));
    }),
  );
});
