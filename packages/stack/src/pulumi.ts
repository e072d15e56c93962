import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '@records/cli';
import { INFRA } from './project.ts';
import { readCommand, runCommand } from './run-command.ts';

/** The Pulumi command line. Both methods throw UserError. */
export interface Pulumi {
  /** Runs it for a person to see. */
  run(args: readonly string[]): Promise<void>;
  /** Answers what it prints as JSON. */
  ask(args: readonly string[]): Promise<unknown>;
}

/** The command line that npm installs beside a program. It downloads its binary when it runs for the first time. */
export function pulumiIn(directory: string): Pulumi {
  return {
    run: async (args) => runCommand(process.execPath, [entryPoint(directory), ...args], directory),
    async ask(args) {
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
