import { PLATFORM } from '@records/infra/plans';
import { type Plan, plan } from '@records/local-cloud';

export const REGION = 'southamerica-west1';

/** Plans by stack and outputs. One takes more than a second. */
const plans = new Map<string, Promise<Plan>>();

/** Runs the program of a stack as a bare `pulumi preview` after the deployment that left these outputs. */
export function planAfter(
  stack: 'dev' | 'prod',
  lastOutputs: Readonly<Record<string, unknown>>,
): Promise<Plan> {
  const key = JSON.stringify([stack, Object.entries(lastOutputs).sort()]);
  const planned =
    plans.get(key) ??
    plan({
      projectDir: PLATFORM.directory,
      stack,
      config: PLATFORM.exampleSettings(stack),
      environment: {},
      lastOutputs,
    });
  plans.set(key, planned);
  return planned;
}
