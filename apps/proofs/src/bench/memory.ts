import { ApiProcess } from '../shared/api-process.ts';
import { bundleApi } from '../shared/bundled-api.ts';
import { pagesOf } from '../shared/pages.ts';
import { stackOf } from '../shared/people.ts';

const MAX_MB = 200;

/** Walks all rows, 1000 at a time, and measures the resident memory of the bundled API. */
export async function benchMemory(rows: number): Promise<string[]> {
  await using bundle = await bundleApi();
  await using stack = await stackOf(rows);
  await using api = await ApiProcess.start(stack, 3_600, bundle.environment, bundle.main);
  const before = api.memory();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  let [seen, requests, first] = [0, 0, ''];
  for await (const records of pagesOf(api.url, 1000)) {
    seen += records.length;
    requests += 1;
    if (requests === 1) first = seconds();
  }
  const after = api.memory();
  console.log(`${seen} records in ${requests} requests, ${seconds()} s, the first in ${first} s`);
  console.log(`resident: ${before.now} MB before, ${after.now} MB after, ${after.peak} MB at its highest`);
  return after.peak > MAX_MB ? [`the API took ${after.peak} MB; the limit is ${MAX_MB} MB`] : [];
}
