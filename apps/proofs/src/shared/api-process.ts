import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalStack } from '@records/local';
import { freePort } from '@records/local-cloud';
import { type Memory, memoryOf } from './memory.ts';
import { REPOSITORY } from './paths.ts';

const POLL_MS = 5;
const START_MS = 60_000;

/** Another process of the API beside the stack's own, on the same table. */
export class ApiProcess implements AsyncDisposable {
  readonly url: string;
  /** Milliseconds from the start of the process to its first 200, and until it was ready. */
  readonly started: { readonly first: number; readonly ready: number };
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;

  private constructor(url: string, child: ChildProcess, started: ApiProcess['started']) {
    this.url = url;
    this.started = started;
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
    });
  }

  /**
   * Resolves when the API is ready. `freshnessSeconds`: 1 to 3600; `program`: the sources, or a bundle; `stdout`: as of `spawn`.
   */
  static async start(
    stack: Pick<LocalStack, 'environment' | 'apiEnvironment'>,
    freshnessSeconds: number,
    environment: Readonly<Record<string, string>> = {},
    program = join(REPOSITORY, 'apps', 'api', 'src', 'main.ts'),
    stdout: 'ignore' | 'pipe' | number = 'ignore',
  ): Promise<ApiProcess> {
    const port = await freePort();
    const began = performance.now();
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', stdout, 'inherit'],
      env: {
        ...process.env,
        ...stack.environment,
        ...stack.apiEnvironment,
        // The stack's own API listens on it.
        METRICS_PORT: undefined,
        FRESHNESS_SECONDS: String(freshnessSeconds),
        LOG_LEVEL: 'error',
        METADATA_SERVER_DETECTION: 'none',
        ANONYMOUS_REQUESTS_PER_MINUTE: '1000000',
        PORT: String(port),
        ...environment,
      },
    });
    // An error may end this process without disposal. First of all: the local cloud may kill this process when it exits.
    const kill = () => child.kill('SIGKILL');
    process.prependOnceListener('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const url = `http://127.0.0.1:${port}`;
    const answers = async (path: string): Promise<number> => {
      for (;;) {
        if (child.exitCode !== null) throw new Error(`the API ended with ${child.exitCode}`);
        if (performance.now() - began > START_MS) {
          child.kill('SIGKILL');
          throw new Error(`the API did not answer ${path} with 200 within ${START_MS} ms`);
        }
        // Refused until the API listens.
        const answer = await fetch(url + path, { signal: AbortSignal.timeout(START_MS) }).catch(
          () => undefined,
        );
        await answer?.body?.cancel();
        if (answer?.ok) return performance.now() - began;
        // The local cloud, which the API waits for, may run in this process.
        await delay(POLL_MS);
      }
    };
    const started = { first: await answers('/health/live'), ready: await answers('/health/ready') };
    return new ApiProcess(url, child, started);
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  /** The read end of its standard output; null unless that is a pipe. */
  get stdout(): Readable | null {
    return this.#child.stdout;
  }

  /** Sends SIGTERM, and SIGKILL when it has not ended within `withinMs`. Answers its exit code, or the signal that ended it. */
  async stop(withinMs: number): Promise<number | NodeJS.Signals> {
    this.kill('SIGTERM');
    const over = new AbortController();
    await Promise.race([this.#ended, delay(withinMs, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
    this.kill('SIGKILL');
    return await this.#ended;
  }

  /** Linux only. */
  memory(): Memory {
    return memoryOf(this.pid);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGTERM');
    await this.#ended;
  }
}
