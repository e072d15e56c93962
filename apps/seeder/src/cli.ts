import { CommanderError } from 'commander';
import { type CommandOptions, parseArguments } from './command.ts';
import { SeederError } from './errors.ts';
import { type Progress, progressView } from './progress.ts';
import { problemsOf, reportOf, verifyProblemsOf, verifyReportOf } from './report.ts';
import type { RunOptions } from './run.ts';
import type { SeedOptions } from './seed.ts';
import { findTarget } from './target/find.ts';

const EXIT = { failed: 1, usage: 2 } as const;
/** As shells number the end by a signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

process.exitCode = await main(process.argv.slice(2));
// Publish calls that were not waited for must not keep the process alive.
setTimeout(() => process.exit(), 1_000).unref();

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseArguments(args));
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    if (!(error instanceof SeederError)) throw error;
    console.error(`error: ${error.message}`);
    if (error.wayOut !== undefined) console.error(`       ${error.wayOut}`);
    return EXIT.failed;
  }
}

async function run(options: CommandOptions): Promise<number> {
  const { count, seed, locale, mix, rate, wait, json, differences: differencesFile } = options;
  const target = await findTarget({ ...options, allowProduction: options.allowProd });
  const progress = progressView(process.stderr);
  const { signal, received } = interruption();
  const common = {
    ...{ target, count, seed, locale, mix, differencesFile, signal },
    onProgress: (step: Progress) => progress.show(step),
  };
  const { report, problems, result } = options.verify
    ? await verify(common).finally(() => progress.end())
    : await send({
        ...common,
        rate,
        waitSeconds: wait,
        otlpEndpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
      }).finally(() => progress.end());
  console.log(json ? JSON.stringify(result) : report);
  for (const problem of problems) console.error(problem);
  return received() ?? (problems.length > 0 ? EXIT.failed : 0);
}

// Google's clients take half a second to load, which a wrong option need not wait for.

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

/** The first signal asks for a clean stop; a second one ends the process at once, as it would without us. */
function interruption() {
  const controller = new AbortController();
  let exitCode: number | undefined;
  for (const [name, code] of Object.entries(SIGNALS)) {
    process.once(name, () => {
      exitCode = code;
      controller.abort();
    });
  }
  return { signal: controller.signal, received: () => exitCode };
}
