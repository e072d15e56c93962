/**
 * pnpm mutants [PATTERN…] [--times N]: puts each kept mutant in place N times, and counts the runs in which the test that
 * it names notices.
 */
import { parseArgs } from 'node:util';
import { Laboratory, missOf } from './laboratory.ts';
import { type Mutant, readMutants } from './mutant.ts';

const USAGE = `Usage: pnpm mutants [PATTERN…] [--times N]

Puts each kept mutant of apps/local/mutants in place, in a copy of the repository, and runs the test that it names.

  PATTERN      part of a mutant's name, as a regular expression; several mean any of them, none means all mutants
  --times N    runs of each, 1 to 1000; 1 by default
  --help       print this

Exit codes: 0 each was caught in every run, 1 otherwise, 2 wrong options.
`;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const TIMES_MAX = 1_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const request = readOptions();
  if (typeof request === 'number') return request;
  const { mutants, times } = request;
  using laboratory = new Laboratory();
  const cleanUp = () => {
    laboratory[Symbol.dispose]();
    process.exit(130);
  };
  for (const signal of SIGNALS) process.once(signal, cleanUp);
  const width = Math.max(...mutants.map(({ name }) => name.length));
  const missed = (
    await Promise.all(
      mutants.map(async (mutant) => {
        const trials = await Promise.all(Array.from({ length: times }, () => laboratory.try(mutant)));
        const misses = trials.map((trial) => missOf(mutant, trial)).filter((miss) => miss !== undefined);
        console.log(`${mutant.name.padEnd(width)}  caught ${times - misses.length}/${times}`);
        if (misses[0]) console.log(misses[0].replaceAll(/^/gm, '  '));
        return misses.length;
      }),
    )
  ).filter((misses) => misses > 0).length;
  for (const signal of SIGNALS) process.off(signal, cleanUp);
  console.log(`${mutants.length - missed} of ${mutants.length} mutants caught in every run`);
  return missed === 0 ? 0 : 1;
}

function readOptions(): { mutants: Mutant[]; times: number } | number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        times: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const times = Number(values.times);
    if (!/^\d+$/.test(values.times) || times < 1 || times > TIMES_MAX)
      throw new TypeError(`--times ${values.times}: it must be an integer from 1 to ${TIMES_MAX}`);
    const patterns = positionals.map(patternOf);
    const mutants = readMutants().filter(
      ({ name }) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name)),
    );
    if (mutants.length === 0)
      throw new TypeError(`${positionals.join(' ')}: no file of apps/local/mutants has such a name`);
    return { mutants, times };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new TypeError(`${text}: it must be a regular expression`, { cause });
  }
}
