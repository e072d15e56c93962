import { parseArgs } from 'node:util';
import { TimeLapse } from '@records/monitoring';
import { runningStack } from '@records/stack';
import { interruption } from '../interruption.ts';
import { UsageError } from '../usage-error.ts';
import { observe } from './observe.ts';
import { findPrograms } from './programs.ts';

const USAGE = `Usage: pnpm observe [options]

Beside a running pnpm dev: starts Prometheus and Alertmanager with the generated rules, and prints which alert waits, fires
and resolves, with its runbook. They listen on free ports of this machine only, and what they keep is gone at the end.
Ctrl-C stops both.

Options:
  --time-lapse N   divide every duration in the rules by N, from 1 to 300: with 60, a minute of them passes in a second
  --help           print this
`;

/** Above, a look at the metrics takes longer than the time between two. */
const MAX_FACTOR = 300;

process.exitCode = await main();

async function main(): Promise<number> {
  const signal = interruption();
  try {
    const { help, time } = readOptions();
    if (help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const print = (line: string) => process.stdout.write(`${line}\n`);
    await observe({
      programs: findPrograms(),
      time,
      findStack: runningStack,
      print,
      signal,
    });
    return 0;
  } catch (error) {
    // Ctrl-C while the two are starting.
    if (signal.aborted && error instanceof Error && error.name === 'AbortError') return 0;
    process.stderr.write(`✗ pnpm observe: ${error instanceof Error ? error.message : error}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Throws UsageError. */
function readOptions(): { readonly help: boolean; readonly time: TimeLapse } {
  let values: { help: boolean; 'time-lapse': string };
  try {
    ({ values } = parseArgs({
      options: {
        'time-lapse': { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, { cause: error });
  }
  const factor = Number(values['time-lapse']);
  if (!(factor >= 1 && factor <= MAX_FACTOR)) {
    throw new UsageError(
      `--time-lapse is ${JSON.stringify(values['time-lapse'])}: it must be a number from 1 to ${MAX_FACTOR}, such as 60`,
    );
  }
  return { help: values.help, time: new TimeLapse(factor) };
}
