import { type Plan, type PlannedResource, plan } from '@records/local-cloud';
import { PLATFORM } from '../../tools/examples.ts';

export const STACKS = ['local', 'dev', 'staging', 'prod'] as const;
export type Stack = (typeof STACKS)[number];

/** The number that the engine gives every project, and with it Pub/Sub's own account. */
export const PUBSUB_AGENT = 'serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com';

export const REGION = 'southamerica-west1';

export function projectOf(stack: Stack): string {
  return stack === 'local' ? 'records-local' : `example-${stack}`;
}

/** Runs the program, as `pulumi preview` would, and answers what it declares. */
export function planOf(stack: Stack, config: Record<string, string> = {}): Promise<Plan> {
  return plan({
    projectDir: PLATFORM.directory,
    stack,
    config: { ...PLATFORM.exampleSettings(stack), ...config },
  });
}

/** The program's own resources of a type, by name. */
export function inputsByName({ resources }: Plan, type: string): Record<string, PlannedResource['inputs']> {
  return Object.fromEntries(
    resources.filter((resource) => resource.type === type).map(({ name, inputs }) => [name, inputs]),
  );
}

/** The one resource of that type and name. */
export function resourceOf({ resources }: Plan, type: string, name: string): PlannedResource {
  const found = resources.filter((resource) => resource.type === type && resource.name === name);
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`there are ${found.length} resources ${type} "${name}"`);
  return first;
}

/** Names of what must be there before a resource is created, without its parent. */
export function dependenciesOf({ resources }: Plan, { dependencies, parent }: PlannedResource): string[] {
  return resources
    .filter(({ urn }) => urn !== parent && dependencies.includes(urn))
    .map(({ name }) => name)
    .sort();
}
