import { CommanderError } from 'commander';
import { type CommandOptions, parseArguments } from './command.ts';
import { SeederError } from './errors.ts';
import { progressView } from './progress.ts';
import { problemsOf, reportOf } from './report.ts';
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
  const { count, seed, locale, wait, json } = options;
  const target = await findTarget({ ...options, allowProduction: options.allowProd });
  // Google's clients take half a second to load, which a wrong option need not wait for.
  const { seedRecords } = await import('./seed.ts');
  const progress = progressView(process.stderr);
  const { signal, received } = interruption();
  const result = await seedRecords({
    target,
    count,
    seed,
    locale,
    waitSeconds: wait,
    signal,
    onProgress: (step) => progress.show(step),
  }).finally(() => progress.end());
  const problems = problemsOf(result);
  console.log(json ? JSON.stringify(result) : reportOf(result));
  for (const problem of problems) console.error(problem);
  return received() ?? (problems.length > 0 ? EXIT.failed : 0);
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
