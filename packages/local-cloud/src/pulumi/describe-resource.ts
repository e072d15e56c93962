import type { Problem } from './deployment-error.ts';
import type { GcpDeclarations } from './gcp-declarations.ts';
import { covers } from './input-paths.ts';
import { checkInputs, resolveInputs } from './inputs.ts';
import type { Registration } from './monitor.ts';
import type { ProgramResource } from './program.ts';
import { hasUnknown, type Properties } from './property-values.ts';
import { providerMistakes } from './provider-checks.ts';
import { type AppliedType, type InputMistake, isApplied, type ProviderContext } from './resource-type.ts';
import { CONSTRAINTS } from './resources/constraints.ts';
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
  context: ProviderContext,
  declarations: GcpDeclarations,
  isPreview: boolean,
): Description {
  const { type, name, custom, parent, options, position } = registration;
  const { values: inputs } = registration.inputs;
  const definition = custom ? RESOURCE_TYPES[type] : undefined;
  const plain: ProgramResource = {
    urn,
    type,
    name,
    custom,
    parent,
    inputs,
    position,
    dependencies: dependenciesOf(registration),
    ...(definition ? { definition } : {}),
    hooks: options.hooks,
    notEmulated: {},
    references: [],
    grants: [],
    needs: [],
  };
  const problems: Problem[] = [
    ...options.unsupported.map((option) => ({
      urn,
      message: `the option ${option} is not emulated. Leave it out of the stack that runs on the local cloud.`,
    })),
    ...mistakesOf(registration, declarations).map((mistake) => ({ urn, ...mistake })),
  ];
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
  const mistakes = checked.mistakes
    .filter(({ property }) => !problems.some((problem) => isAbout(problem, property)))
    .map((mistake) => ({ urn, ...mistake }));
  const resource = { ...plain, notEmulated: checked.notEmulated };
  if (problems.length + mistakes.length > 0) {
    return { resource, resolved: inputs, problems: [...problems, ...mistakes] };
  }
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

function mistakesOf(
  { type, custom, inputs: { values, secrets } }: Registration,
  declarations: GcpDeclarations,
): InputMistake[] {
  const members = custom && type.startsWith('gcp:') ? declarations.argumentsOf(type) : undefined;
  if (!members) return [];
  return providerMistakes(values, members, CONSTRAINTS[type] ?? {}, (property) => secrets.includes(property));
}

/** Whether a problem is about this property, something in it or what it is in. */
function isAbout({ property = '' }: Problem, other: string): boolean {
  return property !== '' && (covers(property, other) || covers(other, property));
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
