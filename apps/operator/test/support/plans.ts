import { PLATFORM } from '@records/infra/plans';
import { type Plan, plan } from '@records/local-cloud';

export const REGION = 'southamerica-west1';

/** Plans by stack and settings. One takes more than a second. */
const plans = new Map<string, Promise<Plan>>();

/** Runs the program with the example settings of a stack, and `config` on top; once for equal settings. */
export function planOf(stack: 'dev' | 'prod', config: Readonly<Record<string, string>>): Promise<Plan> {
  const settings = { ...PLATFORM.exampleSettings(stack), ...config };
  const key = JSON.stringify([stack, Object.entries(settings).sort()]);
  const planned = plans.get(key) ?? plan({ projectDir: PLATFORM.directory, stack, config: settings });
  plans.set(key, planned);
  return planned;
}
