import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FORK } from '../shared/forked-process.ts';
import type { Histories } from './histories.ts';
import type { PublisherOptions, PublisherReport } from './publisher-process.ts';

interface Settings extends Omit<PublisherOptions, 'again' | 'limit'> {
  /** Where a restarted publisher continues from, like a real one from its outbox. */
  readonly histories: Histories;
}

/** Publishes a share of the messages in a process, and after a kill in another one. */
export class Publisher implements AsyncDisposable {
  /** Resolves when all is acknowledged. Rejects when the process fails by itself. */
  readonly done: Promise<void>;
  readonly #settings: Settings;
  readonly #over = Promise.withResolvers<void>();
  #child: ChildProcess;
  #limit = 0;
  /** Resolves when the process has ended and all its messages have been read. */
  #ended: Promise<void>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.done = this.#over.promise;
    this.done.catch(() => {});
    [this.#child, this.#ended] = this.#start();
  }

  /** Lets it publish the messages below this number. */
  allow(limit: number): void {
    this.#limit = limit;
    if (this.#child.connected) this.#child.send(limit);
  }

  /** kill -9, then start another process. False when everything is acknowledged already. */
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
    const options: PublisherOptions = {
      ...settings,
      ...histories.unacknowledged(settings),
      limit: this.#limit,
    };
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
