import { fstatSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Bytes of lines that wait for a reader. */
const MAX_HELD = 256 * 1024;
/** Bytes of one write. */
const MAX_WRITE = 64 * 1024;
/** Between two attempts while nothing can be written. Milliseconds. */
const RETRY_MS = 100;
const STDOUT = 1;
const NEWLINE = Buffer.from('\n');

/**
 * Writes the lines of one turn of the event loop together, in one system call for many requests. What cannot be written is dropped
 * and counted: pino's own destination retries without end, on the event loop, when standard output is closed or full.
 */
export class LogOutput implements DestinationStream {
  readonly #fd: number;
  #held: Buffer[] = [];
  /** Whether a part of the first line is written. */
  #isTorn = false;
  #bytes = 0;
  #dropped = 0;
  #reported = 0;
  #isScheduled = false;

  constructor(fd = STDOUT) {
    this.#fd = fd;
    const kind = fstatSync(fd);
    // Opening the stream makes Node set the pipe to answer EAGAIN; otherwise a reader that pauses would stop the process.
    if (fd === STDOUT && (kind.isFIFO() || kind.isSocket())) void process.stdout;
    process.on('exit', () => this.#flush());
  }

  /** Lines that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    this.#hold(Buffer.from(line));
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #hold(line: Buffer): void {
    if (this.#bytes + line.length > MAX_HELD) this.#dropped++;
    else {
      this.#held.push(line);
      this.#bytes += line.length;
    }
  }

  #flush(): void {
    this.#isScheduled = false;
    try {
      while (this.#held.length > 0) this.#writeSome();
      if (this.#dropped === this.#reported) return;
      this.#reported = this.#dropped;
      this.#hold(Buffer.from(reportOf(this.#dropped)));
      this.#writeSome();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#retry();
      else this.#dropHeld();
    }
  }

  /** Throws the error of the system. */
  #writeSome(): void {
    let [count, length] = [0, 0];
    while (count < this.#held.length && (count === 0 || length < MAX_WRITE))
      length += this.#held[count++]?.length ?? 0;
    const bytes = Buffer.concat(this.#held.slice(0, count), length);
    const written = writeSync(this.#fd, bytes);
    this.#held.splice(0, count, ...(written < length ? [bytes.subarray(written)] : []));
    this.#bytes -= written;
    this.#isTorn = bytes[written - 1] !== NEWLINE[0];
  }

  /** The reader pauses. */
  #retry(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => this.#flush(), RETRY_MS).unref();
  }

  /** Nobody reads, or the disk is full. */
  #dropHeld(): void {
    this.#dropped += this.#held.length;
    this.#held = this.#isTorn ? [NEWLINE] : [];
    this.#bytes = this.#held.length;
  }
}

/** In the format of the other lines. */
function reportOf(dropped: number): string {
  const message = `${dropped} log lines since the start are lost: standard output took none`;
  return `${JSON.stringify({ severity: 'WARNING', time: new Date(), message })}\n`;
}
