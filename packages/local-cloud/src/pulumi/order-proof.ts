import { covers, type Grant } from '../iam.ts';
import type { Problem } from './deployment-error.ts';
import type { Program, ProgramResource } from './program.ts';
import type { PermissionNeed, Reference } from './resource-type.ts';
import { label } from './urn.ts';

/** Something that a resource relies on and that may be missing when Google creates the resource. */
export type Unproved =
  | { readonly kind: 'reference'; readonly reference: Reference; readonly mayExist: boolean }
  | { readonly kind: 'permission'; readonly need: PermissionNeed; readonly missing: readonly string[] };

/** What exists without the program: made by another stack or by hand. */
export interface Outside {
  has(resourceName: string): Promise<boolean>;
  readonly grants: readonly Grant[];
}

/**
 * Finds what `resource` relies on and no dependency provides. Only dependencies count: without one, the order of two
 * resources differs from run to run here, and from deployment to deployment on Google Cloud.
 */
export async function findUnproved(
  resource: ProgramResource,
  program: Program,
  outside: Outside,
): Promise<Unproved[]> {
  const before = [...program.closure(resource)];
  const names = new Set(before.map(({ resourceName }) => resourceName));
  const grants = [...before.flatMap((other) => other.grants), ...outside.grants];
  const unproved: Unproved[] = [];
  for (const reference of resource.references) {
    if (names.has(reference.resource)) continue;
    // Difference: Google refuses a missing account. Here an account need not exist to be granted a role.
    const mayExist = reference.resource.includes('/serviceAccounts/');
    if (!mayExist && (await outside.has(reference.resource))) continue;
    unproved.push({ kind: 'reference', reference, mayExist });
  }
  for (const need of resource.needs) {
    const missing = need.permissions.filter(
      (permission) => !grants.some((grant) => covers(grant, need.member, permission, need.resource)),
    );
    if (missing.length > 0) unproved.push({ kind: 'permission', need, missing });
  }
  return unproved;
}

/** A preview knows nothing but the program. */
export const nothingOutside: Outside = { grants: [], has: async () => false };

/**
 * What is wrong and what to do, given the whole program. Undefined for a reference to a resource that the program does
 * not declare and that may exist: any resource in a preview, else an account.
 */
export function explain(
  resource: ProgramResource,
  unproved: Unproved,
  program: Program,
  isPreview: boolean,
): Problem | undefined {
  return unproved.kind === 'reference'
    ? explainReference(resource, unproved.reference, program, isPreview || unproved.mayExist)
    : explainPermission(resource, unproved.need, unproved.missing, program);
}

const RACE = 'but this resource does not depend on it: on Google Cloud the two race.';

function explainReference(
  { urn }: ProgramResource,
  { property, resource }: Reference,
  program: Program,
  mayExist: boolean,
): Problem | undefined {
  const maker = program.resources().find(({ resourceName }) => resourceName === resource);
  if (!maker && mayExist) return undefined;
  const message = maker
    ? `${resource} is declared by ${label(maker.urn)}, ${RACE} Use its outputs here instead of the plain text, or add it to dependsOn.`
    : `${resource} does not exist: this program does not declare it, and it is not in the local cloud. Correct the name, or declare it.`;
  return { urn, property, message };
}

function explainPermission(
  { urn }: ProgramResource,
  need: PermissionNeed,
  missing: readonly string[],
  program: Program,
): Problem {
  const { member, resource, role, property } = need;
  const start = `needs ${role} for ${account(member)} on ${resource} before it is created`;
  const resources = program.resources();
  const nobodyGrants = missing.filter(
    (permission) =>
      !resources.some(({ grants }) => grants.some((grant) => covers(grant, member, permission, resource))),
  );
  if (nobodyGrants.length === 0) {
    const names = resources
      .filter(({ grants }) =>
        missing.some((permission) => grants.some((grant) => covers(grant, member, permission, resource))),
      )
      .map((granter) => label(granter.urn));
    return {
      urn,
      property,
      message: `${start}; ${names.join(' and ')} grants it, ${RACE} Add it to dependsOn.`,
    };
  }
  const held = resources
    .flatMap(({ urn: by, grants }) => grants.map((grant) => ({ by, grant })))
    .filter(({ grant }) => grant.member === member && isNear(grant.resource, resource))
    .map(({ by, grant }) => `${label(by)} grants ${grant.role} on ${grant.resource}`);
  const instead =
    held.length > 0 ? ` (${held.join('; ')}, which does not include ${nobodyGrants.join(', ')})` : '';
  return {
    urn,
    property,
    message: `${start}, and nothing in the program grants it${instead}. Declare the grant and add it to dependsOn.`,
  };
}

function isNear(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function account(member: string): string {
  return member.replace(/^[a-zA-Z]+:/, '');
}
