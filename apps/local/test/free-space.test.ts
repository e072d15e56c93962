import { tmpdir } from 'node:os';
import { expect, it } from '@jest/globals';
import { assertSpace } from '../src/free-space.ts';

it('a disk that is about full is refused before anything is made, by its folder and what it has left', async () => {
  await assertSpace(tmpdir(), 1);
  await expect(assertSpace(tmpdir(), Number.MAX_SAFE_INTEGER)).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^the disk of \S+ has \d+ MiB left, and the stack needs 8589934592 MiB$/,
      ),
      hint: expect.stringContaining('make room'),
    }),
  );
});
