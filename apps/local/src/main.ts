import { Console } from './console.ts';
import { startDev } from './dev.ts';
import { readOptions, USAGE, UsageError } from './options.ts';

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(USAGE);
  else await startDev(options, new Console(options.json));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
