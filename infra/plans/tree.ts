import type { Plan, PlannedResource } from '@records/local-cloud';
import { stringify } from 'yaml';

const STACK = 'pulumi:pulumi:Stack';

/**
 * Renders a plan for review: resources under their components with every input, grants, and the stack's outputs. Equal
 * plans give equal texts.
 */
export function renderPlan(plan: Plan, title: string): string {
  const resources = plan.resources.filter(({ type }) => type.startsWith('gcp:'));
  const grants = resources.filter(isGrant);
  const root = plan.resources.find(({ type }) => type === STACK);
  return [
    `${title}: ${resources.length - grants.length} resources, ${grants.length} grants`,
    ...childrenOf(plan, root).map((child) => `\n${renderTree(plan, child, '')}`),
    `\nWho may do what\n${renderGrants(grants)}`,
    `\nOutputs\n${indent(stringify(sorted(plan.outputs), YAML_OPTIONS), '  ')}`,
  ].join('\n');
}

/** How many resources of each service a plan has, on one line: `61 resources (24 monitoring, …), 13 grants`. */
export function summaryOf({ resources }: Plan): string {
  const own = resources.filter(({ type }) => type.startsWith('gcp:'));
  const grants = own.filter(isGrant);
  const byService = Map.groupBy(
    own.filter((resource) => !isGrant(resource)),
    ({ type }) => shortType(type).split('.')[0],
  );
  const counts = [...byService]
    .sort(([a = '', as], [b = '', bs]) => bs.length - as.length || a.localeCompare(b, 'en'))
    .map(([service, { length }]) => `${length} ${service}`);
  const ineffective = own.filter(({ notEmulated }) => '' in notEmulated).length;
  return `${own.length - grants.length} resources (${counts.join(', ')}), ${grants.length} grants; ${ineffective} of them without effect in the local cloud`;
}

const YAML_OPTIONS = { lineWidth: 0 } as const;

function renderTree(plan: Plan, resource: PlannedResource, prefix: string): string {
  const { type, name, inputs } = resource;
  const lines = [`${prefix}${shortType(type)} ${name}`];
  if (type.startsWith('gcp:')) {
    const after = waitsFor(plan, resource);
    const shown = { ...readable(inputs), ...(after.length > 0 ? { after } : {}) };
    lines.push(indent(stringify(shown, YAML_OPTIONS), `${prefix}  `));
  }
  return [
    ...lines,
    ...childrenOf(plan, resource).map((child) => renderTree(plan, child, `${prefix}  `)),
  ].join('\n');
}

/** Sorted by type and name, components last: registrations arrive in any order. */
function childrenOf({ resources }: Plan, parent: PlannedResource | undefined): PlannedResource[] {
  return resources
    .filter((resource) => resource.parent !== undefined && resource.parent === parent?.urn)
    .sort((a, b) => orderOf(a).localeCompare(orderOf(b), 'en'));
}

function orderOf({ type, name }: PlannedResource): string {
  return `${type.startsWith('gcp:') ? 0 : 1} ${type} ${name}`;
}

/** The resources that must exist first, without the parent. */
function waitsFor({ resources }: Plan, { dependencies, parent }: PlannedResource): string[] {
  return resources
    .filter(({ urn, type }) => urn !== parent && dependencies.includes(urn) && type !== STACK)
    .map(({ type, name }) => `${shortType(type)} ${name}`)
    .sort();
}

function renderGrants(grants: readonly PlannedResource[]): string {
  const rows = grants
    .map(({ inputs }) => [String(inputs.member), String(inputs.role), targetOf(inputs)] as const)
    .sort(([a, ...restA], [b, ...restB]) => `${a} ${restA}`.localeCompare(`${b} ${restB}`, 'en'));
  const byMember = Map.groupBy(rows, ([member]) => member);
  return [...byMember]
    .flatMap(([member, held]) => [`  ${member}`, ...held.map(([, role, on]) => `    ${role} on ${on}`)])
    .join('\n');
}

function isGrant({ inputs }: PlannedResource): boolean {
  return typeof inputs.role === 'string' && typeof inputs.member === 'string';
}

/** The target of a grant: its inputs without member and role. */
function targetOf({ role: _, member: __, condition, ...target }: PlannedResource['inputs']): string {
  const on = Object.entries(sorted(target)).map(([key, value]) => `${key} ${value}`);
  const when = typeof condition === 'object' && condition ? Reflect.get(condition, 'expression') : undefined;
  return `${on.join(', ')}${when ? `, if ${when}` : ''}`;
}

/** Sorts inputs, and parses JSON texts such as schemas. */
function readable(inputs: PlannedResource['inputs']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(sorted(inputs)).map(([key, value]) => [key, parsed(value) ?? value]),
  );
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined; // Shown as text: it only starts like JSON.
  }
}

function sorted(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => a.localeCompare(b, 'en')));
}

/** `gcp:pubsub/topic:Topic` → `pubsub.Topic`, `records:index:Warehouse` → `Warehouse` */
function shortType(type: string): string {
  const [, module = '', name = type] = type.split(':');
  const service = module.split('/')[0] ?? '';
  return type.startsWith('gcp:') ? `${service}.${name}` : name;
}

function indent(text: string, prefix: string): string {
  return text.trimEnd().replaceAll(/^/gm, prefix);
}
