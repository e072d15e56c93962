import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Calls `onLine` for every line of a text stream. Resolves when the stream ends. */
export async function forEachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
    onLine(line);
}

/** Longer lines are cut. An error with its stack trace in JSON fits. */
const MAX_LINE_LENGTH = 4_000;

/** Keeps the last lines of an endless stream. */
export class LastLines {
  readonly #lines: string[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(line: string): void {
    this.#lines.push(line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH - 1)}…` : line);
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}
