import { PLATFORM } from '@records/infra/plans';
import { type Plan, plan } from '@records/local-cloud';

export const REGION = 'southamerica-west1';

/** Runs the program with the example settings of a stack, and `config` on top. */
export function planOf(stack: 'dev' | 'prod', config: Readonly<Record<string, string>>): Promise<Plan> {
  const example = PLATFORM.exampleSettings(stack);
  return plan({ projectDir: PLATFORM.directory, stack, config: { ...example, ...config } });
}
