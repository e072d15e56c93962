import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import type { RepositoryCopy } from './repository-copy.ts';

const REPORTER = join(import.meta.dirname, 'trial-reporter.ts');
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
/** Ends a trial that hangs. A slow machine is not a failure. */
const TIMEOUT_MS = 600_000;
const LINES_SHOWN = 15;

/**
 * Applies a mutant to a copy, runs the test that it names, and takes the change back. Answers undefined when the test fails
 * as the mutant expects, or else what happened instead. A test that fails for another reason does not catch the mutant.
 */
export async function runTrial(
  mutant: Mutant,
  copy: RepositoryCopy,
  signal: AbortSignal,
): Promise<string | undefined> {
  using _change = copy.apply(mutant);
  copy.emptyTemporary();
  const output = join(copy.temporary, 'output.txt');
  const jest = startJest(mutant, copy, output);
  let isCaught = false;
  let end = '';
  const stop = (reason: string) => {
    end ||= reason;
    killGroup(jest);
  };
  jest.on('message', (report) => {
    if (!String(report).includes(mutant.expect)) return;
    isCaught = true;
    // The rest, such as the end of a hanging server, says nothing more.
    stop('caught');
  });
  const onAbort = () => stop('was interrupted');
  signal.addEventListener('abort', onAbort);
  const timer = setTimeout(stop, TIMEOUT_MS, `did not end within ${TIMEOUT_MS / 1_000} s`);
  if (signal.aborted) onAbort();
  const [code] = await once(jest, 'close');
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
  killGroup(jest);
  if (isCaught) return undefined;
  const { folder, file, pattern } = mutant.run;
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n').slice(-LINES_SHOWN);
  return [
    `${folder}/${file} ${pattern && `-t '${pattern}' `}${end || `ended with exit code ${code}`}; no test failed with: ${mutant.expect}`,
    ...lines.map((line) => `| ${line}`),
  ].join('\n');
}

function startJest({ run, timeout }: Mutant, copy: RepositoryCopy, output: string): ChildProcess {
  const args = [
    ...NODE_FLAGS,
    join(copy.root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...['--config', join(copy.root, 'jest.config.js')],
    ...['--runInBand', '--ci', '--no-watchman', `--testTimeout=${timeout * 1_000}`],
    ...['--reporters=default', `--reporters=${REPORTER}`, `--cacheDirectory=${copy.jestCache}`],
    ...(run.pattern ? ['-t', run.pattern] : []),
    ...['--runTestsByPath', run.file],
  ];
  const { temporary } = copy;
  const descriptor = openSync(output, 'w');
  try {
    return spawn(process.execPath, args, {
      cwd: join(copy.root, run.folder),
      // A group of its own, so that the processes which a test starts end with it.
      detached: process.platform !== 'win32',
      env: {
        ...process.env,
        ...{ TMPDIR: temporary, TMP: temporary, TEMP: temporary },
        // The programs that tests start load the same packages in every copy.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
      },
      stdio: ['ignore', descriptor, descriptor, 'ipc'],
    });
  } finally {
    closeSync(descriptor);
  }
}

/** Ends a process and those that it started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Every process of the group has ended. macOS answers EPERM while their exit codes wait to be read.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
