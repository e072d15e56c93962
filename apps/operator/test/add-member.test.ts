import { describe, expect, it } from '@jest/globals';
import type { Pulumi } from '@records/stack';
import { addMember } from '../src/add-member.ts';

/** Pulumi's settings of a stack, of which `config set --path` sets one element of a list. */
function stackWith(invokers: unknown): Pulumi & { readonly set: string[][] } {
  const set: string[][] = [];
  return {
    set,
    run: async (args) => void set.push([...args]),
    ask: async () => ({
      'records-platform:invokers': { value: JSON.stringify(invokers), objectValue: invokers },
    }),
  };
}

describe('pnpm ops add-member', () => {
  it.each([
    [undefined, 'invokers[0]', 1],
    [['user:a@example.com'], 'invokers[1]', 2],
    [['user:a@example.com', 'user:b@example.com'], 'invokers[2]', 3],
  ])('adds after %j, and overwrites nobody', async (invokers, path, length) => {
    const stack = stackWith(invokers);
    expect(await addMember('dev', 'invokers', 'user:you@example.com', stack)).toBe(length);
    expect(stack.set).toEqual([['config', 'set', '--stack', 'dev', '--path', path, 'user:you@example.com']]);
  });

  it('adds nobody twice', async () => {
    const stack = stackWith(['user:you@example.com']);
    expect(await addMember('dev', 'invokers', 'user:you@example.com', stack)).toBe(1);
    expect(stack.set).toEqual([]);
  });

  it('refuses a setting that is no list', async () => {
    await expect(addMember('dev', 'invokers', 'user:you@example.com', stackWith('nobody'))).rejects.toThrow(
      'invokers of stack dev is "nobody", and must be a list',
    );
  });
});
