import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { reasonOf } from '@records/cli';
import type { Entry, Happening } from './activity.ts';
import { changeText } from './terminal.ts';

/** In the folder of `pnpm dev`. */
export const LOG_NAME = 'dev.log';

/** Of one file. There are at most two. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Writes every line of a run to a file, also what the terminal hides. The file of the run before, or the earlier half of a
 * long one, is beside it with `.1` at its end. Only their owner can read them.
 */
export class DevLog implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #onError: (reason: string) => void;
  #file: number | undefined;
  #bytes = 0;
  #lines: string[] = [];

  /** `onError` hears why nothing is written any more, such as a full disk. */
  constructor(path: string, onError: (reason: string) => void, maxBytes = MAX_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#onError = onError;
    this.#attempt(() => this.#open());
  }

  /** Written at the end of this turn of the event loop. */
  add({ at, happening }: Entry): void {
    if (this.#file === undefined) return;
    if (this.#lines.push(`${new Date(at).toISOString()} ${lineOf(happening)}\n`) === 1)
      setImmediate(() => this.#flush());
  }

  [Symbol.dispose](): void {
    this.#flush();
    this.#attempt(() => this.#close());
  }

  #flush(): void {
    const text = this.#lines.join('');
    this.#lines = [];
    if (this.#file === undefined || text === '') return;
    this.#attempt(() => {
      if (this.#bytes >= this.#maxBytes) this.#open();
      if (this.#file !== undefined) this.#bytes += writeSync(this.#file, text);
    });
  }

  #open(): void {
    this.#close();
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch {
      // There is none.
    }
    this.#file = openSync(this.#path, 'w', 0o600);
    this.#bytes = 0;
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#file = undefined;
      this.#onError(`${this.#path} is not written any more: ${reasonOf(error)}`);
    }
  }
}

function lineOf(happening: Happening): string {
  switch (happening.type) {
    case 'note':
      return `dev ${happening.message}`;
    case 'log':
      return `${happening.source} ${happening.message}`;
    case 'container':
      return `${happening.service} ${happening.state}: ${happening.message}`;
    case 'step': {
      const { operation, type, name, changes } = happening.step;
      return [`infra ${operation} ${type} ${name}`, ...changes.map(changeText)].join('; ');
    }
  }
}
