import { resolve } from 'node:path';
import { type Command, UserError, verb } from '@records/cli';
import {
  deployedOutputs,
  describedStack,
  LOCAL,
  type StackChoice,
  type StackOutputs,
  stackFileOption,
  targetOption,
} from '@records/stack';

export function addEnv(ops: Command): void {
  verb(ops, 'env', {
    summary: "print a stack's variables for a shell",
    description:
      "Prints the names of a stack's resources as variables for a POSIX shell; for the local stack, also those that lead Google's clients to it.",
    example: 'pnpm ops env --json',
    more: 'To set them: eval "$(pnpm --silent ops env)"',
  })
    .addOption(targetOption())
    .addOption(stackFileOption())
    .option('--json', 'print JSON')
    .action(async ({ json, ...choice }) => {
      const variables = await variablesOf(choice);
      if (json) return console.log(JSON.stringify(variables));
      console.log(Object.entries(variables).map(exportLine).join('\n'));
    });
}

type Variables = Readonly<Record<string, string>>;

async function variablesOf({ stack = LOCAL, stackFile }: StackChoice): Promise<Variables> {
  if (stack === LOCAL) return localVariables(stackFile);
  if (stackFile === undefined) return namesOf(await deployedOutputs(stack));
  throw new UserError(`--stack-file describes a local stack, and stack "${stack}" is a deployed one`, {
    hint: 'leave out --stack-file or --stack',
  });
}

async function localVariables(stackFile: string | undefined): Promise<Variables> {
  const { outputs, environment, metrics } = await describedStack(stackFile && resolve(stackFile));
  const { 'records-api': api, 'local-cloud': cloud } = metrics;
  return {
    ...environment,
    ...namesOf(outputs),
    ...(api !== undefined && { API_METRICS: api }),
    ...(cloud !== undefined && { CLOUD_METRICS: cloud }),
  };
}

function namesOf({ apiUrl, deadLetterSubscription, project, table, topic }: StackOutputs): Variables {
  return {
    GOOGLE_CLOUD_PROJECT: project,
    API_URL: apiUrl,
    RECORDS_TOPIC: topic,
    RECORDS_TABLE: table,
    DEAD_LETTER_SUBSCRIPTION: deadLetterSubscription,
  };
}

/** A POSIX shell takes everything between single quotes as it is. */
function exportLine([name, value]: readonly [string, string]): string {
  return `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}
