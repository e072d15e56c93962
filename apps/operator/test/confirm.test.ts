import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { confirm } from '../src/dead-letters/confirm.ts';

const DOES = 'removes dead letters of';

function terminal(typed: string, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  input.end(typed);
  return { input, output: new PassThrough() };
}

describe('a change of a deployed stack', () => {
  it('goes on when its name is typed', async () => {
    const { input, output } = terminal('prod\n');
    await confirm('prod', DOES, { input, output });
    expect(String(output.read())).toContain('removes dead letters of stack "prod" for good');
  });

  it.each([['yes\n'], ['']])('does nothing for %j', async (typed) => {
    await expect(confirm('prod', DOES, terminal(typed))).rejects.toThrow('nothing was done');
  });

  it('wants --yes where nobody can be asked', async () => {
    await expect(confirm('prod', DOES, terminal('prod\n', false))).rejects.toMatchObject({
      message: expect.stringContaining('nobody is there to ask'),
      hint: 'look with --dry-run, then add --yes',
    });
  });
});
