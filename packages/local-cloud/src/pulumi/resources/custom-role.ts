import { Type } from '@sinclair/typebox';
import { permissionProblem } from '../../iam.ts';
import { type Applied, applied, type Declared } from '../resource-type.ts';
import { DeletionPolicy, withProject } from './common.ts';

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.roles */
const Inputs = Type.Object(
  {
    roleId: Type.String(),
    project: Type.Optional(Type.String()),
    title: Type.String({ maxLength: 100, description: 'text of at most 100 characters' }),
    description: Type.Optional(
      Type.String({ maxLength: 256, description: 'text of at most 256 characters' }),
    ),
    permissions: Type.Array(Type.String(), { minItems: 1, description: 'a list of permissions' }),
    deletionPolicy: Type.Optional(DeletionPolicy),
  },
  { additionalProperties: false },
);
type Inputs = typeof Inputs.static;

export const customRole = applied({
  effect: 'a role with exactly these permissions',
  inputs: Inputs,
  notEmulated: {
    stage: 'a label for people',
  },
  refused: {},
  defaults: withProject,
  resourceName: nameOf,
  outputs(declared) {
    const id = nameOf(declared);
    return { id, name: id, deleted: false };
  },
  check: ({ inputs: { permissions } }) =>
    permissions.flatMap((permission, index) => {
      const message = permissionProblem(permission);
      return message ? [{ property: `permissions[${index}]`, message }] : [];
    }),
  create: define,
  update: define,
  // The local cloud keeps grants and not roles.
  resume: define,
  async delete(declared) {
    declared.cloud.iam.deleteRole(nameOf(declared));
  },
});

async function define(declared: Applied<Inputs>): Promise<undefined> {
  declared.cloud.iam.defineRole(nameOf(declared), declared.inputs.permissions);
}

function nameOf({ inputs, context }: Declared<Inputs>): string {
  return `projects/${inputs.project ?? context.project}/roles/${inputs.roleId}`;
}
