import type { Resource, Stack } from './declaration.ts';
import { resourceRules, stackRules } from './rules.ts';

/** The rules that one resource breaks, each with the resource and what to do. */
export function violationsOf(resource: Resource, stack: Stack): string[] {
  return resourceRules.flatMap(({ name, check }) =>
    check(resource, stack).map((message) => violation(name, resource, message)),
  );
}

/** The rules that a stack breaks as a whole. */
export function violationsTogether(resources: readonly Resource[]): string[] {
  return stackRules.flatMap(({ name, checkAll }) =>
    checkAll(resources).map(({ resource, message }) => violation(name, resource, message)),
  );
}

function violation(rule: string, { type, name }: Resource, message: string): string {
  return `${rule}: ${type} "${name}" ${message}`;
}
