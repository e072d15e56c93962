import { join } from 'node:path';
import { INFRA, REPOSITORY } from '@records/stack';
import { type Activity, FAILED_SAVES, SAVE_AGAIN, type SavedPart } from './activity.ts';
import type { Text } from './console/text.ts';
import type { LocalStack } from './local-stack.ts';
import type { Terminal } from './terminal.ts';
import { watchFiles } from './watch.ts';

export interface ChangesOptions {
  readonly terminal: Terminal;
  readonly activity: Activity;
  /** Called after each deployment. */
  readonly onDeployed: () => Promise<void>;
  /** Aborted when the developer stops the stack: an interrupted deployment counts as no failure. */
  readonly interrupted: AbortSignal;
}

/** Applies what is saved to a running stack, and says how that went, in the terminal and for the console. */
export class Changes {
  readonly #stack: LocalStack;
  readonly #options: ChangesOptions;

  constructor(stack: LocalStack, options: ChangesOptions) {
    this.#stack = stack;
    this.#options = options;
  }

  /** Applies saved files until the returned function is called. Resolves once it watches. */
  async watch(): Promise<() => Promise<void>> {
    const schema = join(REPOSITORY, 'packages', 'records-schema', 'src');
    const program = ['index.ts', 'Pulumi.yaml', 'Pulumi.local.yaml', 'src'].map((path) => join(INFRA, path));
    const api = join(REPOSITORY, 'apps', 'api', 'src');
    const onError = (error: unknown) => this.#options.terminal.problem('Files are not watched', error);
    const stops = await Promise.all([
      watchFiles(
        { paths: [...program, schema], matches: /\.(ts|yaml)$/, onChange: () => this.applyInfra() },
        onError,
      ),
      watchFiles({ paths: [api, schema], matches: /\.ts$/, onChange: () => this.restartApi() }, onError),
    ]);
    return async () => {
      await Promise.all(stops.map((stop) => stop()));
    };
  }

  async applyInfra(): Promise<void> {
    const began = performance.now();
    this.#options.terminal.note('infra/ changed, applying it');
    try {
      const { steps } = await this.#stack.redeploy();
      await this.#options.onDeployed();
      const changes = steps.filter(({ operation }) => operation !== 'same').length;
      const message = changes === 0 ? 'Nothing to change' : `Applied ${changes} changes`;
      this.#applied('infra', `${message} (${since(began)})`);
    } catch (error) {
      this.#failed('infra', FAILED_SAVES.infra, error);
    }
  }

  async restartApi(): Promise<void> {
    const began = performance.now();
    try {
      await this.#stack.restartApi();
      this.#applied('api', `The API restarted (${since(began)})`);
    } catch (error) {
      this.#failed('api', this.#stack.isApiRunning ? FAILED_SAVES.apiKept : FAILED_SAVES.api, error);
    }
  }

  #applied(part: SavedPart, message: string): void {
    this.#options.terminal.note(message);
    this.#options.activity.applied(part, message);
  }

  #failed(part: SavedPart, sentence: Text, error: unknown): void {
    const { interrupted, terminal, activity } = this.#options;
    if (interrupted.aborted) return;
    terminal.problem(`${sentence.en}; ${SAVE_AGAIN.en}`, error);
    activity.failed(part, sentence, error);
  }
}

function since(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
