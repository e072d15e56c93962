import type { Plan, PlanOptions } from '@records/local-cloud';
import type { Project } from '../../plans/projects.ts';

/**
 * What a program declares, as `pulumi preview` would run it. Throws the message of the DeploymentError. The server, which
 * global-setup.js starts, makes each plan once for all test files.
 */
export async function cachedPlan(
  { directory, environment }: Project,
  stack: string,
  config: Readonly<Record<string, string>>,
  more: Pick<PlanOptions, 'node' | 'environment' | 'lastOutputs'> = {},
): Promise<Plan> {
  const server = process.env.PLAN_SERVER;
  if (!server) throw new Error('PLAN_SERVER is not set: make global-setup.js the globalSetup of jest');
  const sorted = Object.fromEntries(Object.entries(config).sort());
  const told = { environment: environment?.(stack) ?? {} };
  const body = JSON.stringify({ projectDir: directory, stack, config: sorted, ...told, ...more });
  const { plan, error } = (await (await fetch(server, { method: 'POST', body })).json()) as {
    plan?: Plan;
    error?: string;
  };
  if (!plan) throw new Error(error);
  return plan;
}
