import type { StackOutputs } from './outputs.ts';
import { PROJECT } from './project.ts';
import type { Pulumi } from './pulumi.ts';

type Settings = Readonly<Record<string, { readonly value?: string }>>;

/** What the last deployment of a stack left, which its program keeps unless told otherwise. */
export interface Deployment {
  /** Empty without a deployment. */
  readonly image: string;
  /** Empty when every request goes to the newest revision. */
  readonly stableRevision: string;
  readonly canaryPercent: number;
  /** `private` when it is not set. */
  readonly access: string;
  readonly project: string | undefined;
  readonly newestRevision: string | undefined;
  readonly canaryUrl: string | undefined;
}

/** Throws UserError. */
export async function readDeployment(stack: string, pulumi: Pulumi): Promise<Deployment> {
  const config = (await pulumi.ask(['config', '--stack', stack])) as Settings;
  const outputs = (await pulumi.ask(['stack', 'output', '--stack', stack])) as Partial<StackOutputs>;
  const { image = '', stableRevision = '', canaryPercent = 0, project, revision, canaryUrl } = outputs;
  return {
    ...{ image, stableRevision, canaryPercent, project, canaryUrl },
    access: config[`${PROJECT}:access`]?.value || 'private',
    newestRevision: revision,
  };
}
