import type { Grant, Iam } from '@records/local-cloud';

/** A grant, and how a running stack used it. */
export interface GrantUse {
  readonly member: string;
  readonly role: string;
  readonly resource: string;
  /** Permissions of calls for which it was the narrowest grant. */
  readonly used: readonly string[];
  /** Number of the role's permissions that the local cloud knows. */
  readonly known: number;
  /** Why it is needed although nothing here uses it. */
  readonly reason: string | undefined;
}

/** Roles whose use the local cloud cannot see, with the reason for granting them. */
const REASONS: Readonly<Record<string, string>> = {
  'roles/run.invoker':
    'a schedule starts the job, and the local cloud runs no schedules; the local API is open to anybody',
};

/** Sorted by member, role and resource. */
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
    known: iam.permissionsOf(role).length,
    reason: REASONS[role],
  };
}

/** A sentence for each unused grant without a reason, and for each reason of a used grant. */
export function grantProblems(uses: readonly GrantUse[]): string[] {
  return uses.flatMap(({ member, role, resource, used, reason }) => {
    const grant = `${role} on ${resource} to ${member}`;
    if (used.length === 0 && reason === undefined) {
      return [`nothing used ${grant}: remove it, or give a reason in apps/proofs/src/grants/report.ts`];
    }
    return used.length > 0 && reason !== undefined
      ? [`${grant} was used, so remove its reason ("${reason}")`]
      : [];
  });
}

/** The grants of each identity, as text. */
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
      : `not used: ${reason ?? 'no reason is given'}`;
  return `  ${role} on ${resource}\n    ${what}`;
}

function keyOf({ member, role, resource }: GrantUse): string {
  return `${member} ${role} ${resource}`;
}
