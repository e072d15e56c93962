import { join } from 'node:path';
import type { Plan } from '@records/local-cloud';
import { BOOTSTRAP, PLATFORM, type Project } from './projects.ts';
import { renderPlan, summaryOf } from './tree.ts';

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

/** Runs the program of a stack, as `pulumi preview` would. Throws DeploymentError. */
export async function planOf(
  project: Project,
  stack: string,
  config: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = project.environment?.(stack) ?? {},
): Promise<Plan> {
  // Loaded only here: it takes half a second, and most tests read plans that the test server made.
  const { plan } = await import('@records/local-cloud');
  return plan({ projectDir: project.directory, stack, config, environment });
}

/** The plan of a stack as text, and its summary on one line. Throws DeploymentError. */
export async function planText(...[project, stack, config]: Parameters<typeof planOf>) {
  const plan = await planOf(project, stack, config);
  return { text: `${renderPlan(plan, `${project.name}, stack ${stack}`)}\n`, summary: summaryOf(plan) };
}
