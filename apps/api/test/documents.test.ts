import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { invalidSamples, RecordRow, validSamples } from '@records/records-schema';
import type { FastifyInstance } from 'fastify';
import { JSDOM } from 'jsdom';
import { RE2JS } from 're2js';
import { PROBLEMS } from '../src/problems/catalogue.ts';
import { buildTestApi } from './support/api.ts';
import { BigQueryFront } from './support/bigquery-front.ts';
import { Contract } from './support/contract.ts';
import { patternsOf } from './support/patterns.ts';
import { oneRow } from './support/replies.ts';

let front: BigQueryFront;
let app: FastifyInstance;
let contract: Contract;

beforeAll(async () => {
  front = await BigQueryFront.listen();
  front.fault = () => oneRow;
  ({ app } = await buildTestApi({ bigQueryUrl: front.url }));
  contract = new Contract((await app.inject({ url: '/openapi.json' })).json());
});

const operations = () => Object.entries(contract.document.paths).map(([path, { get }]) => ({ path, ...get }));

describe('the OpenAPI document', () => {
  it('describes every operation and every status of it', () => {
    expect(contract.document.openapi).toBe('3.1.0');
    const statuses = operations().map(({ path, operationId, responses = {} }) => [
      path,
      operationId,
      ...Object.keys(responses).map(Number),
    ]);
    expect(statuses).toEqual([
      ['/records', 'listRecords', 200, 304, 400, 401, 406, 410, 412, 414, 429, 431, 500, 503, 504],
      ['/records.csv', 'exportRecordsCsv', 200, 304, 400, 401, 406, 410, 412, 414, 429, 431, 500, 503, 504],
      [
        '/records.ndjson',
        'exportRecordsNdjson',
        200,
        304,
        400,
        401,
        406,
        410,
        412,
        414,
        429,
        431,
        500,
        503,
        504,
      ],
      ['/records/{id}', 'getRecord', 200, 304, 400, 401, 404, 406, 412, 414, 429, 431, 500, 503, 504],
      ['/countries', 'listCountries', 200, 304, 400, 401, 406, 412, 414, 429, 431, 500, 503, 504],
      ['/', 'getIndex', 200, 304, 400, 401, 406, 410, 412, 414, 429, 431, 500, 503, 504],
      ['/health/live', 'getLiveness', 200, 400, 414, 431],
      ['/health/ready', 'getReadiness', 200, 400, 414, 431, 503],
    ]);
  });

  it('takes the rules of a record from its one definition', () => {
    const { $id: _id, ...record } = JSON.parse(JSON.stringify(RecordRow));
    expect(contract.violation(['components', 'schemas', 'Record'], { id: '..' })).toContain('pattern');
    expect(JSON.parse(JSON.stringify(contract.document))).toMatchObject({
      components: { schemas: { Record: record } },
    });
  });

  it('has an example for every status and header, each valid by its schema', () => {
    for (const { path, responses = {} } of operations()) {
      for (const [status, { description, headers, content = {} }] of Object.entries(responses)) {
        const where = `${path} ${status}`;
        expect([where, description]).not.toContain('Default Response');
        for (const [name, header] of Object.entries(headers)) {
          expect([where, name, header.schema.examples?.length]).toEqual([where, name, 1]);
        }
        for (const [type, { examples }] of Object.entries(content)) {
          expect([where, Object.keys(examples)]).not.toEqual([where, []]);
          for (const { value } of Object.values(examples)) {
            const pointer = ['paths', path, 'get', 'responses', status, 'content', type, 'schema'];
            expect([where, contract.violation(pointer, value)]).toEqual([where, undefined]);
          }
        }
      }
    }
  });

  it('names no header that a page of another origin cannot read', async () => {
    const { headers } = await app.inject({ url: '/openapi.json' });
    const exposed = String(headers['access-control-expose-headers']).toLowerCase().split(', ');
    // https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name; `Vary` is for caches.
    const readable = new Set([...exposed, 'cache-control', 'last-modified', 'vary']);
    const named = operations().flatMap(({ responses = {} }) =>
      Object.values(responses).flatMap(({ headers }) => Object.keys(headers)),
    );
    expect(named.filter((name) => !readable.has(name.toLowerCase()))).toEqual([]);
    expect(named).toContain('Content-Disposition');
  });

  it('requires no parameter that has a default', () => {
    const [list] = operations();
    expect(list?.parameters).toMatchObject([
      { name: 'limit', required: false },
      { name: 'offset', required: false },
      { name: 'snapshot', required: false },
      { name: 'nombre', required: false },
      { name: 'apellido', required: false },
      { name: 'pais', required: false },
    ]);
  });

  it('says that repeated parameters are arrays', () => {
    const arrays = operations().flatMap(({ parameters = [] }) =>
      parameters.filter(({ schema }) => schema.type === 'array'),
    );
    expect(arrays.map(({ name }) => name)).toEqual(Array(4).fill(['nombre', 'apellido', 'pais']).flat());
    for (const parameter of arrays) expect(parameter).toMatchObject({ style: 'form', explode: true });
  });

  it('gives each success one type, which generated clients can read', () => {
    const types = operations().map(({ responses = {} }) => Object.keys(responses[200]?.content ?? {}));
    expect(types.map(({ length }) => length)).toEqual(types.map(() => 1));
  });

  it('has no union, which some generators do not take', () => {
    expect(JSON.stringify(contract.document)).not.toMatch(/"(anyOf|oneOf|allOf)":/);
  });

  it('has ASCII patterns that RE2 compiles and, but for spaces beyond ASCII, takes for the same', () => {
    const fields = [...validSamples, ...invalidSamples].flatMap(({ value }) => Object.values(Object(value)));
    const samples = fields.filter((text): text is string => typeof text === 'string' && /\S/.test(text));
    const patterns = new Set(patternsOf(contract.document));
    expect(patterns.size).toBeGreaterThan(5);
    for (const pattern of patterns) {
      expect(pattern).toMatch(/^[ -~]+$/);
      const [theirs, ours] = [RE2JS.compile(pattern), new RegExp(pattern)];
      for (const text of [...samples, '', ' ', '\t', 'a '])
        expect([pattern, text, theirs.matcher(text).find()]).toEqual([pattern, text, ours.test(text)]);
    }
  });

  it('mentions every kind of problem, at an operation or in its introduction', () => {
    const text = JSON.stringify(contract.document);
    for (const name of Object.keys(PROBLEMS)) expect(text).toContain(name);
  });
});

