import { parseArgs } from 'node:util';
import { LocalStack } from '../local-stack.ts';
import { exercise } from './exercise.ts';
import { grantProblems, grantsText, grantUses } from './report.ts';

const USAGE = `Usage: pnpm grants [options]

Runs the Pulumi program on a local cloud of its own, sends records through it, and prints what each identity was granted
beside what it used. Ends with 1 when a grant was not used and nobody wrote why it is needed.

Options:
  --json   print the grants and the problems as JSON
  --help   print this
`;

/** Milliseconds; a run takes a few seconds. */
const TIMEOUT_MS = 120_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    await using stack = await LocalStack.create();
    await exercise(stack, AbortSignal.timeout(TIMEOUT_MS));
    const uses = grantUses(stack.cloud.iam);
    const problems = grantProblems(uses);
    process.stdout.write(
      options.json ? `${JSON.stringify({ grants: uses, problems }, null, 2)}\n` : grantsText(uses),
    );
    for (const problem of problems) process.stderr.write(`✗ ${problem}\n`);
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`✗ pnpm grants: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

function readOptions(): { readonly help: boolean; readonly json: boolean } | undefined {
  try {
    return parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}
