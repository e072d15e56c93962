import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./lifeline-process.ts', import.meta.url));

/**
 * Ends the containers when this process ends, even by `kill -9`: a second process waits for that and then kills the
 * containers that are left.
 */
export class Lifeline {
  #process: ChildProcess | undefined;
  readonly #groups = new Set<number>();

  /** Watches the process group of a container. */
  add(pid: number): void {
    this.#groups.add(pid);
    this.#write(`+${pid}\n`);
  }

  remove(pid: number): void {
    this.#groups.delete(pid);
    this.#write(`-${pid}\n`);
  }

  close(): void {
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  #write(line: string): void {
    if (this.#process === undefined) this.#start();
    else this.#process.stdin?.write(line);
  }

  #start(): void {
    // Detached, so that Ctrl-C does not end it before the containers.
    const child = spawn(process.execPath, [PROGRAM], {
      detached: true,
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#process = child;
    child.unref();
    child.stdin.on('error', () => {
      // It was killed, which `exit` tells.
    });
    child.once('exit', (_, signal) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      // One that fails by itself would fail again: then the next container starts another.
      if (signal !== null && this.#groups.size > 0) this.#start();
    });
    for (const pid of this.#groups) child.stdin.write(`+${pid}\n`);
  }
}
