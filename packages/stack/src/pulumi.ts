import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '@records/cli';
import { INFRA } from './project.ts';
import { readCommand, runCommand } from './run-command.ts';

/** The Pulumi command line. Both methods throw UserError. */
export interface Pulumi {
  /** Runs it for a person to see, with variables beside those of this process. */
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<void>;
  /** Answers what it prints as JSON. */
  ask(args: readonly string[]): Promise<unknown>;
}

/** The command line that npm installs beside a program. */
export function pulumiIn(directory: string): Pulumi {
  let installed: Promise<void> | undefined;
  return {
    run: async (args, environment = {}) =>
      runCommand(process.execPath, [entryPoint(directory), ...args], directory, { environment }),
    async ask(args) {
      installed ??= installPulumi(directory);
      await installed;
      const command = [entryPoint(directory), ...args, '--json'];
      const answer = await readCommand(process.execPath, command, directory);
      try {
        return JSON.parse(answer);
      } catch (error) {
        throw new UserError(`"pulumi ${args.join(' ')}" did not answer in JSON: ${answer}`, { cause: error });
      }
    },
  };
}

/**
 * The first run of the command line downloads its binary, and that installer prints to standard output. Run this before
 * anything parses what Pulumi prints. Throws UserError.
 */
export async function installPulumi(directory: string): Promise<void> {
  const command = [entryPoint(directory), 'version'];
  try {
    await runCommand(process.execPath, command, directory, { stdout: 'ignore' });
  } catch (cause) {
    throw new UserError('the Pulumi command line cannot be installed, for the reason above', {
      hint: 'its first run downloads it from get.pulumi.com: check the network, then run `pnpm pulumi version`',
      cause,
    });
  }
}

/** On the stacks of infra/. */
export const pulumi = pulumiIn(INFRA);

function entryPoint(directory: string): string {
  const require = createRequire(join(directory, 'package.json'));
  try {
    const manifest = require.resolve('pulumi/package.json');
    const { bin } = require(manifest) as { bin: { pulumi: string } };
    return join(dirname(manifest), bin.pulumi);
  } catch (cause) {
    throw new UserError(`the Pulumi command line is not installed in ${directory}`, {
      hint: 'run `pnpm install`',
      cause,
    });
  }
}
