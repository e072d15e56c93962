import { expect, it } from '@jest/globals';
import { buildTestApi } from './support/api.ts';
import { FakeTiming } from './support/fake-timing.ts';
import { expectProblem } from './support/problem.ts';
import { openTestTable } from './support/table.ts';

/** The most countries that `/countries` counts, as its document says. */
const MOST = 100_000;

it.each([
  ['memory', {}],
  ['a query', { maxIndexedRows: 100 }],
])('/countries counts 100,000 countries from %s, and refuses one more', async (_, options) => {
  const timing = new FakeTiming();
  const table = await openTestTable();
  const { app } = await buildTestApi({ bigQueryUrl: table.front.url, timing, ...options });
  const from = (n: number) => ({ id: `r${n}`, nombre: 'Ana', apellido: 'Paz', pais: `p${n}` });
  /** Asks until there is a new answer. A slow machine needs more time for the first list than a request has. */
  const answer = async (known?: unknown) => {
    const headers = known === undefined ? {} : { 'if-none-match': String(known) };
    let response = await app.inject({ url: '/countries', headers });
    for (let request = 0; [304, 504].includes(response.statusCode) && request < 100_000; request++) {
      await new Promise(setImmediate);
      response = await app.inject({ url: '/countries', headers });
    }
    return response;
  };
  await table.append(Array.from({ length: MOST }, (_, n) => from(n)));
  const served = await answer();
  expect(served.json()).toHaveLength(MOST);
  await table.append([from(MOST)]);
  timing.advance(180_000);
  await app.inject('/records');
  // The list before answers until the new one is counted.
  expectProblem(await answer(served.headers.etag), 'list-too-large');
  const { bytesBilled } = table.bigQuery.usage();
  expectProblem(await answer(), 'list-too-large');
  expect(table.bigQuery.usage().bytesBilled).toBe(bytesBilled);
});
