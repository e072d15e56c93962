import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { BOOTSTRAP, INFRA, missingSettings, PLATFORM } from './examples.ts';
import { COMMITTED_PLANS, planText } from './plans.ts';

const USAGE = `Usage: pnpm plan -s STACK [--bootstrap]
       pnpm plan --write

Runs the Pulumi program of a stack on this machine, without Google Cloud, and prints what it declares.

Options:
  -s, --stack STACK   local, dev, staging, prod, or one of yours
  --bootstrap         the project that prepares a Google Cloud project (infra/bootstrap)
  --write             renew infra/plans, which a test compares with the program
  --help              print this
`;

process.exitCode = await main();

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    if (options.write) await writePlans();
    else if (options.stack) await printPlan(options.stack, options.bootstrap ?? false);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', short: 's' },
      bootstrap: { type: 'boolean' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (!values.help && !values.write && !values.stack) throw new Error('Which stack? Name it with -s.');
  return values;
}

async function printPlan(stack: string, bootstrap: boolean): Promise<void> {
  const project = bootstrap ? BOOTSTRAP : PLATFORM;
  const examples = missingSettings(project, stack);
  for (const [key, value] of Object.entries(examples)) {
    process.stderr.write(`${key} is not set in Pulumi.${stack}.yaml: shown with ${value}\n`);
  }
  process.stdout.write(await planText(project, stack, examples));
}

async function writePlans(): Promise<void> {
  for (const { file, project, stack } of COMMITTED_PLANS) {
    await writeFile(file, await planText(project, stack, project.exampleSettings(stack)));
    process.stdout.write(`${relative(INFRA, file)}\n`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
