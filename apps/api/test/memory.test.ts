import { expect, it } from '@jest/globals';
import { KeptPages } from '../src/formats/kept-pages.ts';
import { Block } from '../src/warehouse/snapshots/block.ts';

// A buffer keeps all of the memory that it is a part of: what is counted must be what is held.
it.each(['gzip', 'br', 'identity'] as const)(
  'a page kept as %s holds no memory but its own bytes',
  async (encoding) => {
    const page = await new KeptPages().get('tag', encoding, async () => Buffer.from('[]'));
    expect(page.buffer.byteLength).toBe(page.length);
  },
);

it('a page that many want at once is read and compressed once, and again after a failure', async () => {
  const pages = new KeptPages();
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

it('of pages in the making, a thousand at most are shared, and who wants more of them is served all the same', async () => {
  const pages = new KeptPages();
  let reads = 0;
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const get = (tag: string) =>
    pages.get(tag, 'identity', async () => {
      reads += 1;
      await gate;
      return Buffer.from(tag);
    });
  const wanted = [];
  for (let page = 0; page < 1_001; page++) wanted.push(get(`${page}`), get(`${page}`));
  expect(reads).toBe(1_002);
  open();
  expect(await Promise.all(wanted)).toHaveLength(2_002);
});

it('a record found in a block does not hold the block, nor other memory', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ f: [id, 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })) }));
  const found = new Block(rows).find('b');
  expect(found?.buffer.byteLength).toBe(found?.length);
  expect(found?.toString()).toBe('{"id":"b","nombre":"Ana","apellido":"Pérez","pais":"Chile"}');
});
