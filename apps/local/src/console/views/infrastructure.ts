import type { Deployment, Grant } from '@records/local-cloud';
import { shortType } from '../../short-type.ts';
import type {
  Identity,
  Infrastructure,
  ShownApply,
  ShownGrant,
  ShownResource,
} from '../infrastructure-state.ts';
import type { StackView } from '../stack-view.ts';
import { Refusal } from '../text.ts';
import type { Input, ServerView } from '../views.ts';

/** *Infrastructure*: what the program declares and changed, and who may do what. */
export function open({ stack }: StackView): ServerView {
  const { iam } = stack.cloud;
  /** Grants that were taken away, by key. The next apply gives them back. */
  const taken = new Map<string, Grant>();

  return {
    calls: {
      async 'POST take'({ key }: Input) {
        const grant = iam.grants().find((one) => keyOf(one) === key);
        if (!grant) throw unknownGrant(key);
        taken.set(keyOf(grant), grant);
        iam.revoke(grant);
      },
      async 'POST give'({ key }: Input) {
        const grant = taken.get(String(key));
        if (!grant) throw unknownGrant(key);
        iam.grant(grant);
      },
    },
    async read(): Promise<Infrastructure> {
      for (const [key, grant] of taken) if (iam.has(grant)) taken.delete(key);
      const shown = [
        ...iam.grants().map((grant) => ({ grant, used: iam.usesOf(grant), isTaken: false })),
        ...[...taken.values()].map((grant) => ({ grant, used: [], isTaken: true })),
      ];
      return {
        resources: treeOf(stack.deployment),
        applies: stack.applies.last.map(
          (apply): ShownApply => ({
            ...apply,
            steps: apply.steps.map(({ operation, type, name, changes }) => ({
              ...{ operation, type: shortType(type), name, changes },
            })),
          }),
        ),
        identities: Array.from(
          Map.groupBy(shown, ({ grant }) => grant.member),
          ([member, grants]): Identity => ({
            member,
            grants: grants
              .map(({ grant, used, isTaken }): ShownGrant => {
                const { role, resource, declaredBy } = grant;
                return {
                  ...{ key: keyOf(grant), role, resource, used, isTaken },
                  declaredBy: declaredBy && nameOf(declaredBy),
                };
              })
              .sort((a, b) => (a.key < b.key ? -1 : 1)),
          }),
        ).sort((a, b) => (a.member < b.member ? -1 : 1)),
      };
    },
  };
}

/** Without providers: everything else has the same one. */
function treeOf({ resources, steps }: Deployment): ShownResource[] {
  const notEmulated = new Map(steps.map(({ urn, notEmulated }) => [urn, Object.entries(notEmulated)]));
  const shown = resources.filter(({ type }) => !type.startsWith('pulumi:providers:'));
  const urns = new Set(shown.map(({ urn }) => urn));
  const byParent = Map.groupBy(shown, ({ parent = '' }) => (urns.has(parent) ? parent : ''));
  const below = (parent: string): ShownResource[] =>
    (byParent.get(parent) ?? [])
      .map(({ urn, type, id }) => ({
        ...{ urn, type: shortType(type), name: nameOf(urn), id },
        notEmulated: notEmulated.get(urn) ?? [],
        children: below(urn),
      }))
      .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return below('');
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

function keyOf({ resource, role, member }: Grant): string {
  return JSON.stringify([resource, role, member]);
}

function unknownGrant(key: unknown): Refusal {
  return new Refusal({
    en: `There is no such grant now: ${key}. The list shows the present ones.`,
    es: `Ese permiso no existe ahora: ${key}. La lista muestra los actuales.`,
  });
}
