import type { Plan } from '@records/local-cloud';
import type { Stack } from '../../policies/declaration.ts';
import { resourceRules, stackRules } from '../../policies/rules.ts';

/** Every violation of a plan, as `rule: resource message`. */
export function violationsOf(plan: Pick<Plan, 'resources'>, stack: Stack): string[] {
  const resources = plan.resources.map(({ type, name, inputs }) => ({ type, name, props: inputs }));
  return [
    ...resources.flatMap((resource) =>
      resourceRules.flatMap(({ name, check }) =>
        check(resource, stack).map((message) => `${name}: ${resource.name} ${message}`),
      ),
    ),
    ...stackRules.flatMap(({ name, checkAll }) =>
      checkAll(resources).map(({ resource, message }) => `${name}: ${resource.name} ${message}`),
    ),
  ];
}
