import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** A client of a server: is asked how many records per second it gets through, again and again, so that it is warm. */
export class AskedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(script: string, args: readonly string[]) {
    const env = { ...process.env, METADATA_SERVER_DETECTION: 'none' };
    this.#child = fork(script, args, { execArgv: [], env });
  }

  /** Records per second; undefined when it takes longer than `limitMs`, after which no more can be asked. */
  async ask(records: number, limitMs: number): Promise<number | undefined> {
    const over = new AbortController();
    const { signal } = over;
    this.#child.send(records);
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal }).then(([rate]) => rate as number),
        once(this.#child, 'exit', { signal }).then(([code, killed]) => {
          throw new Error(`the client ended with ${code ?? killed}`);
        }),
        delay(limitMs, undefined, { signal }),
      ]);
    } finally {
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

/** What such a process does: answers each question in its turn, until nobody is there to ask. */
export function answer(rateOf: (records: number) => Promise<number>): void {
  process.on('message', async (records: number) => process.send?.(await rateOf(records)));
  process.once('disconnect', () => process.exit());
}
