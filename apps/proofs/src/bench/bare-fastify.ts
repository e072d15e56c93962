import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The baseline of bench:api: a process that sends the same bytes from memory, and does nothing else. */
export class BareFastify implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(body: string, type: string): Promise<BareFastify> {
    const child = fork(join(import.meta.dirname, 'bare-fastify-process.ts'));
    child.send({ body, type });
    const [url] = (await once(child, 'message')) as [string];
    return new BareFastify(url, child);
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
  }
}
