import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import { JSDOM } from 'jsdom';
import { type Browser, chromium } from 'playwright-core';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront, googleError } from './support/bigquery-front.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { openTestTable, type TestTable } from './support/table.ts';

const CHROMIUM = '/usr/bin/chromium';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const MARKUP = '<img src=x onerror=alert(1)>"\'';

let table: TestTable;
let url: string;
let failing: string;

beforeAll(async () => {
  table = await openTestTable();
  const rows = Array.from({ length: 60 }, (_, n) => ({
    id: `r${String(n).padStart(2, '0')}`,
    nombre: n === 0 ? MARKUP : 'Ana',
    apellido: 'Núñez',
    pais: n % 3 === 0 ? 'Perú' : 'Chile',
  }));
  await table.append(rows);
  const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing: new FakeTiming() });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
  const front = await BigQueryFront.listen();
  front.fault = () => googleError(503, 'backendError');
  const { app: other } = await buildTestApi({ bigQueryUrl: front.url, timing: new FakeTiming() });
  failing = await other.listen({ port: 0, host: '127.0.0.1' });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, url), { headers: { ...HTML, ...headers } });

/** The page at this path, and what a reader finds in it. */
async function open(path: string, headers: Record<string, string> = {}) {
  const response = await get(path, headers);
  const { document } = new JSDOM(await response.text()).window;
  const link = (text: string) =>
    [...document.querySelectorAll('a')]
      .find(({ textContent }) => textContent?.includes(text))
      ?.getAttribute('href') ?? undefined;
  return {
    response,
    document,
    link,
    text: document.body.textContent ?? '',
    ids: [...document.querySelectorAll('td.id')].map(({ textContent }) => textContent),
  };
}

describe('GET /', () => {
  it('gives programs an index of paths that all exist', async () => {
    for (const accept of ['*/*', 'application/json']) {
      const response = await get('/', { accept });
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      const index = (await response.json()) as Record<string, string>;
      expect(index).toMatchObject({ records: '/records', openapi: '/openapi.json', documentation: '/docs' });
      for (const path of Object.values(index)) {
        const { status } = await get(path.replace('{id}', 'r01'), { accept: '*/*' });
        expect([path, status]).toEqual([path, 200]);
      }
    }
  });

  it('shows people the total, 25 records, the countries and the downloads, and runs no query of its own', async () => {
    await (await get('/records', { accept: '*/*' })).text();
    const queries = () => table.front.calls.filter((call) => /jobs|queries/.test(call)).length;
    const before = queries();
    const { document, text, ids, link } = await open('/', { 'accept-language': 'en' });
    expect(queries()).toBe(before);
    expect(document.querySelector('.total strong')?.textContent).toBe('60');
    expect(ids).toEqual(Array.from({ length: 25 }, (_, n) => `r${String(n).padStart(2, '0')}`));
    expect(text).toMatch(/Chile 40[\s\S]*Perú 20/);
    expect(link('CSV for Excel')).toBe('/records.csv?bom=true');
    expect(link('NDJSON')).toBe('/records.ndjson');
    expect(link('API documentation')).toBe('/docs');
  });

  it('shows markup in a record as text', async () => {
    const { document, text } = await open('/');
    expect(text).toContain(MARKUP);
    expect(document.querySelector('img, script')).toBeNull();
  });

  it('leads through one snapshot and back', async () => {
    const first = await open('/?lang=en');
    const second = await open(first.link('Next') ?? '');
    const third = await open(second.link('Next') ?? '');
    expect([...first.ids, ...second.ids, ...third.ids]).toHaveLength(60);
    expect(new Set([...first.ids, ...second.ids, ...third.ids]).size).toBe(60);
    expect(third.link('Next')).toBeUndefined();
    expect(third.text).toContain('51–60 of 60');
    expect((await open(third.link('Previous') ?? '')).ids).toEqual(second.ids);
    const token = /snapshot=([^&]+)/;
    expect(token.exec(third.link('Previous') ?? '')?.[1]).toBe(token.exec(first.link('Next') ?? '')?.[1]);
  });

  it('filters by its form, whose empty fields accept everything, and keeps the filter in every link', async () => {
    const { document, link, text } = await open('/?nombre=&apellido=&pais=Per%C3%BA&lang=en');
    expect(text).toContain('20 records match the filter');
    expect(document.querySelector('input[name=pais]')?.getAttribute('value')).toBe('Perú');
    expect(link('CSV')).toBe('/records.csv?pais=Per%C3%BA');
    expect(link('Español')).toBe('/?pais=Per%C3%BA&lang=es');
    expect(link('Remove the filter')).toBe('/?lang=en');
    expect((await open('/?pais=Nowhere&lang=en')).text).toContain('No record matches the filter.');
  });

  it('speaks the language that the link or the browser asks for, Spanish by default', async () => {
    const languageOf = async (path: string, headers: Record<string, string> = {}) =>
      (await open(path, headers)).document.documentElement.lang;
    expect(await languageOf('/')).toBe('es');
    expect(await languageOf('/', { 'accept-language': 'en-US,en;q=0.9,es;q=0.8' })).toBe('en');
    expect(await languageOf('/?lang=es', { 'accept-language': 'en' })).toBe('es');
  });

  it('allows no script, is not indexed, and is revalidated by a tag of its language', async () => {
    const { headers } = await get('/', { 'accept-language': 'en' });
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    expect(headers.get('content-security-policy')).not.toMatch(/script-src|unsafe|\*/);
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('vary')).toBe('Accept, Accept-Encoding, Accept-Language');
    const etag = headers.get('etag') ?? '';
    const again = { 'if-none-match': etag };
    expect((await get('/', { ...again, 'accept-language': 'en' })).status).toBe(304);
    expect((await get('/', { ...again, 'accept-language': 'es' })).status).toBe(200);
  });

  it('says in a sentence what is wrong, and keeps problem documents for programs', async () => {
    const wrong = await open('/?offset=x&lang=en');
    expect(wrong.response.status).toBe(400);
    expect(wrong.text).toContain('The address of this page has a value that is not valid:');
    expect(wrong.text).toContain('offset=x');
    const expired = await open('/?snapshot=000000000000-tp0ce8-0&pais=Chile&lang=es');
    expect(expired.response.status).toBe(410);
    expect(expired.text).toContain('Esta versión de la lista ya no se puede leer.');
    expect(expired.link('Volver a empezar')).toBe('/?pais=Chile&lang=es');
    const down = await fetch(failing, { headers: { ...HTML, 'accept-language': 'en' } });
    expect([down.status, down.headers.has('retry-after')]).toEqual([503, true]);
    expect(await down.text()).toContain('The records cannot be read at the moment.');
    const { headers } = await get('/?offset=x', { accept: '*/*' });
    expect(headers.get('content-type')).toBe('application/problem+json');
  });
});

