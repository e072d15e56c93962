import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMAND_MS = 600_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A command that could not be run, or failed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly isMissing: boolean;
  /** Standard output and standard error. */
  readonly output: string;

  constructor(command: string, { isMissing, output }: Pick<CommandError, 'isMissing' | 'output'>) {
    super(isMissing ? `${command} is not installed` : `${command} failed`);
    this.isMissing = isMissing;
    this.output = output;
  }
}

/** A temporary folder in which a judge is installed and run. Nothing of it becomes part of the repository. */
export class Workshop implements AsyncDisposable {
  readonly folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;

  private constructor(folder: string, environment: NodeJS.ProcessEnv, signal: AbortSignal | undefined) {
    this.folder = folder;
    this.#environment = environment;
    this.#signal = signal;
  }

  /** `environment` makes the variables of its commands; without it they inherit this process's. They end with `signal`. */
  static async open(
    environment: (folder: string) => NodeJS.ProcessEnv = () => process.env,
    signal?: AbortSignal,
  ): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'records-workshop-'));
    return new Workshop(folder, environment(folder), signal);
  }

  /** The same folder, whose commands get these variables, too. */
  with(variables: Readonly<Record<string, string>>): Pick<Workshop, 'run'> {
    return new Workshop(this.folder, { ...this.#environment, ...variables }, this.#signal);
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.folder, file), text);
  }

  /** Returns standard output. Throws CommandError. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const options = {
      cwd: this.folder,
      env: this.#environment,
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: COMMAND_MS,
      ...(this.#signal && { signal: this.#signal }),
    };
    return await new Promise((resolve, reject) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const isMissing = error.code === 'ENOENT';
        const shown = [command, ...args].join(' ').slice(0, 200);
        reject(new CommandError(isMissing ? command : shown, { isMissing, output: stdout + stderr }));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
