import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CommandError } from './pulumi-cli.ts';
import { RolloutError } from './rollout.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

export interface StackRequest {
  readonly stack: string;
  readonly positionals: readonly string[];
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
}

/** A command was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs a command of this folder on one stack, and answers its exit code: 0 done, 1 not done, 2 called wrongly. */
export async function stackCommand(
  usage: string,
  options: Options,
  act: (request: StackRequest) => Promise<number>,
): Promise<number> {
  try {
    const { values, positionals } = parse(options);
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const { stack } = values;
    if (typeof stack !== 'string') throw new UsageError('Which stack? Name it with -s.');
    return await act({
      stack,
      positionals,
      text: (option) => textOf(values[option]),
      flag: (option) => values[option] === true,
    });
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof CommandError || error instanceof RolloutError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parse(options: Options): Parsed {
  try {
    return parseArgs({
      options: { ...options, stack: { type: 'string', short: 's' }, help: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
