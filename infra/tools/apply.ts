import { recall } from './last-deployment.ts';
import { type PulumiCli, UNDER_POLICIES } from './pulumi-cli.ts';
import { readCurrent } from './rollout.ts';

/**
 * Deploys what Git says of a stack, with the image and the traffic that the last deployment decided. Answers what a person
 * may have expected and does not get; undefined when there is nothing. Throws CommandError.
 */
export async function apply(stack: string, pulumi: PulumiCli, more: readonly string[] = []) {
  const before = await readCurrent(stack, pulumi);
  const { image } = await recall(stack, pulumi);
  const isLeftOut = image !== undefined && before.image !== '' && before.image !== image;
  await pulumi.run(['up', '--stack', stack, ...more, ...UNDER_POLICIES]);
  return isLeftOut
    ? `${before.image} was set and is not deployed: ${image} runs. To deploy it: pnpm promote ${before.image} -s ${stack}`
    : undefined;
}
