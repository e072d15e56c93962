import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { countriesOf, DEFAULT_LOCALE, LOCALES } from './countries.ts';
import { SeederError } from './errors.ts';
import { grouped } from './format.ts';
import {
  checkCount,
  checkSeed,
  checkWait,
  DEFAULT_WAIT_SECONDS,
  MAX_COUNT,
  MAX_SEED,
  MAX_WAIT_SECONDS,
} from './limits.ts';

/** The options of the command line, checked. */
export interface CommandOptions {
  readonly count: number;
  readonly seed: number;
  readonly locale: string;
  readonly wait: number;
  readonly stack?: string;
  readonly stackFile?: string;
  readonly allowProd?: boolean;
  readonly json?: boolean;
}

const DEFAULT_COUNT = 1_000;
/** Long enough that two runs do not meet, short enough to be typed again. */
const RANDOM_SEEDS = 10 ** 9;

/** Throws CommanderError after printing what is wrong, or the help that was asked for. */
export function parseArguments(args: readonly string[]): CommandOptions {
  const command = new Command('pnpm seed')
    .description('Publishes realistic people of Latin America and waits until they are visible in BigQuery.')
    .option('--count <n>', `records to publish, 1 to ${grouped(MAX_COUNT)}`, by(checkCount), DEFAULT_COUNT)
    .option(
      '--seed <n>',
      `0 to ${MAX_SEED}; the same seed and locale give the same records (default: a new one)`,
      by(checkSeed),
    )
    .option('--locale <name>', `whose names: ${LOCALES.join(', ')}`, by(checkLocale), DEFAULT_LOCALE)
    .option(
      '--stack <name>',
      'stack to seed: the local one, or one that Pulumi deployed from infra/',
      'local',
    )
    .option('--stack-file <path>', 'description of the running local stack (default: .local/stack.json)')
    .option('--allow-prod', 'let --stack prod have fake people among its records')
    .option(
      '--wait <seconds>',
      `longest wait for one more record to become visible, 1 to ${grouped(MAX_WAIT_SECONDS)}`,
      by(checkWait),
      DEFAULT_WAIT_SECONDS,
    )
    .option('--json', 'print the result as JSON')
    .helpOption('--help', 'show this help')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .showHelpAfterError('(--help shows all options)')
    .exitOverride();
  // The `--` that npm wants before a script's options is pnpm's to pass on.
  command.parse(args[0] === '--' ? args.slice(1) : args, { from: 'user' });
  const options = command.opts<CommandOptions>();
  return { ...options, seed: options.seed ?? randomInt(RANDOM_SEEDS) };
}

const HELP = `
Progress goes to stderr, the result to stdout. Exit codes: 0 all sent and visible, 1 something was
refused, lost, missing or not reached, 2 wrong options, 130 interrupted (Ctrl-C).

Examples:
  pnpm seed --count 1000 --seed 42 --locale es_MX
  pnpm seed --count 100000 --stack dev
`;

/** A rule of this package as a parser of commander's. */
function by<T>(check: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return check(text);
    } catch (error) {
      if (!(error instanceof SeederError)) throw error;
      throw new InvalidArgumentError([error.message, error.wayOut].filter(Boolean).join('; '));
    }
  };
}

function checkLocale(locale: string): string {
  countriesOf(locale);
  return locale;
}
