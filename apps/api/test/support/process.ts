import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './api.ts';
import { closeAfterAll } from './cleanup.ts';

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The image keeps what V8 compiled, too. */
const COMPILED = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };

interface How {
  /** Path of the Node executable. */
  readonly node?: string;
  readonly cwd?: string;
  /** User and group id of the process. Needs root. */
  readonly user?: number | undefined;
}

/** The API as a child process. Killed after the test file. */
export class ApiProcess {
  readonly child: ChildProcess;
  stderr = '';
  stdout = '';
  #waiting: (() => void)[] = [];
  readonly #exited: Promise<number | null>;

  constructor(env: Record<string, string>, args: readonly string[] = [MAIN], how: How = {}) {
    const { node = process.execPath, cwd, user } = how;
    this.child = spawn(node, args, {
      env: args.includes(MAIN) ? { ...COMPILED, ...env } : env,
      cwd,
      uid: user,
      gid: user,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    closeAfterAll(() => this.child.kill('SIGKILL'));
    const note = (to: 'stdout' | 'stderr') => (data: string) => {
      this[to] += data;
      for (const wake of this.#waiting) wake();
    };
    this.child.stdout?.setEncoding('utf8').on('data', note('stdout'));
    this.child.stderr?.setEncoding('utf8').on('data', note('stderr'));
    this.#exited = new Promise((resolve) =>
      this.child.once('close', (code) => {
        resolve(code);
        for (const wake of this.#waiting) wake();
      }),
    );
  }

  /** Starts the API on a free port and waits until it listens. */
  static async listen(
    bigQueryUrl: string,
    args?: readonly string[],
    how?: How,
    more: Readonly<Record<string, string>> = {},
  ): Promise<ApiProcess> {
    const env = { ...environment, PORT: '0', BIGQUERY_EMULATOR_HOST: bigQueryUrl, ...more };
    const api = new ApiProcess(env, args, how);
    await api.logged(/Server listening at/);
    return api;
  }

  get url(): string {
    const port = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout)?.[1];
    return `http://127.0.0.1:${port}`;
  }

  /** Resolves when stdout matches; rejects when the process ends before. */
  async logged(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout)) {
      if (this.child.exitCode !== null)
        throw new Error(`exit ${this.child.exitCode}: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The exit code, after all output is read. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  lines(): Record<string, unknown>[] {
    return this.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}
