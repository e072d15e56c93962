import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_LOCALE } from '../src/countries.ts';
import { People } from '../src/people.ts';
import { countRows } from '../src/reconcile/table-rows.ts';
import { type CliOptions, runCli } from './support/cli.ts';
import { withFolder } from './support/folder.ts';
import { startStack, type TestStack } from './support/stack.ts';

// Whole processes, on a machine that may be busy.
let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** Runs the command line against the stack, which it finds by its description. */
function seed(args: readonly string[], options?: CliOptions) {
  return withFolder(async (folder) => {
    const file = join(folder, 'stack.json');
    await writeFile(file, JSON.stringify(stack.description));
    return await runCli(['--stack-file', file, ...args], options);
  });
}

describe('the command line against a running stack', () => {
  it('reports sent, stored and rates, and what a second run found in the table, and exits with code 0', async () => {
    const args = ['--count', '1200', '--seed', '42', '--locale', 'es_MX'];
    const { exitCode, stdout, stderr } = await seed(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^run {5}2dqwjfdv {2}\(--seed 42 --locale es_MX\)$/m);
    expect(stdout).toMatch(/^sent {4}1,200 of 1,200 in [\d.]+ s, [\d,]+\/s$/m);
    expect(stdout).toMatch(/^stored {2}1,200 of 1,200; visible after [\d.]+ s, [\d,]+\/s$/m);
    expect(stdout).toMatch(/^sum {5}1,200 = 1,200 stored$/m);
    expect(stdout).toMatch(/^sha256 {2}[0-9a-f]{64}$/m);
    const second = await seed(args);
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toMatch(/^stored {2}1,200 of 1,200, 1,200 of them already there before$/m);
  });

  it('prints the result as JSON, with a seed that repeats it, and ignores variables of its own environment', async () => {
    const one = JSON.parse((await seed(['--count', '50', '--json'])).stdout);
    expect(one).toMatchObject({
      count: 50,
      locale: 'latam',
      sent: 50,
      storedBefore: 0,
      stored: 50,
      failed: 0,
    });
    const env = { PUBSUB_EMULATOR_HOST: '127.0.0.1:1', BIGQUERY_EMULATOR_HOST: 'http://127.0.0.1:1' };
    const repeated = await seed(['--count', '50', '--json', '--seed', String(one.seed)], { env });
    expect(repeated).toMatchObject({ exitCode: 0, stderr: '' });
    const other = JSON.parse(repeated.stdout);
    expect(other).toMatchObject({ run: one.run, sha256: one.sha256, storedBefore: 50, stored: 50 });
    const third = JSON.parse((await seed(['--count', '50', '--json'])).stdout);
    expect(third.run).not.toBe(one.run);
  });

  it('accounts for every message of a mixed run, checks it again later, and lists missing ones', async () => {
    const mix = [
      '--count',
      '500',
      '--seed',
      '3',
      '--duplicates',
      '5%',
      '--conflicts',
      '1%',
      '--invalid',
      '1%',
    ];
    const run = [...mix, '--poison', '1%'];
    const sum =
      /^sum {5}500 = \d+ stored \+ \d+ duplicates \+ \d+ conflicts \+ \d+ refused \+ \d+ dead-lettered$/m;
    const sent = await seed(run);
    expect({ exitCode: sent.exitCode, stderr: sent.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(sent.stdout).toMatch(sum);
    expect(sent.stdout).toContain('--duplicates 5% --conflicts 1% --invalid 1% --poison 1%)');
    const again = await seed([...run, '--verify']);
    expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(sum.exec(again.stdout)?.[0]).toBe(sum.exec(sent.stdout)?.[0]);
    await withFolder(async (folder) => {
      const file = join(folder, 'differences.ndjson');
      const more = await seed([...run, '--verify', '--count', '700', '--differences', file]);
      expect(more.exitCode).toBe(1);
      expect(more.stdout).toMatch(/ \+ \d+ missing$/m);
      expect(more.stderr).toMatch(
        /^\d+ differences from what this run must leave:\n( {2}\S+ is neither in the table nor in the dead letters.*\n){10} {2}and \d+ more; --differences/m,
      );
      const all = (await readFile(file, 'utf8')).trimEnd().split('\n');
      expect(more.stderr).toContain(`${all.length} differences`);
      expect(JSON.parse(all.at(-1) ?? '')).toMatchObject({ problem: expect.stringContaining('neither') });
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at %s, reports the messages sent and exits with code %i', async (signal, code) => {
    const { run } = new People({ seed: code, locale: DEFAULT_LOCALE });
    const stored = async () => (await countRows(stack.bigquery, stack.target.table, run)).rows;
    const { exitCode, stdout, stderr } = await seed(
      ['--count', '1000000', '--rate', '1000', '--seed', String(code), '--json'],
      {
        onStart: async (child) => {
          // The first rows show that the run is sending.
          let rows = 0;
          while (rows === 0) rows = await stored();
          child.kill(signal);
        },
      },
    );
    expect(exitCode).toBe(code);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ interrupted: true, failed: 0 });
    expect(result.sent).toBeGreaterThan(0);
    expect(result.sent).toBeLessThan(1_000_000);
    expect(stderr).toContain('were not sent because it was interrupted');
  });

  it('exits with code 1 and the reason when messages are refused', async () => {
    await stack.pubsub.topic(stack.target.topic).delete();
    const { exitCode, stdout, stderr } = await seed(['--count', '20', '--wait', '1']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^sent {4}0 of 20/m);
    expect(stderr).toMatch(/^20 messages were refused or lost at publish:\n {2}20: .*NOT_FOUND/m);
  });
});