(existsSync(CHROMIUM) ? describe : describe.skip)('the page in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(() => browser.close());

  it('has no finding of axe, no error and no request elsewhere, light and dark, narrow and wide, in both languages', async () => {
    for (const path of [
      '/?lang=es',
      '/?lang=en',
      '/?lang=en&offset=x',
      '/problems',
      '/docs?lang=es',
      '/docs?lang=en',
    ]) {
      // axe runs as a script, which the page's policy forbids.
      const page = await browser.newPage({ bypassCSP: true });
      const noise: string[] = [];
      // Chromium's hints about forms are no errors.
      page.on('console', (message) => !message.text().startsWith('[DOM]') && noise.push(message.text()));
      page.on('request', (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith('data:')) noise.push(request.url());
      });
      await page.goto(url + path);
      await page.addScriptTag({ content: axe.source });
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [390, 1280]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          const found = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(({ id }) => id))',
          );
          const overflows = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
          expect({ path, colorScheme, width, found, overflows }).toEqual({
            ...{ path, colorScheme, width, found: [], overflows: false },
          });
        }
      }
      expect(noise).toEqual(path.includes('offset=x') ? [expect.stringContaining('400')] : []);
      await page.close();
    }
  }, 240_000);

  it('sends a call from the documentation, with the policy of the page in force', async () => {
    const page = await browser.newPage();
    const noise: string[] = [];
    page.on('console', (message) => !message.text().startsWith('[DOM]') && noise.push(message.text()));
    await page.goto(`${url}/docs?lang=en`);
    expect(await page.locator('header pre').textContent()).toBe(`curl '${url}/records?limit=3'`);
    const form = page.locator('#listRecords ~ form').first();
    await form.getByLabel('limit').fill('1');
    await form.getByRole('button', { name: 'Try it' }).click();
    const answer = page.locator('#listRecords ~ .answer').first();
    await expect(answer.filter({ hasText: '200 OK' }).waitFor()).resolves.toBeUndefined();
    expect(await answer.textContent()).toContain('[{"id":"r00"');
    expect(noise).toEqual([]);
    await page.close();
  });

  it('runs no script, even one that got into the page', async () => {
    const page = await browser.newPage();
    await page.route(`${url}/`, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(
        '</main>',
        '<script>document.title = "ran"</script></main>',
      );
      await route.fulfill({ response, body });
    });
    await page.goto(`${url}/`);
    expect(await page.title()).toBe('Registros de personas');
    await page.close();
  });
});
