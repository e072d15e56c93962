import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { asTyped, interruption, nearest, table } from '@records/cli';

describe('table', () => {
  it('aligns columns, and leaves no spaces at the end of a line', () => {
    expect(
      table([
        ['ID', 'NAME'],
        ['1', 'Ana María'],
        ['100', 'Luis'],
      ]),
    ).toBe('ID   NAME\n1    Ana María\n100  Luis');
  });
});

describe('nearest', () => {
  it('names the word that is nearest to a misspelt one', () => {
    expect(nearest('pord', ['dev', 'staging', 'prod'])).toBe('prod');
  });

  it('names no word when none is near', () => {
    expect(nearest('a-new-stack', ['dev', 'prod'])).toBeUndefined();
    expect(nearest('dev', [])).toBeUndefined();
  });
});

describe('asTyped', () => {
  it('leaves names of files, packages and versions as they are', () => {
    const text = 'pnpm-lock.yaml, @pnpm/x, npx --yes pnpm@12.21.0 dev, pnpm 12';
    expect(asTyped(text, { npm_execpath: '/x/_npx/y/pnpm' })).toBe(text);
  });

  it('writes a command with --silent, too, as a person without pnpm can type it', () => {
    const typed = asTyped('pnpm --silent sql - < query.sql', { npm_execpath: '/x/_npx/y/pnpm' });
    expect(typed).toBe('npx --yes pnpm@12.21.0 --silent sql - < query.sql');
  });
});

describe('interruption', () => {
  it('aborts at the first signal, whose exit code it then knows', () => {
    const source = new EventEmitter() as unknown as NodeJS.Process;
    const { signal, exitCode } = interruption(source);
    expect(exitCode()).toBeUndefined();
    source.emit('SIGTERM');
    expect(signal.aborted).toBe(true);
    expect(exitCode()).toBe(143);
  });
});
