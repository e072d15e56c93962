import type { ForkOptions } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../shared/waiting.ts';

const HOOK = join(import.meta.dirname, 'stepped-clock.ts');

/** The wall clock of a process, which a file moves. */
export class ClockSteps {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  static async at(file: string): Promise<ClockSteps> {
    await writeFile(file, '0');
    return new ClockSteps(file);
  }

  /** For a process that `spawn` starts. */
  get environment(): Readonly<Record<string, string>> {
    return { CLOCK_STEP_FILE: this.#file, NODE_OPTIONS: `--import=${new URL(HOOK, 'file:').href}` };
  }

  /** For a process that `fork` starts. */
  get forked(): ForkOptions {
    return { execArgv: ['--import', HOOK], env: { ...process.env, CLOCK_STEP_FILE: this.#file } };
  }

  /** Moves the clock of a running process, and those of its successors, to so far from the real one. */
  async move(pid: number, ms: number): Promise<void> {
    await writeFile(this.#file, String(ms));
    process.kill(pid, 'SIGUSR2');
    const seen = () => readFile(`${this.#file}.${pid}`, 'utf8');
    await until('step of the clock', async () => Number(await seen()) === ms);
  }
}
