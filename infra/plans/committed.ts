import { join } from 'node:path';
import { plan } from '@records/local-cloud';
import { BOOTSTRAP, PLATFORM, type Project } from './projects.ts';
import { renderPlan } from './tree.ts';

interface CommittedPlan {
  readonly file: string;
  readonly project: Project;
  readonly stack: string;
}

/** The plans that Git keeps, so that a change of the program shows as a change of its resources. */
export const COMMITTED_PLANS: readonly CommittedPlan[] = [
  ...['local', 'dev', 'staging', 'prod'].map((stack) => ({
    file: join(import.meta.dirname, `${stack}.txt`),
    project: PLATFORM,
    stack,
  })),
  { file: join(import.meta.dirname, 'bootstrap.txt'), project: BOOTSTRAP, stack: 'prod' },
];

/** Runs the program of a stack and renders its resources. Throws DeploymentError. */
export async function planText(
  project: Project,
  stack: string,
  config: Readonly<Record<string, string>>,
): Promise<string> {
  const planned = await plan({ projectDir: project.directory, stack, config });
  return `${renderPlan(planned, `${project.name}, stack ${stack}`)}\n`;
}
