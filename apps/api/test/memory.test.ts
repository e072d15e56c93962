import { expect, it } from '@jest/globals';
import { CompressedPages } from '../src/formats/compression.ts';
import { Block } from '../src/warehouse/snapshots/block.ts';

// A buffer keeps all of the memory that it is a part of: what is counted must be what is held.
it.each(['gzip', 'br'] as const)('a page kept as %s holds no memory but its own bytes', async (encoding) => {
  const page = await new CompressedPages().get('tag', encoding, async () => Buffer.from('[]'));
  expect(page.buffer.byteLength).toBe(page.length);
});

it('a record found in a block does not hold the block, nor other memory', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ f: [id, 'Ana', 'Pérez', 'Chile'].map((v) => ({ v })) }));
  const found = new Block(rows).find('b');
  expect(found?.buffer.byteLength).toBe(found?.length);
  expect(found?.toString()).toBe('{"id":"b","nombre":"Ana","apellido":"Pérez","pais":"Chile"}');
});
