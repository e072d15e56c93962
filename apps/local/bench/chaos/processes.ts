import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Acknowledged, PublisherOptions } from './publisher-process.ts';
import type { StackAnswer, StackQuestion, StackReady } from './stack-process.ts';

// A test's own flags are not for them.
const FORK = { execArgv: [], env: { ...process.env, METADATA_SERVER_DETECTION: 'none' } };

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

/** A publisher; `done` rejects when it ends before everything was acknowledged. */
export class PublisherProcess implements AsyncDisposable {
  readonly done: Promise<void>;
  readonly #child: ChildProcess;

  constructor(options: PublisherOptions, onAcknowledged: (messages: readonly Acknowledged[]) => void) {
    this.#child = fork(join(import.meta.dirname, 'publisher-process.ts'), [JSON.stringify(options)], FORK);
    this.#child.on('message', (messages) => onAcknowledged(messages as Acknowledged[]));
    this.done = once(this.#child, 'exit').then(([code, signal]) => {
      if (code !== 0) throw new Error(`a publisher ended with ${code ?? signal}`);
    });
    this.done.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.done.catch(() => {});
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
