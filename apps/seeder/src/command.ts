import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { countriesOf, DEFAULT_LOCALE, LOCALES } from './countries.ts';
import { SeederError } from './errors.ts';
import { grouped } from './format.ts';
import {
  checkCount,
  checkRate,
  checkSeed,
  checkWait,
  DEFAULT_WAIT_SECONDS,
  MAX_COUNT,
  MAX_RATE,
  MAX_SEED,
  MAX_WAIT_SECONDS,
} from './limits.ts';
import { checkMix, checkShare, type Mix } from './mix.ts';

/** The options of the command line, checked. */
export interface CommandOptions {
  readonly count: number;
  readonly seed: number;
  readonly locale: string;
  readonly wait: number;
  readonly rate?: number;
  readonly mix: Mix;
  readonly verify?: boolean;
  readonly differences?: string;
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
    .description(
      'Publishes realistic people of Latin America, waits until they are visible in BigQuery, and accounts for every message.',
    )
    .option('--count <n>', `messages to publish, 1 to ${grouped(MAX_COUNT)}`, by(checkCount), DEFAULT_COUNT)
    .option(
      '--seed <n>',
      `0 to ${MAX_SEED}; the same seed, locale and shares give the same messages (default: a new one)`,
      by(checkSeed),
    )
    .option('--locale <name>', `whose names: ${LOCALES.join(', ')}`, by(checkLocale), DEFAULT_LOCALE)
    .option(
      '--rate <n>',
      `messages per second, 1 to ${grouped(MAX_RATE)} (default: as fast as they are taken)`,
      by(checkRate),
    )
    .option(
      '--duplicates <share>',
      'of messages, such as 5%: an earlier record again',
      share('duplicates'),
      0,
    )
    .option('--conflicts <share>', 'an id again, with other content', share('conflicts'), 0)
    .option('--invalid <share>', 'what the topic must refuse', share('invalid'), 0)
    .option('--poison <share>', 'what the topic takes and the table must refuse', share('poison'), 0)
    .option('--verify', 'send nothing: check a finished run again, given the options it had, --seed included')
    .option('--differences <file>', 'write all differences to a file, a JSON object on each line')
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
  const { duplicates, conflicts, invalid, poison, ...options } = command.opts<CommandOptions & Mix>();
  if (options.verify && options.seed === undefined) {
    command.error("error: option '--verify' needs --seed, and the other options of the run that it checks");
  }
  const mix = { duplicates, conflicts, invalid, poison };
  try {
    checkMix(mix);
  } catch (error) {
    if (!(error instanceof SeederError)) throw error;
    command.error(`error: ${textOf(error)}`);
  }
  return { ...options, mix, seed: options.seed ?? randomInt(RANDOM_SEEDS) };
}

const HELP = `
Progress goes to stderr, the result to stdout. Exit codes: 0 every message is where it
must be, 1 something was refused, lost, missing or not reached, 2 wrong options, 130 interrupted (Ctrl-C).

Examples:
  pnpm seed --count 1000 --seed 42 --locale es_MX
  pnpm seed --count 100000 --stack dev
  pnpm seed --count 10000 --seed 7 --duplicates 5% --conflicts 1% --invalid 1% --poison 1%
  pnpm seed --count 10000 --seed 7 --duplicates 5% --conflicts 1% --invalid 1% --poison 1% --verify
`;

/** A rule of this package as a parser of commander's. */
function by<T>(check: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return check(text);
    } catch (error) {
      if (!(error instanceof SeederError)) throw error;
      throw new InvalidArgumentError(textOf(error));
    }
  };
}

function share(name: keyof Mix): (text: string) => number {
  return by((text) => checkShare(name, text));
}

function textOf({ message, wayOut }: SeederError): string {
  return [message, wayOut].filter(Boolean).join('; ');
}

function checkLocale(locale: string): string {
  countriesOf(locale);
  return locale;
}
