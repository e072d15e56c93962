import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./lifeline-process.ts', import.meta.url));

/**
 * Containers must not survive this process, not even when it is killed with -9 and can do nothing about it. A second
 * process waits for the end of this one, and ends the containers that are left; they know nothing of it.
 */
export class Lifeline {
  #process: ChildProcess | undefined;

  /** Takes the process group of a container under watch. */
  add(pid: number): void {
    this.#write(`+${pid}\n`);
  }

  remove(pid: number): void {
    this.#write(`-${pid}\n`);
  }

  close(): void {
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  #write(line: string): void {
    this.#process ??= this.#start();
    this.#process.stdin?.write(line);
  }

  #start(): ChildProcess {
    // In a session of its own: Ctrl-C reaches only this process.
    const child = spawn(process.execPath, [PROGRAM], {
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    child.stdin.on('error', () => {
      // It was killed: the next container starts another.
      this.#process = undefined;
    });
    return child;
  }
}
