import type { Problem } from './deployment-error.ts';
import { checkInputs, hasUnknown, resolveInputs } from './inputs.ts';
import type { Registration } from './monitor.ts';
import type { ProgramResource } from './program.ts';
import type { Properties } from './property-values.ts';
import { type AppliedType, isApplied, type ProviderContext } from './resource-type.ts';
import { RESOURCE_TYPES } from './resources/index.ts';

export interface Description {
  readonly resource: ProgramResource;
  /** Inputs with the provider's defaults. */
  readonly resolved: Properties;
  readonly problems: readonly Problem[];
}

/**
 * Describes a registration, with every mistake that shows without asking the cloud. A preview applies nothing, so it
 * accepts what a deployment refuses, and lists it as not emulated.
 */
export function describeResource(
  urn: string,
  registration: Registration,
  inputs: Properties,
  context: ProviderContext,
  isPreview: boolean,
): Description {
  const { type, name, custom, parent, options } = registration;
  const definition = custom ? RESOURCE_TYPES[type] : undefined;
  const plain: ProgramResource = {
    urn,
    type,
    name,
    custom,
    parent,
    inputs,
    dependencies: dependenciesOf(registration),
    ...(definition ? { definition } : {}),
    hooks: options.hooks,
    notEmulated: {},
    references: [],
    grants: [],
    needs: [],
  };
  const problems: Problem[] = options.unsupported.map((option) => ({
    urn,
    message: `the option ${option} is not emulated. Leave it out of the stack that runs on the local cloud.`,
  }));
  if (custom && !definition) {
    return {
      resource: plain,
      resolved: inputs,
      problems: [...problems, { urn, message: unknownType(type) }],
    };
  }
  if (!definition) return { resource: plain, resolved: inputs, problems };
  if (!isApplied(definition)) {
    const notEmulated = { '': definition.notEmulatedBecause };
    return { resource: { ...plain, notEmulated }, resolved: inputs, problems };
  }
  return describeApplied(plain, isPreview ? withoutRefusals(definition) : definition, context, problems);
}

function describeApplied(
  plain: ProgramResource,
  definition: AppliedType,
  context: ProviderContext,
  problems: readonly Problem[],
): Description {
  const { urn, name: logicalName, inputs } = plain;
  const checked = checkInputs(definition, inputs);
  const mistakes = checked.mistakes.map((mistake) => ({ urn, ...mistake }));
  const resource = { ...plain, notEmulated: checked.notEmulated };
  if (mistakes.length > 0) return { resource, resolved: inputs, problems: [...problems, ...mistakes] };
  const resolved = resolveInputs(definition, { urn, logicalName, inputs, context });
  const effective = checkInputs(definition, resolved).inputs;
  if (hasUnknown(effective)) return { resource, resolved, problems };
  const declared = { urn, logicalName, inputs: effective, context };
  return {
    resource: {
      ...resource,
      declared,
      resourceName: definition.resourceName?.(declared),
      identity: definition.shared ? undefined : definition.outputs(declared).id,
      references: definition.references?.(declared) ?? [],
      grants: definition.grants?.(declared) ?? [],
      needs: definition.needs?.(declared) ?? [],
    },
    resolved,
    problems: [...problems, ...(definition.check?.(declared) ?? []).map((mistake) => ({ urn, ...mistake }))],
  };
}

function unknownType(type: string): string {
  const module = type.replace(/\/.*/, '/');
  const near = Object.keys(RESOURCE_TYPES).filter((name) => name.startsWith(module));
  const known = near.length > 0 ? ` Of its module it knows ${near.join(', ')}.` : '';
  return `the local cloud does not know this resource type.${known} The README of the local cloud lists the types that it knows.`;
}

function withoutRefusals(type: AppliedType): AppliedType {
  return { ...type, notEmulated: { ...type.notEmulated, ...type.refused }, refused: {} };
}

function dependenciesOf({ dependencies, parent, options }: Registration): string[] {
  const provider = options.provider?.slice(0, options.provider.lastIndexOf('::'));
  return [...new Set([...dependencies, ...(parent ? [parent] : []), ...(provider ? [provider] : [])])];
}
