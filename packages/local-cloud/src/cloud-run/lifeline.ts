import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./lifeline-process.ts', import.meta.url));

/**
 * Ends the containers when this process ends, even by `kill -9`: a second process waits for that and then kills the
 * containers that are left.
 */
export class Lifeline {
  #process: ChildProcess | undefined;

  /** Watches the process group of a container. */
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
    // Detached, so that Ctrl-C does not end it before the containers.
    const child = spawn(process.execPath, [PROGRAM], {
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    child.stdin.on('error', () => {
      // The second process was killed. The next container starts another.
      this.#process = undefined;
    });
    return child;
  }
}
