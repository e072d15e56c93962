import { join } from 'node:path';
import { ForkedProcess } from './forked-process.ts';
import type { StackAnswer, StackProcessOptions, StackQuestion, StackReady } from './stack-process-main.ts';

/** As `pnpm dev` sets it: without a limit V8 collects so rarely that garbage takes several hundred MB. */
const HEAP = '--max-old-space-size=320';

/** The local cloud with the API, in a process that can be killed. */
export class StackProcess extends ForkedProcess<StackQuestion, StackAnswer> {
  #ready: StackReady | undefined;

  /** Resolves when the API is ready. The local cloud loads `apiPreload`, too. */
  static async start(options: StackProcessOptions): Promise<StackProcess> {
    const script = join(import.meta.dirname, 'stack-process-main.ts');
    const { apiPreload } = options;
    const stack = new StackProcess(script, [JSON.stringify(options)], {
      execArgv: [HEAP, ...(apiPreload === undefined ? [] : ['--import', apiPreload])],
    });
    stack.#ready = await stack.next<StackReady>();
    return stack;
  }

  get ready(): StackReady {
    if (this.#ready === undefined) throw new Error('the stack has not started');
    return this.#ready;
  }
}
