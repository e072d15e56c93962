import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '../shared/waiting.ts';

const HOOK = join(import.meta.dirname, 'stepped-clock.ts');

/** The wall clock of processes, which a file moves. */
export class ClockSteps {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  static async at(file: string): Promise<ClockSteps> {
    await writeFile(file, '0');
    return new ClockSteps(file);
  }

  /** URL of the module that a process loads by `--import`. */
  get module(): string {
    const url = pathToFileURL(HOOK);
    url.searchParams.set('file', this.#file);
    return url.href;
  }

  /** Moves the clocks of running processes, and of those that start later, to so far from the real one. */
  async move(pids: readonly number[], ms: number): Promise<void> {
    await writeFile(this.#file, String(ms));
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    const moved = async (pid: number) => Number(await readFile(`${this.#file}.${pid}`, 'utf8')) === ms;
    await until('step of the clock', async () => (await Promise.all(pids.map(moved))).every(Boolean));
  }
}
