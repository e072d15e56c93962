import { existsSync, readFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Mutant, readMutants } from '../src/mutants/mutant.ts';
import { MutantRunner, type RunOptions } from '../src/mutants/mutant-runner.ts';
import { LOW, RUDE, SmallRepository } from './support/small-repository.ts';

let repository: SmallRepository;

beforeEach(() => {
  repository = new SmallRepository();
});

afterEach(() => repository[Symbol.dispose]());

/** A mutant whose test is replaced, and what its trials say. */
async function outcomeOf(
  change: Partial<Pick<Mutant, 'run' | 'expect' | 'patch'>>,
  options: RunOptions = {},
) {
  const [mutant] = readMutants(repository.root);
  if (!mutant) throw new Error('the small repository has a mutant');
  const [outcome] = await new MutantRunner(repository.root).run([{ ...mutant, ...change }], options);
  return outcome;
}

describe('the mutant runner', () => {
  it('catches a mutant of one package by a test of another', async () => {
    expect(await outcomeOf({}, { times: 2 })).toMatchObject({ times: 2, misses: [] });
    expect(readFileSync(join(repository.root, 'packages/low/src/index.js'), 'utf8')).toBe(LOW);
  });

  it('counts a mutant as missed when its test passes', async () => {
    const patch = RUDE.slice(RUDE.indexOf('---')).replace("'Go away'", "'Hel' + 'lo'");
    const outcome = await outcomeOf({ patch });
    expect(outcome?.misses).toEqual([expect.stringContaining('ended with exit code 0')]);
  });

  it('counts a mutant as missed when its test fails for another reason', async () => {
    const outcome = await outcomeOf({ expect: 'Hello, Grace!' });
    expect(outcome?.misses).toEqual([expect.stringContaining('no test failed with: Hello, Grace!')]);
  });

  it('counts a mutant as missed when its test file does not load', async () => {
    const patch = RUDE.slice(RUDE.indexOf('---')).replace("word = 'Go away'", 'word =');
    const outcome = await outcomeOf({ patch });
    expect(outcome?.misses).toEqual([expect.stringContaining('SyntaxError')]);
  });

  it('counts a mutant as missed when its patch does not apply', async () => {
    const outcome = await outcomeOf({ patch: RUDE.slice(RUDE.indexOf('---')).replace("'Hello'", "'Hi'") });
    expect(outcome?.misses).toEqual([
      'packages/low/mutants/rude.patch does not apply to packages/low/src/index.js',
    ]);
  });

  it('ends a test that hangs after its failure, and what the test started', async () => {
    repository.write(
      'packages/high/test/hangs.test.js',
      `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from '@jest/globals';
import { greeting } from '@small/low';

afterAll(() => new Promise(() => undefined), 100_000);
it('hangs', () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  writeFileSync(${JSON.stringify(join(repository.root, 'pid'))}, String(child.pid));
  expect(greeting('Ada')).toBe('Hello, Ada!');
});
`,
    );
    const run = { folder: 'packages/high', file: 'test/hangs.test.js', pattern: 'hangs' };
    expect(await outcomeOf({ run, expect: 'Go away, Ada!' })).toMatchObject({ misses: [] });
    const child = Number(readFileSync(join(repository.root, 'pid'), 'utf8'));
    expect(await hasEnded(child)).toBe(true);
  });

  it('kills what is under way and removes its copies when it is interrupted', async () => {
    repository.write(
      'packages/high/test/waits.test.js',
      `import { writeFileSync } from 'node:fs';
import { it } from '@jest/globals';

it('waits', async () => {
  writeFileSync(${JSON.stringify(join(repository.root, 'copy'))}, import.meta.dirname);
  await new Promise(() => undefined);
});
`,
    );
    const run = { folder: 'packages/high', file: 'test/waits.test.js', pattern: 'waits' };
    const controller = new AbortController();
    const written = contentOf(join(repository.root, 'copy'));
    const outcome = outcomeOf({ run }, { signal: controller.signal });
    const copy = await Promise.race([written, outcome.then((early) => JSON.stringify(early))]);
    expect(existsSync(copy)).toBe(true);
    expect(copy).not.toContain(repository.root);
    controller.abort();
    expect(await outcome).toBeUndefined();
    expect(existsSync(copy)).toBe(false);
  });
});

/** Whether a process that was killed ends within seconds. */
async function hasEnded(pid: number): Promise<boolean> {
  const deadline = performance.now() + 10_000;
  while (isAlive(pid) && performance.now() < deadline) await new Promise(setImmediate);
  return !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended; on Linux it is there until its parent asks for its exit code.
    return !/^State:\s+Z/m.test(
      existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '',
    );
  } catch {
    return false;
  }
}

/** The content of a file that is yet to be written. */
async function contentOf(file: string): Promise<string> {
  for await (const _change of watch(dirname(file), { persistent: false })) {
    const content = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (content !== '') return content;
  }
  throw new Error(`${file} was not written`);
}
