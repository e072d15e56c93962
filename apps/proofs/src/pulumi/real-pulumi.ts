import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Project, settingsOf, type Variation } from '@records/infra/plans';
import { Workshop } from '../shared/workshop.ts';

/** A resource as Pulumi's engine and Google's provider would make it. */
export interface Previewed {
  readonly urn: string;
  readonly type: string;
  /** Absent when there is none. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/**
 * Pulumi's own command line, with states in a temporary folder. A preview of a new stack asks Google nothing that it needs an answer to,
 * so it needs no account.
 */
export class RealPulumi implements AsyncDisposable {
  readonly #workshop: Workshop;
  /** What encrypts the secrets of a stack, by project and stack. */
  readonly #salts = new Map<string, string>();

  private constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  static async open(): Promise<RealPulumi> {
    return new RealPulumi(await Workshop.open(environmentIn));
  }

  /** Throws CommandError when it is not installed. */
  async version(): Promise<string> {
    return (await this.#workshop.run('pulumi', 'version')).trim();
  }

  /** What `pulumi preview` would create in a new stack. Throws CommandError. */
  async preview(variation: Variation): Promise<Previewed[]> {
    const output = await this.#run(variation, 'preview');
    const { steps } = JSON.parse(output) as { steps: { op: string; newState: Previewed }[] };
    // A read is of the stack's own outputs.
    return steps.filter(({ op }) => op !== 'read').map(({ newState }) => newState);
  }

  /** Updates the stack. Answers how many resources each operation took. Throws CommandError. */
  async up(variation: Variation, ...options: readonly string[]): Promise<Record<string, number>> {
    const output = await this.#run(variation, 'up', '--yes', '--skip-preview', ...options);
    const summary = output.split('\n').find((line) => line.includes('"summaryEvent"')) ?? '{}';
    const { summaryEvent } = JSON.parse(summary) as {
      summaryEvent?: { resourceChanges: Record<string, number> };
    };
    return summaryEvent?.resourceChanges ?? {};
  }

  async #run(variation: Variation, command: string, ...options: readonly string[]): Promise<string> {
    const { project, stack, environment } = variation;
    const encryptionsalt = await this.#saltOf(project, stack);
    // JSON is YAML, too.
    const settings = JSON.stringify({ encryptionsalt, config: settingsOf(variation) });
    await this.#workshop.write('settings.yaml', settings);
    return await this.#workshop
      .with(environment)
      .run(
        'pulumi',
        ...[command, '--json', '--non-interactive', ...options],
        ...['--cwd', project.directory, '--stack', stack],
        ...['--config-file', join(this.#workshop.folder, 'settings.yaml')],
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workshop[Symbol.asyncDispose]();
  }

  /** A new stack writes its salt beside Pulumi.yaml, so it is made beside another one. */
  async #saltOf({ name }: Project, stack: string): Promise<string> {
    const key = `${name}/${stack}`;
    const known = this.#salts.get(key);
    if (known !== undefined) return known;
    await this.#workshop.write('Pulumi.yaml', JSON.stringify({ name, runtime: 'nodejs' }));
    await this.#workshop.run('pulumi', 'stack', 'init', stack, '--no-select', '--non-interactive');
    const file = await readFile(join(this.#workshop.folder, `Pulumi.${stack}.yaml`), 'utf8');
    const [, salt = ''] = /^encryptionsalt: (.+)$/m.exec(file) ?? [];
    this.#salts.set(key, salt);
    return salt;
  }
}

/** This process's variables without an account, and with a state in the folder. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GOOGLE|GCLOUD|CLOUDSDK|PULUMI)_/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    ...(process.env.PULUMI_HOME && { PULUMI_HOME: process.env.PULUMI_HOME }),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    GOOGLE_OAUTH_ACCESS_TOKEN: 'no-account',
  };
}
