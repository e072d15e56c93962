import { type ChildProcess, spawn } from 'node:child_process';
import type { OnEvent } from '../cloud-event.ts';
import { forEachLine, LastLines } from '../lines.ts';
import { isSystemError } from '../system-error.ts';
import type { ImageCommand } from './images.ts';
import type { Lifeline } from './lifeline.ts';

/** Node writes up to 25 about a module that it cannot load. */
const KEPT_LINES = 40;

export interface ProcessOptions {
  /** Name of the service or job: the source of its log lines. */
  readonly name: string;
  readonly command: ImageCommand;
  /** All variables except PATH, which the process inherits, and those of the image. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lifeline: Lifeline;
  readonly onEvent: OnEvent;
}

/** One process of a container, from its start to its end. */
export class ContainerProcess {
  readonly lastLines = new LastLines(KEPT_LINES);
  /** Resolves with how it ended, after its output is read: `exit code 1`, `SIGKILL`, or why it did not start. */
  readonly exited: Promise<string>;
  hasExited = false;
  readonly #child: ChildProcess;

  constructor({ name, command, environment, lifeline, onEvent }: ProcessOptions) {
    const child = spawn(command.command, command.args, {
      cwd: command.cwd,
      env: {
        ...(process.env.PATH === undefined ? {} : { PATH: process.env.PATH }),
        ...command.environment,
        ...environment,
      },
      // A process group of its own: a signal reaches the whole group, and Ctrl-C in the terminal reaches none of it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) lifeline.add(pid);
    const onLine = (message: string) => {
      this.lastLines.push(message);
      onEvent({ type: 'log', source: name, severity: 'info', message });
    };
    const read = Promise.all([forEachLine(child.stdout, onLine), forEachLine(child.stderr, onLine)]);
    this.exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    }).then(async (how) => {
      this.hasExited = true;
      // Ends the children that are left. Later the id may belong to another process.
      signalGroup(child, 'SIGKILL');
      await read;
      if (pid !== undefined) lifeline.remove(pid);
      return how;
    });
  }

  get pid(): number | undefined {
    return this.hasExited ? undefined : this.#child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasExited) signalGroup(this.#child, signal);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined) return;
  // Windows has no process groups: the children of the process are not reached.
  if (process.platform === 'win32') return void child.kill(signal);
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error;
  }
}
