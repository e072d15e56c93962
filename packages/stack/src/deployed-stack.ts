import { reasonOf, UserError } from '@records/cli';
import { checkOutputs, type StackOutputs } from './outputs.ts';
import { type Pulumi, pulumi } from './pulumi.ts';
import { type Target, targetOf } from './target.ts';

/** Variables that would lead Google's clients away from Google Cloud. */
const DETOURS = ['PUBSUB_EMULATOR_HOST', 'BIGQUERY_EMULATOR_HOST', 'CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB'];

/** The target of a stack that Pulumi deployed. Throws UserError. */
export async function deployedStack(
  name: string,
  cli: Pulumi = pulumi,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Target> {
  const detour = DETOURS.find((variable) => environment[variable]);
  if (detour) {
    throw new UserError(`${detour} is set, so stack ${name} would not be reached`, {
      hint: `unset ${detour}, or leave out --stack to use the local stack`,
    });
  }
  return targetOf(await deployedOutputs(name, cli), {});
}

/** The outputs of a stack that Pulumi deployed. Throws UserError with Pulumi's own reason. */
export async function deployedOutputs(name: string, cli: Pulumi = pulumi): Promise<StackOutputs> {
  let outputs: unknown;
  try {
    outputs = await cli.ask(['stack', 'output', '--stack', name]);
  } catch (cause) {
    const advice = `try \`pnpm pulumi stack output -s ${name}\`; log in first if it says so`;
    throw new UserError(`Pulumi has no outputs of stack ${name}: ${reasonOf(cause)}`, {
      hint: (cause instanceof UserError ? cause.hint : undefined) ?? advice,
      cause,
    });
  }
  return checkOutputs(outputs, `stack ${name}`);
}
