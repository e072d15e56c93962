import { type TProperties, Type } from '@sinclair/typebox';
import { type Grant, isCustomRole, roleProblem } from '../../iam.ts';
import {
  type AppliedType,
  applied,
  type Declared,
  type ProviderContext,
  type Reference,
} from '../resource-type.ts';
import { serviceAccountName } from './common.ts';

const GRANT_INPUTS = {
  role: Type.String({ pattern: '^(roles|projects/[^/]+/roles|organizations/[^/]+/roles)/\\S+$' }),
  member: Type.String(),
};

interface GrantOptions {
  /** The inputs that name the resource of the grant. */
  readonly target: TProperties;
  /** Google's relative name of that resource. */
  resource(inputs: Record<string, string>, context: ProviderContext): string;
  /** The input at fault when the resource is missing; undefined for a resource that no program declares. */
  readonly property: string | undefined;
  /** The id before `/ROLE/MEMBER`. */
  idPrefix?(inputs: Record<string, string>, context: ProviderContext): string;
}

/** One member, one role, one resource: `…IamMember` of any service. */
export function grantType({ target, resource, property, idPrefix = resource }: GrantOptions): AppliedType {
  const Inputs = Type.Object(
    { ...target, ...GRANT_INPUTS, project: Type.Optional(Type.String()) },
    { additionalProperties: false },
  );
  type Inputs = { role: string; member: string; project?: string };
  const texts = (inputs: Inputs) => inputs as Inputs & Record<string, string>;
  const contextOf = ({ inputs, context }: Declared<Inputs>): ProviderContext => ({
    ...context,
    project: inputs.project ?? context.project,
  });
  const grantOf = (declared: Declared<Inputs>): Grant => ({
    resource: resource(texts(declared.inputs), contextOf(declared)),
    role: declared.inputs.role,
    member: declared.inputs.member,
    declaredBy: declared.urn,
  });
  return applied({
    effect: 'the grant applies to the calls that the local cloud checks',
    inputs: Inputs,
    notEmulated: {},
    refused: {
      condition: 'IAM conditions are not evaluated, so the grant would allow more than declared',
    },
    defaults: (declared) => ({ ...declared.inputs, project: contextOf(declared).project }),
    outputs(declared) {
      const { inputs } = declared;
      return { id: `${idPrefix(texts(inputs), contextOf(declared))}/${inputs.role}/${inputs.member}` };
    },
    references(declared) {
      const references: Reference[] = [];
      if (property) references.push({ property, resource: grantOf(declared).resource });
      const { member, role } = declared.inputs;
      if (isCustomRole(role)) references.push({ property: 'role', resource: role });
      const account = member.startsWith('serviceAccount:') && serviceAccountName(member.slice(15));
      if (account) references.push({ property: 'member', resource: account });
      return references;
    },
    grants: (declared) => [grantOf(declared)],
    check({ inputs }) {
      const problem = roleProblem(inputs.role);
      return problem ? [{ property: 'role', message: problem }] : [];
    },
    async create(declared) {
      declared.cloud.iam.grant(grantOf(declared));
      return undefined;
    },
    // Without a refresh, Pulumi does not see what was revoked by hand. Here a revoked grant is tried out, and comes back.
    async resume(declared) {
      const grant = grantOf(declared);
      if (!declared.cloud.iam.has(grant)) declared.cloud.iam.grant(grant);
      return undefined;
    },
    async delete(declared) {
      declared.cloud.iam.revoke(grantOf(declared));
    },
  });
}
