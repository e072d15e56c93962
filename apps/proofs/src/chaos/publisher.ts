import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Histories } from './histories.ts';
import { FORK } from './processes.ts';
import type { PublisherOptions, PublisherReport } from './publisher-process.ts';

interface Settings extends Omit<PublisherOptions, 'again'> {
  /** What it goes on from after a kill, like a publisher of one's own from its outbox. */
  readonly histories: Histories;
}

/** Publishes a share of the messages: a process and, after a kill, another in its place. */
export class Publisher implements AsyncDisposable {
  /** Rejects when a process ends that nobody killed, before everything was acknowledged. */
  readonly done: Promise<void>;
  readonly #settings: Settings;
  readonly #over = Promise.withResolvers<void>();
  #child: ChildProcess;
  /** Resolves when it is gone, and everything that it said has been read. */
  #ended: Promise<void>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.done = this.#over.promise;
    this.done.catch(() => {});
    [this.#child, this.#ended] = this.#start();
  }

  /** kill -9, and another process in its place. False when everything is acknowledged already. */
  async kill(): Promise<boolean> {
    const { histories, messages } = this.#settings;
    const { again, first } = histories.unacknowledged(this.#settings);
    if (again.length === 0 && first >= messages) return false;
    await this[Symbol.asyncDispose]();
    [this.#child, this.#ended] = this.#start();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #start(): [ChildProcess, Promise<void>] {
    const { histories, ...settings } = this.#settings;
    const options: PublisherOptions = { ...settings, ...histories.unacknowledged(settings) };
    const child = fork(join(import.meta.dirname, 'publisher-process.ts'), [JSON.stringify(options)], FORK);
    child.on('message', ({ sending, acknowledged }: PublisherReport) => {
      for (const n of sending) histories.attempt(n);
      for (const n of acknowledged) histories.acknowledge(n);
    });
    const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(([[code, signal]]) => {
      if (code === 0) this.#over.resolve();
      else if (!child.killed) this.#over.reject(new Error(`a publisher ended with ${code ?? signal}`));
    });
    return [child, ended];
  }
}
