import { availableParallelism } from 'node:os';
import {
  colour,
  EXIT,
  InvalidArgumentError,
  integer,
  interruption,
  main,
  Option,
  program,
  UserError,
} from '@records/cli';
import { REPOSITORY } from '../shared/paths.ts';
import { changedMutants, changesSince } from './changed.ts';
import { problemOf } from './check.ts';
import { commitOf } from './git.ts';
import { type Mutant, readMutants } from './mutant.ts';
import { MutantRunner, type Outcome } from './mutant-runner.ts';
import { renewMutants } from './renew.ts';
import { draw } from './sample.ts';

const TIMES_MAX = 1_000;
const WORKERS_MAX = 64;
const SAMPLE_MAX = 100_000;

const command = program('mutants', {
  summary: 'apply each kept mutant to a copy of the repository, and run the test that must catch it',
  example: 'pnpm mutants ingestion --times 10',
  more: `
More examples:
  pnpm mutants                    all of them
  pnpm mutants --changed          those that this branch may have touched
  pnpm mutants --sample 100       a hundred of them; each commit draws others
  pnpm mutants --renew HEAD       mend patches after a change that is not committed yet

A mutant is a file <package>/mutants/<name>.patch. It changes one file, and begins with the lines:
  # breaks: what the tests must notice
  # run: <package> test/<file>.test.ts <part of the test's name>
  # expect: a part of the failed test's report, such as "✕ <name>"
  # seconds: 9      how long the trial takes, if long; long ones start first
  # timeout: 5      seconds for each test, if the mutant makes it wait for ever`,
  exitCodes:
    'Exit codes: 0 each mutant was caught in every trial, 1 otherwise, 2 wrong options, 130 interrupted.',
})
  .argument('[patterns...]', 'parts of names, as regular expressions; without one, all mutants', addPattern)
  .option('--times <n>', `trials of each mutant, 1 to ${TIMES_MAX}`, integer(1, TIMES_MAX), 1)
  .option('--workers <n>', 'trials at once', integer(1, WORKERS_MAX), availableParallelism())
  .option(
    '--changed [ref]',
    'only mutants whose patch, patched file, test or one of its imports differs since this branch left this commit (default: origin/main, or else main)',
  )
  .option('--sample <n>', 'at most so many, drawn by the commit that is checked out', integer(1, SAMPLE_MAX))
  .addOption(
    new Option(
      '--renew <ref>',
      'run nothing; rewrite the patches that applied at this commit for the files as they are now',
    ).conflicts(['times', 'workers', 'changed', 'sample']),
  )
  .action(async (patterns = [], { times, workers, changed, sample, renew }) => {
    if (renew !== undefined) {
      if (patterns.length > 0) throw new UserError('--renew takes no pattern: it renews every patch');
      return renewAll(renew);
    }
    const all = readMutants(REPOSITORY);
    const named =
      patterns.length === 0 ? all : all.filter(({ name }) => patterns.some((one) => one.test(name)));
    if (named.length === 0)
      throw new UserError(`no mutant is called ${patterns.map(({ source }) => source).join(' or ')}`, {
        hint: 'their names are those of the files <package>/mutants/*.patch',
      });
    const mutants =
      changed === undefined ? named : selectChanged(named, changed === true ? undefined : changed);
    const drawn = sample === undefined ? mutants : draw(mutants, sample, commitOf(REPOSITORY, 'HEAD') ?? '');
    if (drawn.length > 0) await runAll(drawn, { times, workers, left: mutants.length - drawn.length });
  });

await main(command);

function addPattern(text: string, patterns: readonly RegExp[] = []): RegExp[] {
  try {
    return [...patterns, new RegExp(text)];
  } catch {
    throw new InvalidArgumentError(`"${text}" must be a regular expression`);
  }
}

function selectChanged(mutants: readonly Mutant[], ref: string | undefined): Mutant[] {
  const changes = changesSince(REPOSITORY, ref);
  const changed = changedMutants(REPOSITORY, mutants, changes);
  const [all, files] = [mutants.length, changes.files.size];
  console.log(
    `${changed.length} of ${all} mutants touched by the ${files} files that differ from ${changes.since}`,
  );
  return changed;
}

interface Trials {
  readonly times: number;
  readonly workers: number;
  /** Mutants that a sample leaves out. */
  readonly left: number;
}

async function runAll(mutants: readonly Mutant[], { times, workers, left }: Trials) {
  const { signal, exitCode } = interruption();
  const start = performance.now();
  let done = 0;
  const onOutcome = (outcome: Outcome) => {
    done += 1;
    console.log(`${`${done}/${mutants.length}`.padStart(7)}  ${lineOf(outcome)}`);
  };
  const outcomes = await new MutantRunner(REPOSITORY).run(mutants, { times, workers, signal, onOutcome });
  const seconds = Math.round((performance.now() - start) / 1_000);
  const caught = outcomes.filter(({ misses }) => misses.length === 0).length;
  if (signal.aborted) console.log(`interrupted: ${mutants.length - outcomes.length} mutants were not tried`);
  console.log(`${caught} of ${mutants.length} mutants caught in ${seconds} s`);
  console.log(
    `${caught} passed, ${outcomes.length - caught} failed${left === 0 ? '' : `, ${left} skipped: not in the sample`}`,
  );
  if (caught < mutants.length) process.exitCode = exitCode() ?? EXIT.failed;
}

function lineOf({ mutant, times, misses, seconds }: Outcome): string {
  const isCaught = misses.length === 0;
  const word = isCaught ? 'caught' : colour('red', 'MISSED', process.stdout);
  const count = times === 1 ? '' : ` ${times - misses.length}/${times}`;
  const reason = isCaught
    ? ''
    : `\n${`the suite must notice when ${mutant.breaks}\n${misses[0]}`.replaceAll(/^/gm, '         ')}`;
  return `${word}${count}  ${seconds.toFixed(1).padStart(5)} s  ${mutant.name}${reason}`;
}

function renewAll(ref: string): void {
  const renewals = renewMutants(REPOSITORY, ref);
  for (const { name, state, note } of renewals)
    if (state !== 'kept') console.log(`${state.padEnd(8)}  ${name}${note === undefined ? '' : `: ${note}`}`);
  const problems = readMutants(REPOSITORY).flatMap((mutant) => {
    const problem = problemOf(mutant, REPOSITORY);
    return problem === undefined ? [] : [`${mutant.path}: ${problem}`];
  });
  for (const problem of problems) console.log(problem);
  const count = (wanted: string) => renewals.filter(({ state }) => state === wanted).length;
  console.log(`${count('renewed')} renewed, ${count('kept')} kept, ${count('conflict')} with conflicts`);
  if (count('conflict') > 0 || problems.length > 0) process.exitCode = EXIT.failed;
}
