import { type Grant, type Iam, permissionsOf } from '@records/local-cloud';

/** A grant, and what it was good for while a stack was at work. */
export interface GrantUse {
  readonly member: string;
  readonly role: string;
  readonly resource: string;
  /** Permissions for which it was the narrowest grant that allowed a call. */
  readonly used: readonly string[];
  /** Permissions of the role that the local cloud knows. */
  readonly known: number;
  /** Why it is there although nothing here uses it. */
  readonly reason: string | undefined;
}

/** Roles whose use the local cloud can not see, each with why it is granted all the same. */
const REASONS: Readonly<Record<string, string>> = {
  'roles/run.invoker':
    'who calls a service is asked by Cloud Run, in front of the container; here nobody asks',
};

/** By member, role and resource. */
export function grantUses(iam: Iam): GrantUse[] {
  return iam
    .grants()
    .map((grant) => useOf(iam, grant))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function useOf(iam: Iam, grant: Grant): GrantUse {
  const { member, role, resource } = grant;
  return {
    member,
    role,
    resource,
    used: iam.usesOf(grant),
    known: permissionsOf(role).length,
    reason: REASONS[role],
  };
}

/** A grant that nothing used and nobody explained, and an explanation that does not hold. */
export function grantProblems(uses: readonly GrantUse[]): string[] {
  return uses.flatMap(({ member, role, resource, used, reason }) => {
    const grant = `${role} on ${resource} to ${member}`;
    if (used.length === 0 && reason === undefined) {
      return [
        `nothing used ${grant}: remove it, or write in apps/local/src/grants/report.ts why it is needed`,
      ];
    }
    return used.length > 0 && reason !== undefined
      ? [`${grant} was used, so its reason ("${reason}") does not hold: remove the reason`]
      : [];
  });
}

/** For people: the grants of each identity. */
export function grantsText(uses: readonly GrantUse[]): string {
  const members = [...new Set(uses.map(({ member }) => member))];
  const blocks = members.map((member) => {
    const lines = uses.filter((use) => use.member === member).map(linesOf);
    return `${member}\n${lines.join('\n')}`;
  });
  return `${blocks.join('\n\n')}\n`;
}

function linesOf({ role, resource, used, known, reason }: GrantUse): string {
  const what =
    used.length > 0
      ? `used ${used.length} of ${known}: ${used.join(', ')}`
      : `not used: ${reason ?? 'no reason is written'}`;
  return `  ${role} on ${resource}\n    ${what}`;
}

function keyOf({ member, role, resource }: GrantUse): string {
  return `${member} ${role} ${resource}`;
}
