import type { Plan, PlannedResource } from '@records/local-cloud';
import { BOOTSTRAP, PLATFORM } from '../../plans/projects.ts';
import { DEPLOY_TRAFFIC } from '../../src/deployment.ts';
import { cachedPlan } from './plan-cache.ts';

export { EVERYTHING, ROLLOUT, WITHOUT } from '../../plans/variations.ts';

export const STACKS = ['local', 'dev', 'staging', 'prod'] as const;
export type Stack = (typeof STACKS)[number];

/** Pub/Sub's own account, with the number that the engine gives every project. */
export const PUBSUB_AGENT = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

export const REGION = 'southamerica-west1';

export function projectOf(stack: Stack): string {
  return stack === 'local' ? 'records-local' : `example-${stack}`;
}

/** The plan of a stack, with an example project and image; `traffic` is told to the program. */
export function planOf(stack: Stack, config: Record<string, string> = {}, traffic = ''): Promise<Plan> {
  const environment = { ...PLATFORM.environment?.(stack), ...(traffic && { [DEPLOY_TRAFFIC]: traffic }) };
  return cachedPlan(PLATFORM, stack, { ...PLATFORM.exampleSettings(stack), ...config }, { environment });
}

/** The plan of the bootstrap project for prod, with example settings. */
export function planBootstrap(config: Record<string, string> = {}): Promise<Plan> {
  return cachedPlan(BOOTSTRAP, 'prod', { ...BOOTSTRAP.exampleSettings('prod'), ...config });
}

/** The inputs of the resources of a type, by name. */
export function inputsByName({ resources }: Plan, type: string): Record<string, PlannedResource['inputs']> {
  return Object.fromEntries(
    resources.filter((resource) => resource.type === type).map(({ name, inputs }) => [name, inputs]),
  );
}

/** The only resource of that type and name; throws if there is none or more than one. */
export function resourceOf({ resources }: Plan, type: string, name: string): PlannedResource {
  const found = resources.filter((resource) => resource.type === type && resource.name === name);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`there are ${found.length} resources ${type} "${name}"`);
  return first;
}

/** Names of the resources that must exist before this one, without its parent. */
export function dependenciesOf({ resources }: Plan, { dependencies, parent }: PlannedResource): string[] {
  return resources
    .filter(({ urn }) => urn !== parent && dependencies.includes(urn))
    .map(({ name }) => name)
    .sort();
}
