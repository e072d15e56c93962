import { Type } from '@sinclair/typebox';
import { applied, type Declared } from '../resource-type.ts';
import { DeletionPolicy, fullName, Labels, labelOutputs, shortName, withProject } from './common.ts';
import { grantType } from './grant.ts';

const SecretInputs = Type.Object(
  {
    secretId: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,255}$',
        description: '1 to 255 letters, digits, dashes and underscores',
      }),
    ),
    project: Type.Optional(Type.String()),
    labels: Type.Optional(Labels),
    annotations: Type.Optional(Labels),
    deletionPolicy: Type.Optional(DeletionPolicy),
    deletionProtection: Type.Optional(Type.Boolean()),
    replication: Type.Object({}),
  },
  { additionalProperties: false },
);
type SecretInputs = typeof SecretInputs.static;

export const secretName = (project: string, secret: string) => fullName('secrets', secret, project);

export const secret = applied({
  effect: 'a file on this machine, once it has a version',
  inputs: SecretInputs,
  notEmulated: {
    rotation: 'there are no reminders',
    topics: 'there are no notifications',
    tags: 'no policy looks at tags',
    versionAliases: 'the newest version is the only one',
    versionDestroyTtl: 'the newest version is the only one',
  },
  refused: {
    expireTime: 'secrets do not expire here',
    ttl: 'secrets do not expire here',
  },
  holds: 'its versions',
  deletionProtection: { input: 'deletionProtection', default: false },
  autoname: 'secretId',
  defaults: withProject,
  resourceName: nameOf,
  outputs: (declared) => ({
    id: nameOf(declared),
    name: nameOf(declared),
    ...labelOutputs(declared.inputs.labels),
  }),
  async delete({ inputs, cloud }) {
    cloud.secrets.delete(inputs.secretId ?? '');
  },
});

function nameOf({ inputs, context }: Declared<SecretInputs>): string {
  return secretName(inputs.project ?? context.project, inputs.secretId ?? '');
}

const VersionInputs = Type.Object(
  {
    secret: Type.String(),
    project: Type.Optional(Type.String()),
    secretData: Type.String(),
    deletionPolicy: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
type VersionInputs = typeof VersionInputs.static;

/** Secret Manager numbers the versions. A program declares the first. */
const FIRST = '1';

export const secretVersion = applied({
  effect: "the contents of its secret's file, until another version is added",
  inputs: VersionInputs,
  notEmulated: {},
  refused: {
    enabled: 'a version cannot be disabled here',
    isSecretDataBase64: 'the data is taken as text',
    secretDataWo: 'the local engine takes secretData',
    secretDataWoVersion: 'the local engine takes secretData',
  },
  defaults: withProject,
  outputs(declared) {
    const id = `${secretOf(declared)}/versions/${FIRST}`;
    return { id, name: id, version: FIRST };
  },
  references: (declared) => [{ property: 'secret', resource: secretOf(declared) }],
  async create({ inputs, cloud }) {
    cloud.secrets.addVersion(shortName(inputs.secret), inputs.secretData);
    return undefined;
  },
});

function secretOf({ inputs, context }: Declared<VersionInputs>): string {
  return secretName(inputs.project ?? context.project, inputs.secret);
}

export const secretGrant = grantType({
  target: { secretId: Type.String() },
  resource: ({ secretId = '' }, { project }) => secretName(project, secretId),
  property: 'secretId',
});
