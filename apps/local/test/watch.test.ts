import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { watchFiles } from '../src/watch.ts';

let folder: string;
let stop: (() => Promise<void>) | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'));
  await mkdir(join(folder, 'components'));
  await writeFile(join(folder, 'components', 'a.ts'), '1');
});
afterEach(async () => {
  await stop?.();
  await rm(folder, { recursive: true, force: true });
});

/** Starts to watch. The returned function resolves at the next change. */
async function changes(onChange: () => Promise<void> = async () => {}): Promise<() => Promise<void>> {
  let seen = Promise.withResolvers<void>();
  const fail = (error: unknown) => seen.reject(error);
  stop = await watchFiles(
    {
      paths: [folder],
      matches: /\.ts$/,
      async onChange() {
        const { resolve } = seen;
        seen = Promise.withResolvers();
        await onChange();
        resolve();
      },
    },
    fail,
  );
  return () => seen.promise;
}

describe('watchFiles notices', () => {
  it('a file written in place, replaced, and written in place again', async () => {
    const file = join(folder, 'components', 'a.ts');
    const next = await changes();
    let change = next();
    await writeFile(file, '2');
    await change;

    change = next();
    await writeFile(join(folder, 'draft'), '3');
    await rename(join(folder, 'draft'), file);
    await change;

    change = next();
    await writeFile(file, '4');
    await change;
  });

  it('a file in a new folder', async () => {
    const next = await changes();
    const change = next();
    await mkdir(join(folder, 'new'));
    await writeFile(join(folder, 'new', 'b.ts'), '1');
    await change;
  });
});

describe('a save during the handling of another', () => {
  it('is handled afterwards', async () => {
    const file = join(folder, 'components', 'a.ts');
    let runs = 0;
    const done = Promise.withResolvers<void>();
    await changes(async () => {
      runs += 1;
      if (runs === 1) await writeFile(file, 'saved meanwhile');
      else done.resolve();
    });
    await writeFile(file, '2');
    await done.promise;
    expect(runs).toBe(2);
  });
});
