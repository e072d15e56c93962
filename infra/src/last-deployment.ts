import * as pulumi from '@pulumi/pulumi';
import { decide, type Left, type Rollout, ToldError } from './deployment.ts';

/** The image and the traffic of this deployment. The image is unknown in a preview of a stack without one. */
export interface Decided {
  readonly image: pulumi.Input<string>;
  /** Undefined sends every request to the newest revision. */
  readonly rollout: Rollout | undefined;
}

/** Keeps what the last deployment of this stack left, unless told otherwise. Throws pulumi.RunError. */
export async function readDeployment(): Promise<Decided> {
  try {
    const { image, rollout } = decide(await lastDeployment(), process.env);
    return { image: image ?? withoutImage(), rollout };
  } catch (error) {
    throw error instanceof ToldError ? new pulumi.RunError(error.message) : error;
  }
}

/** The stack's own outputs; none before its first deployment. */
async function lastDeployment(): Promise<Left> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const own = new pulumi.StackReference('last-deployment', { name });
  const [image, stableRevision, canaryPercent, revision] = await Promise.all(
    ['image', 'stableRevision', 'canaryPercent', 'revision'].map((output) => own.getOutputDetails(output)),
  );
  return {
    image: image?.value,
    stableRevision: stableRevision?.value,
    canaryPercent: canaryPercent?.value,
    revision: revision?.value,
  };
}

/** An update stops here, before anything is made. A preview shows everything else. */
function withoutImage(): pulumi.Output<string> {
  const stack = pulumi.getStack();
  const reason = `stack ${stack} has no image yet: to build and deploy one, run pnpm ops image -s ${stack} --up`;
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(reason);
  pulumi.log.warn(`${reason}. Until then a preview shows the API with an unknown image.`);
  return pulumi.output<string>(pulumi.unknown as never);
}
