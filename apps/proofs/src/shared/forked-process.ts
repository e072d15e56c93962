import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';

/** Options of `fork` for programs of this package: without the flags of Jest, and without a search for credentials. */
export const FORK = { execArgv: [], env: { ...process.env, METADATA_SERVER_DETECTION: 'none' } };

/** A forked program that answers questions, one at a time. Its side is `answer`. */
export class ForkedProcess<Question, Answer> implements AsyncDisposable {
  readonly #script: string;
  readonly #child: ChildProcess;

  constructor(script: string, args: readonly string[] = [], options: ForkOptions = {}) {
    this.#script = script;
    this.#child = fork(script, args, { ...FORK, ...options });
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  /** Throws when the process ends first. */
  async ask(question: Question): Promise<Answer> {
    const answered = this.next<Answer>();
    this.#child.send(question as object);
    return await answered;
  }

  /** The next message of the process. Throws when the process ends first. */
  async next<T>(): Promise<T> {
    const over = new AbortController();
    const { signal } = over;
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal }).then(([message]) => message as T),
        this.ended(signal),
      ]);
    } finally {
      over.abort();
    }
  }

  /** Rejects when the process ends, and says how. */
  async ended(signal?: AbortSignal): Promise<never> {
    const [code, killedBy] = await once(this.#child, 'exit', { ...(signal && { signal }) });
    throw new Error(`${this.#script} ended with ${code ?? killedBy}`);
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

/** Makes this process answer the questions of its parent, and end with it. */
export function answer<Question, Answer>(answerOf: (question: Question) => Promise<Answer>): void {
  process.on('message', async (question: Question) => process.send?.(await answerOf(question)));
  process.once('disconnect', () => process.exit());
}