describe.each(['/openapi.json', '/docs', '/problems'])('%s', (url) => {
  const get = (headers: Record<string, string>) => app.inject({ url, headers });

  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ])('is sent as %s on request, at most half its size', async (encoding, decompress) => {
    const plain = await get({});
    const small = await get({ 'accept-encoding': encoding });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(small.headers['content-encoding']).toBe(encoding);
    expect(small.headers['content-type']).toBe(plain.headers['content-type']);
    expect(decompress(small.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(small.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
  });

  it('is cached for five minutes and revalidated with 304 after that, with a tag for each encoding', async () => {
    const tags = new Set<unknown>();
    const vary = url === '/docs' ? 'Accept-Encoding, Accept-Language' : 'Accept-Encoding';
    for (const encoding of ['identity', 'gzip', 'br']) {
      const { headers } = await get({ 'accept-encoding': encoding });
      expect(headers).toMatchObject({ 'cache-control': 'max-age=300', vary });
      const etag = String(headers.etag);
      tags.add(etag);
      const again = await get({ 'accept-encoding': encoding, 'if-none-match': etag });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      expect(again.headers).toMatchObject({ etag, 'cache-control': 'max-age=300', vary });
      const other = await get({ 'accept-encoding': encoding, 'if-none-match': '"other"' });
      expect(other.statusCode).toBe(200);
    }
    expect(tags.size).toBe(3);
  });
});

describe.each(['/docs', '/problems'])('the page %s', (url) => {
  it('needs no other host, and only its own style and script', async () => {
    const { headers, body } = await app.inject({ url });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const markup = body.replace(/<script>[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/<script|src=|url\(|@import|javascript:|style="| on\w+=/i);
    expect(markup).not.toMatch(/(href|action)="(https?:)?\/\//);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    for (const [, kind, text = ''] of body.matchAll(/<(style|script)[^>]*>([\s\S]*?)<\/\1>/g)) {
      const digest = createHash('sha256').update(text).digest('base64');
      expect(policy).toContain(`${kind}-src 'sha256-${digest}'`);
    }
  });

  it('has no broken link', async () => {
    const { body } = await app.inject({ url });
    for (const [, target = ''] of body.matchAll(/(?:href|action)="(?!data:)([^"]+)"/g)) {
      const [path, anchor] = new URL(target, `http://a${url}`).href.slice('http://a'.length).split('#');
      const page = await app.inject({ url: `${path}${path === '/records' ? '?limit=0' : ''}` });
      expect([target, page.statusCode]).not.toEqual([target, 404]);
      if (anchor) expect(page.body).toContain(`id="${anchor}"`);
    }
  });
});

describe('a call from the page', () => {
  interface Shown {
    readonly form: HTMLFormElement;
    readonly window: JSDOM['window'];
    answer(): Promise<string>;
  }

  /** Opens the page in jsdom, with calls to this API. */
  async function open(operation: string): Promise<Shown> {
    const { body } = await app.inject({ url: '/docs' });
    const { window } = new JSDOM(body, {
      url: 'http://api.test/docs',
      runScripts: 'dangerously',
      beforeParse: (page) =>
        Object.assign(page, {
          TextDecoder,
          fetch: async (url: string, { headers }: { headers: Record<string, string> }) => {
            const answer = await app.inject({ url: url.slice('http://api.test'.length), headers });
            const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
            return new Response(new Uint8Array(answer.rawPayload), {
              status: answer.statusCode,
              statusText: answer.statusMessage,
              headers: pairs as [string, string][],
            });
          },
        }),
    });
    const { document } = window;
    const form = document.querySelector<HTMLFormElement>(`#${operation} ~ form`);
    const output = form?.nextElementSibling;
    if (!form || !output) throw new Error(`no form for ${operation}`);
    return {
      form,
      window,
      answer: async () => {
        form.querySelector('button')?.click();
        for (let turn = 0; turn < 1_000 && !output.textContent?.includes('\n'); turn++)
          await new Promise(setImmediate);
        return output.textContent ?? '';
      },
    };
  }

  function fill(form: HTMLFormElement, values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      const input = form.elements.namedItem(name) as HTMLInputElement;
      expect([name, input.disabled, input.closest('label')?.hidden]).toEqual([name, false, false]);
      input.value = value;
    }
  }

  it('shows the response with status, body and then headers, and the same call for a terminal', async () => {
    const { form, answer } = await open('getRecord');
    expect(form.hidden).toBe(false);
    fill(form, { id: 'a' });
    const text = await answer();
    expect(text).toMatch(/^curl -i 'http:\/\/api\.test\/records\/a'\n\n200 OK\n/);
    expect(text.indexOf('"apellido":"Pérez"')).toBeLessThan(text.indexOf('content-type: application/json'));
    expect(text).toContain('"apellido":"Pérez"');
  });

  it('sends the filled fields and no empty ones', async () => {
    const { form, answer } = await open('listRecords');
    fill(form, { pais: "Côte d'Ivoire", limit: '0' });
    const text = await answer();
    expect(text).toContain(
      "curl -i 'http://api.test/records?limit=0&offset=0&pais=C%C3%B4te+d%27Ivoire'\n\n400 Bad Request",
    );
    expect(text).toContain('/problems#invalid-parameters');
  });

  it('offers the two values of a switch, and sends the chosen one', async () => {
    const { form, answer } = await open('exportRecordsCsv');
    const choice = form.elements.namedItem('bom') as HTMLSelectElement;
    expect([...choice.options].map(({ value }) => value)).toEqual(['true', 'false']);
    expect(choice.value).toBe('false');
    choice.value = 'true';
    expect(await answer()).toContain("curl -i 'http://api.test/records.csv?bom=true'");
  });

  it('sends the key without printing it', async () => {
    const { form, window, answer } = await open('getRecord');
    (window.document.getElementById('api-key') as HTMLInputElement).value = 'nobodys';
    fill(form, { id: 'a' });
    const text = await answer();
    expect(text).toContain("curl -i -H 'X-API-Key: …' ");
    expect(text).toContain('401 Unauthorized');
    expect(text).not.toContain('nobodys');
  });
});

describe('the documentation', () => {
  it.each([
    ['es-MX', 'es', 'No hace falta una clave.', 'docs?lang=en'],
    ['en-GB', 'en', 'You need no key.', 'docs?lang=es'],
  ])(
    'begins for a reader of %s with the address, a call and keys',
    async (accepted, language, keys, other) => {
      const headers = { 'accept-language': accepted };
      const { body, headers: answered } = await app.inject({ url: '/docs', headers });
      const { document } = new JSDOM(body, { url: 'https://api.test/v1/docs', runScripts: 'dangerously' })
        .window;
      const header = document.querySelector('header');
      expect([document.documentElement.lang, answered['content-language']]).toEqual([language, language]);
      expect(header?.querySelector('p:not([hidden]) code')?.textContent).toBe('https://api.test/v1');
      expect(header?.querySelector('pre')?.textContent).toBe("curl 'https://api.test/v1/records?limit=3'");
      expect(header?.textContent).toContain(keys);
      expect(header?.querySelector('a')?.getAttribute('href')).toBe(other);
      expect((await app.inject({ url: `/${other}`, headers })).headers['content-language']).not.toBe(
        language,
      );
    },
  );

  it('shows every operation with its parameters, statuses and examples', async () => {
    const { body } = await app.inject({ url: '/docs' });
    for (const { path, operationId, summary = '', responses = {} } of operations()) {
      const section = body.slice(body.indexOf(`id="${operationId}"`));
      expect(section).toContain(summary);
      expect(section).toContain(`</span> ${path}<`);
      for (const status of Object.keys(responses)) expect(section).toContain(`<strong>${status}</strong>`);
    }
    expect(body).toContain('<input name="limit"');
    expect(body).toContain('&quot;apellido&quot;: &quot;Pérez&quot;');
  });

  it('explains every kind of problem at the target of its type', async () => {
    const { body } = await app.inject({ url: '/problems' });
    for (const [name, { status, title }] of Object.entries(PROBLEMS)) {
      expect(body).toContain(`<h2 id="${name}">${title}</h2><p><code>${status} ${name}</code>`);
    }
  });
});
