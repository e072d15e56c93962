import { join } from 'node:path';
import { plan } from '@records/local-cloud';
import { BOOTSTRAP, INFRA, PLATFORM, type Project } from './examples.ts';
import { renderPlan } from './plan-tree.ts';

export interface CommittedPlan {
  readonly file: string;
  readonly project: Project;
  readonly stack: string;
}

/** The trees that are kept beside the code, so that a change of the program shows as a change of what it declares. */
export const COMMITTED_PLANS: readonly CommittedPlan[] = [
  ...['local', 'dev', 'staging', 'prod'].map((stack) => ({
    file: join(INFRA, 'plans', `${stack}.txt`),
    project: PLATFORM,
    stack,
  })),
  { file: join(INFRA, 'plans', 'bootstrap.txt'), project: BOOTSTRAP, stack: 'prod' },
];

/** Runs the program of a stack and renders what it declares. Throws DeploymentError. */
export async function planText(
  project: Project,
  stack: string,
  config: Readonly<Record<string, string>>,
): Promise<string> {
  const planned = await plan({ projectDir: project.directory, stack, config });
  return `${renderPlan(planned, `${project.name}, stack ${stack}`)}\n`;
}
