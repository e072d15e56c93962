import { type ChildProcess, spawn } from 'node:child_process';
import type { OnEvent } from '../cloud-event.ts';
import { forEachLine, LastLines } from '../lines.ts';
import { isSystemError } from '../system-error.ts';
import type { ImageCommand } from './images.ts';
import type { Lifeline } from './lifeline.ts';

const KEPT_LINES = 8;

export interface ProcessOptions {
  /** Of the service or job, for its lines. */
  readonly name: string;
  readonly command: ImageCommand;
  /** All of it, but for PATH and the image's variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly lifeline: Lifeline;
  readonly onEvent: OnEvent;
}

/** One process of a container, from its start to its end. */
export class ContainerProcess {
  readonly lastLines = new LastLines(KEPT_LINES);
  /** How it ended: `exit code 1`, `SIGKILL`, or why it could not start. Its output has been read by then. */
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
      // A group of its own: signals reach all of it, and Ctrl-C in the terminal reaches none of it.
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
      // What it left behind; later the number may be another process's.
      signalGroup(pid, 'SIGKILL');
      await read;
      if (pid !== undefined) lifeline.remove(pid);
      return how;
    });
  }

  get pid(): number | undefined {
    return this.hasExited ? undefined : this.#child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.hasExited) signalGroup(this.#child.pid, signal);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error;
  }
}
