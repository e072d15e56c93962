import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StackAnswer, StackQuestion, StackReady } from './stack-process.ts';

// A test's own flags are not for them.
export const FORK = { execArgv: [], env: { ...process.env, METADATA_SERVER_DETECTION: 'none' } };

/** The local cloud with the API, as a process that can be killed. */
export class StackProcess implements AsyncDisposable {
  readonly ready: StackReady;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ready: StackReady) {
    this.#child = child;
    this.ready = ready;
  }

  /** Resolves when the API is ready. */
  static async start(dataDir: string, chaos: object): Promise<StackProcess> {
    const child = fork(join(import.meta.dirname, 'stack-process.ts'), [dataDir, JSON.stringify(chaos)], FORK);
    return new StackProcess(child, await answerOf<StackReady>(child));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** One question at a time. */
  async ask(question: StackQuestion): Promise<StackAnswer> {
    const answer = answerOf<StackAnswer>(this.#child);
    this.#child.send(question);
    return await answer;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const exit = once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`the local cloud ended with ${code ?? signal}`);
  });
  exit.catch(() => {});
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal: over.signal }), exit]);
    return answer as T;
  } finally {
    over.abort();
  }
}
