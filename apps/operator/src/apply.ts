import { asTyped, type Command, verb } from '@records/cli';
import { type Pulumi, pulumi, readDeployment, recall, stackOption } from '@records/stack';

export function addApply(ops: Command): void {
  verb(ops, 'apply', {
    summary: 'deploy what changed in infra/',
    description:
      'Deploys what changed in infra/ and in the settings of a stack, after a preview and a question. Image and traffic stay as the last deployment left them; promote, canary and rollout change those.',
    example: 'pnpm ops apply -s dev',
  })
    .addOption(stackOption())
    .option('--refresh', 'read the real resources first, so that manual changes are put back')
    .action(async ({ stack, refresh }) => {
      const warning = await apply(stack, pulumi, refresh ? ['--refresh'] : []);
      if (warning !== undefined) process.stderr.write(`${asTyped(warning)}\n`);
    });
}

/**
 * Deploys the program and the settings of a stack, with the image and the traffic of the last deployment. Answers a warning
 * when another image was set, which is not deployed. Throws UserError.
 */
export async function apply(
  stack: string,
  pulumi: Pulumi,
  more: readonly string[] = [],
): Promise<string | undefined> {
  const before = await readDeployment(stack, pulumi);
  const { image } = await recall(stack, pulumi);
  const isLeftOut = image !== undefined && before.image !== '' && before.image !== image;
  await pulumi.run(['up', '--stack', stack, ...more]);
  return isLeftOut
    ? `${before.image} was set and is not deployed: ${image} runs. To deploy it: pnpm ops promote ${before.image} -s ${stack}`
    : undefined;
}
