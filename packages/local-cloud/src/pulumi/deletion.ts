import type { Problem } from './deployment-error.ts';
import { isApplied } from './resource-type.ts';
import { RESOURCE_TYPES } from './resources/index.ts';
import type { ResourceState } from './state.ts';

/** Why a resource may not be deleted (or replaced), undefined when it may. */
export function deletionProblem(resource: ResourceState, what: 'delete' | 'replace'): Problem | undefined {
  const { urn, inputs } = resource;
  if (resource.protect) {
    const message = `is protected, and this deployment would ${what} it. Remove protect, deploy, and then try again.`;
    return { urn, message };
  }
  const type = RESOURCE_TYPES[resource.type];
  const protection = type && isApplied(type) ? type.deletionProtection : undefined;
  if (protection && (inputs[protection.input] ?? protection.default) === true) {
    const message = `is on${inputs[protection.input] === undefined ? ' (by default)' : ''}, and this deployment would ${what} the resource. Set it to false, deploy, and then try again.`;
    return { urn, property: protection.input, message };
  }
  if (inputs.deletionPolicy === 'PREVENT') {
    const message = `is PREVENT, and this deployment would ${what} the resource. Set it to DELETE, deploy, and then try again.`;
    return { urn, property: 'deletionPolicy', message };
  }
  return undefined;
}

/** Whether the resource stays in the cloud when the stack forgets it. */
export function isKept(resource: ResourceState, deleted: ReadonlySet<string>): boolean {
  return (
    resource.retainOnDelete ||
    resource.inputs.deletionPolicy === 'ABANDON' ||
    (resource.deletedWith !== undefined && deleted.has(resource.deletedWith))
  );
}

/** Dependants before their dependencies, children before their parents. */
export function deletionOrder(resources: readonly ResourceState[]): ResourceState[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const ordered = new Set<ResourceState>();
  const visit = (resource: ResourceState): void => {
    if (ordered.has(resource)) return;
    for (const urn of [...resource.dependencies, resource.parent ?? '']) {
      const dependency = byUrn.get(urn);
      if (dependency) visit(dependency);
    }
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource);
  return [...ordered].reverse();
}
