import { Console } from './console.ts';
import { dev } from './dev.ts';
import { type DevOptions, readOptions, USAGE } from './options.ts';
import { UsageError } from './usage-error.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  let options: DevOptions;
  try {
    options = readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const console = new Console(options.json);
  try {
    await dev(options, console);
    return 0;
  } catch (error) {
    console.problem('pnpm dev stopped', error);
    return 1;
  }
}
