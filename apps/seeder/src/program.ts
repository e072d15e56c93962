import { randomInt } from 'node:crypto';
import {
  EXIT,
  InvalidArgumentError,
  integer,
  interruption,
  Option,
  program,
  reasonOf,
  UserError,
} from '@records/cli';
import { findStack, isProduction, stackFileOption, targetOption } from '@records/stack';
import { DEFAULT_LOCALE, LOCALES } from './countries.ts';
import { grouped } from './format.ts';
import { DEFAULT_WAIT_SECONDS, MAX_COUNT, MAX_RATE, MAX_SEED, MAX_WAIT_SECONDS } from './limits.ts';
import { checkMix } from './mix.ts';
import { type Progress, progressView } from './progress.ts';
import { problemsOf, reportOf, verifyProblemsOf, verifyReportOf } from './report.ts';
import type { RunOptions } from './run.ts';
import type { SeedOptions } from './seed.ts';

const DEFAULT_COUNT = 1_000;
/** Many enough that two runs seldom share a seed, few enough digits to type one again. */
const RANDOM_SEEDS = 10 ** 9;

const MORE = `Progress goes to stderr, the result to stdout.

More examples:
  pnpm seed --count 100000 --stack dev
  pnpm seed --count 10000 --seed 7 --duplicates 5% --conflicts 1% --invalid 1% --poison 1%
  pnpm seed --count 10000 --seed 7 --duplicates 5% --conflicts 1% --invalid 1% --poison 1% --verify`;

export const seed = program('seed', {
  summary: 'publish made-up records and prove that they arrived',
  description:
    'Publishes realistic people of Latin America, waits until they are visible in BigQuery, and accounts for every message.',
  example: 'pnpm seed --count 1000 --seed 42 --locale es_MX',
  more: MORE,
  exitCodes:
    'Exit codes: 0 every message arrived where it must, 1 a message was refused, lost or missing, or the stack did\nnot answer, 2 wrong options, 130 interrupted (Ctrl-C).',
})
  .option(
    '--count <n>',
    `messages to publish, 1 to ${grouped(MAX_COUNT)}`,
    integer(1, MAX_COUNT),
    DEFAULT_COUNT,
  )
  .option(
    '--seed <n>',
    `0 to ${MAX_SEED}; equal seed, locale and shares give equal messages (default: a new one)`,
    integer(0, MAX_SEED),
  )
  .addOption(
    new Option('--locale <name>', 'where the names come from')
      .choices<readonly string[]>(LOCALES)
      .default(DEFAULT_LOCALE),
  )
  .option(
    '--rate <n>',
    `messages per second, 1 to ${grouped(MAX_RATE)} (default: as fast as Pub/Sub takes them)`,
    integer(1, MAX_RATE),
  )
  .option('--duplicates <share>', 'share of messages that repeat an earlier record, such as 5%', share, 0)
  .option('--conflicts <share>', 'share that repeats an id with other content', share, 0)
  .option('--invalid <share>', 'share that the topic must refuse', share, 0)
  .option('--poison <share>', 'share that the topic accepts and the table must refuse', share, 0)
  .option('--verify', 'send nothing: check a finished run again. Repeat its options, --seed included')
  .option('--differences <file>', 'list the missing or wrong records, one JSON object per line')
  .addOption(targetOption())
  .addOption(stackFileOption())
  .option('--allow-prod', 'allow --stack prod, whose readers then get made-up people')
  .option(
    '--wait <seconds>',
    `longest wait for one more record to become visible, 1 to ${grouped(MAX_WAIT_SECONDS)}`,
    integer(1, MAX_WAIT_SECONDS),
    DEFAULT_WAIT_SECONDS,
  )
  .option('--json', 'print the result as JSON')
  .action(async (options) => {
    const { count, locale, rate, wait, stack, verify: isVerify } = options;
    if (isVerify && options.seed === undefined) {
      seed.error("error: option '--verify' needs --seed, and the other options of the run that it checks");
    }
    const { duplicates, conflicts, invalid, poison } = options;
    const mix = { duplicates, conflicts, invalid, poison };
    try {
      checkMix(mix);
    } catch (error) {
      const hint = error instanceof UserError && error.hint !== undefined ? `; ${error.hint}` : '';
      seed.error(`error: ${reasonOf(error)}${hint}`);
    }
    if (isProduction(stack) && !options.allowProd) {
      throw new UserError(`stack "${stack}" would keep made-up people among its real records`, {
        hint: 'pass --allow-prod if that is what you want',
      });
    }
    const target = await findStack(options);
    const progress = progressView(process.stderr);
    const { signal, exitCode } = interruption();
    const common = {
      ...{ target, count, locale, mix, signal, differencesFile: options.differences },
      seed: options.seed ?? randomInt(RANDOM_SEEDS),
      onProgress: (step: Progress) => progress.show(step),
    };
    const otlpEndpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    const run = isVerify ? verify(common) : send({ ...common, rate, waitSeconds: wait, otlpEndpoint });
    const { report, problems, result } = await run.finally(() => progress.end());
    console.log(options.json ? JSON.stringify(result) : report);
    for (const problem of problems) console.error(problem);
    process.exitCode = exitCode() ?? (problems.length > 0 ? EXIT.failed : 0);
  });

// Google's clients take half a second to load, and help or a wrong option must not wait for them.

async function send(options: SeedOptions) {
  const { seedRecords } = await import('./seed.ts');
  const result = await seedRecords(options);
  return { result, report: reportOf(result), problems: problemsOf(result) };
}

async function verify(options: RunOptions) {
  const { verifyRecords } = await import('./verify/verify.ts');
  const result = await verifyRecords(options);
  return { result, report: verifyReportOf(result), problems: verifyProblemsOf(result) };
}

/** `0%` to `100%`, with decimals, as a share from 0 to 1. */
function share(text: string): number {
  const percent = /^\d{1,3}(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  if (percent <= 100) return percent / 100;
  throw new InvalidArgumentError(`"${text}" must be a percentage from 0% to 100%, such as 5% or 0.5%`);
}
