import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '@records/cli';

const READY_MS = 30_000;
const POLL_MS = 50;
const STOP_MS = 5_000;
const KEPT_LINES = 5;

/** A program that serves HTTP on this machine until it is disposed. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #command: string;
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #exited: Promise<string>;
  #hasExited = false;

  constructor(command: string, args: readonly string[], cwd: string, url: string) {
    this.url = url;
    this.#command = command;
    this.#child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output) createInterface({ input: output }).on('line', (line) => this.#keep(line));
    }
    this.#exited = new Promise<string>((resolve) => {
      this.#child.once('error', ({ message }) => resolve(message));
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    }).finally(() => {
      this.#hasExited = true;
    });
  }

  /** Throws UserError when it ends, or does not answer at `path` within 30 s. */
  async ready(path: string, signal: AbortSignal): Promise<void> {
    const end = performance.now() + READY_MS;
    while (!(await answers(`${this.url}${path}`, signal))) {
      signal.throwIfAborted();
      if (this.#hasExited) throw this.#ended(await this.#exited);
      if (performance.now() > end) throw this.#ended(`not ready within ${READY_MS / 1_000} s`);
      await delay(POLL_MS, undefined, { signal });
    }
  }

  /** Throws UserError when it has ended. */
  async check(): Promise<void> {
    if (this.#hasExited) throw this.#ended(await this.#exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasExited) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #keep(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
  }

  #ended(how: string): UserError {
    return new UserError(`${this.#command}: ${how}\n${this.#lastLines.join('\n')}`.trimEnd());
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { signal }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}
