import { expect, it } from '@jest/globals';
import { PageCache } from '../src/formats/page-cache.ts';
import { Block } from '../src/warehouse/lists/block.ts';

// A slice keeps its whole buffer in memory, so cached bytes must not be slices.
it.each(['gzip', 'br', 'identity'] as const)(
  'caches a page as %s without other memory than its own bytes',
  async (encoding) => {
    const page = await new PageCache().get('tag', encoding, async () => Buffer.from('[]'));
    expect(page.buffer.byteLength).toBe(page.length);
  },
);

it('reads and compresses a page once for concurrent requests, and again after a failure', async () => {
  const pages = new PageCache();
  let reads = 0;
  const fail = async () => {
    reads += 1;
    throw new Error('no page');
  };
  const read = async () => {
    reads += 1;
    return Buffer.from('[]');
  };
  const wanted = (how: () => Promise<Uint8Array>) =>
    Promise.allSettled(Array.from({ length: 50 }, async () => pages.get('tag', 'gzip', how)));
  const failed = await wanted(fail);
  expect([new Set(failed.map(({ status }) => status)), reads]).toEqual([new Set(['rejected']), 1]);
  const sent = await wanted(read);
  expect(reads).toBe(2);
  const [first] = sent;
  for (const page of sent) expect(page).toEqual(first);
  expect(first?.status).toBe('fulfilled');
});

it('shares the reads of any number of pages, and evicts pages in progress without failing their requests', async () => {
  const pages = new PageCache();
  let reads = 0;
  const gate = Promise.withResolvers<void>();
  const get = (tag: string) =>
    pages.get(tag, 'identity', async () => {
      reads += 1;
      await gate.promise;
      return Buffer.from(tag);
    });
  // More than fit into the cache, by the estimate of an entry.
  const tags = Array.from({ length: 30_000 }, (_, page) => String(page));
  const wanted = tags.flatMap((tag) => [get(tag), get(tag)]);
  expect(reads).toBe(tags.length);
  gate.resolve();
  expect((await Promise.all(wanted)).map(String)).toEqual(tags.flatMap((tag) => [tag, tag]));
});

it('copies a record out of its block, so that it does not keep the block in memory', () => {
  const found = Block.of(['a', 'b', 'c'].map((id) => [id, 'Ana', 'Pérez', 'Chile'])).find('b');
  expect(found?.buffer.byteLength).toBe(found?.length);
  expect(found?.toString()).toBe('{"id":"b","nombre":"Ana","apellido":"Pérez","pais":"Chile"}');
});
