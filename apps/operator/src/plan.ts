import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type Command, UserError, verb } from '@records/cli';
import { INFRA, lastPart, settingsOption } from '@records/stack';

export function addPlan(ops: Command): void {
  const plan = verb(ops, 'plan', {
    summary: 'show the resources that a stack declares',
    description:
      'Runs the Pulumi program of a stack on this machine, without Google Cloud. Prints the resources that it declares, and a summary to standard error.',
    example: 'pnpm ops plan -s dev',
  });
  plan
    .addOption(settingsOption())
    .option('--bootstrap', 'the project that prepares a Google Cloud project (infra/bootstrap)')
    .option('--write', 'renew infra/plans, which a test compares with the program')
    .action(async ({ stack, bootstrap = false, write }) => {
      if (write) return await writePlans();
      if (stack === undefined)
        return plan.error('error: name a stack with -s, or renew all plans with --write');
      await printPlan(lastPart(stack), bootstrap);
    });
}

// The local cloud takes a second to load.
const load = () => import('@records/infra/plans');

async function printPlan(stack: string, bootstrap: boolean): Promise<void> {
  const { BOOTSTRAP, missingSettings, PLATFORM, planText } = await load();
  const project = bootstrap ? BOOTSTRAP : PLATFORM;
  const examples = missingSettings(project, stack);
  for (const [key, value] of Object.entries(examples)) {
    process.stderr.write(`${key} is not set in Pulumi.${stack}.yaml: shown with ${value}\n`);
  }
  const image = project.environment?.(stack).DEPLOY_IMAGE;
  if (image) process.stderr.write(`a deployment decides the image: shown with ${image}\n`);
  const { text, summary } = await withMistakes(stack, planText(project, stack, examples));
  process.stdout.write(text);
  // Standard output is the plan as Git keeps it.
  process.stderr.write(`${summary}\n`);
}

/** The plan, or every mistake of the program in one error, each with its line. */
async function withMistakes<Result>(stack: string, plan: Promise<Result>): Promise<Result> {
  return plan.catch((error: unknown) => {
    // By its name: the class would load the local cloud.
    if (!(error instanceof Error) || error.name !== 'DeploymentError') throw error;
    throw new UserError(`the program of stack ${stack} cannot be deployed:\n${error.message}`, {
      cause: error,
    });
  });
}

async function writePlans(): Promise<void> {
  const { COMMITTED_PLANS, planText } = await load();
  for (const { file, project, stack } of COMMITTED_PLANS) {
    const plan = planText(project, stack, project.exampleSettings(stack));
    await writeFile(file, (await withMistakes(stack, plan)).text);
    process.stdout.write(`${relative(INFRA, file)}\n`);
  }
}
